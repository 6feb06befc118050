"""Bypass by omission (T6): whatever a device out of compliance sends, no mail server sees it.

The matrix is commands by versions by states by keys by query forms; the recording backend is the witness.
"""

from collections.abc import Awaitable, Callable

import pytest

from gateway.phone.device import Phone
from gateway.phone.hostile import attack
from gateway.phone.identity import NOT_APPLIED, QueryForm
from gateway.records import UserState
from mdm.ashttp import MIME_TYPE, Command, Version
from mdm.device import AccessLevel
from mdm.policy import Policy
from mdm.wbxml import Element
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, provisioned
from tests.support.inhabited import ADMIN
from tests.support.mail_server import INBOX, posts

each_form = pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)
each_version = pytest.mark.parametrize("version", list(Version), ids=lambda version: version.text)
MAIL = b"Subject: x\r\n\r\nx\r\n"

Prepare = Callable[[Gateway, Phone], Awaitable[None]]


async def new(_gateway: Gateway, _phone: Phone) -> None:
    """Nothing was ever said."""


async def offered(_gateway: Gateway, phone: Phone) -> None:
    _, policy = await phone.request_policy()
    phone.policy_key = policy.key if policy is not None else 0


async def declined(gateway: Gateway, phone: Phone) -> None:
    await offered(gateway, phone)
    await phone.acknowledge_policy(phone.policy_key, NOT_APPLIED)


async def outdated(gateway: Gateway, phone: Phone) -> None:
    await complying(phone)
    length = 1 + list(Version).index(phone.identity.version or Version.V16_1)
    gateway.set_policy(Policy({"MinDevicePasswordLength": length}))


async def wiping(gateway: Gateway, phone: Phone) -> None:
    await complying(phone)
    gateway.wipe(phone.identity.device_id)


async def wiped(gateway: Gateway, phone: Phone) -> None:
    await wiping(gateway, phone)
    key = phone.policy_key
    await gateway.quiet()
    if phone.identity.version is not Version.V2_5:
        await phone.provision()
    phone.policy_key = key


async def blocked(gateway: Gateway, phone: Phone) -> None:
    await complying(phone)
    gateway.made.devices.set_access(ADMIN, gateway.key(phone.identity.device_id), AccessLevel.BLOCK, "sold")


async def quarantined(gateway: Gateway, phone: Phone) -> None:
    await complying(phone)
    key = gateway.key(phone.identity.device_id)
    gateway.made.devices.set_access(ADMIN, key, AccessLevel.QUARANTINE, "new model")


async def disabled(gateway: Gateway, phone: Phone) -> None:
    await complying(phone)
    gateway.made.users.set_state(ADMIN, gateway.key().user, UserState.DISABLED)


async def complying(phone: Phone) -> None:
    """In compliance, in a version that is served; the attack then comes in its own."""
    version = phone.version
    phone.version = version if version in p.SERVED else Version.V12_1
    await provisioned(phone)
    phone.version = version


STATES = (new, offered, declined, outdated, wiping, wiped, blocked, quarantined, disabled)


def body(command: Command, version: Version) -> Element | bytes | None:
    """A body that is right for the command, so that nothing but the device's state stands in the way."""
    if command in (Command.SEND_MAIL, Command.SMART_FORWARD, Command.SMART_REPLY) and version < Version.V14_0:
        return MAIL
    if command is Command.FOLDER_SYNC:
        return p.folder_sync()
    return Element(command.roots[0], []) if command.roots else None


def bodies(command: Command, version: Version) -> list[Element | bytes | None]:
    """The right body, and none where none means the last one again."""
    right = body(command, version)
    return [right, None] if command in (Command.PING, Command.SYNC) else [right]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@each_form
async def test_no_request_of_a_device_out_of_compliance_reaches_a_mail_server(
    gateway: Gateway, backend: RecordingBackend, state: Prepare, form: QueryForm
) -> None:
    for version in Version:
        if form is QueryForm.BASE64 and version < Version.V12_1:
            continue
        phone = gateway.phone(device_id=f"V{version.code}", version=version, form=form)
        if state is disabled:
            gateway.made.users.set_state(ADMIN, gateway.key().user, UserState.ENABLED)
        await gateway.quiet()
        await state(gateway, phone)
        await gateway.quiet()
        for command in Command:
            if command in (Command.PROVISION, Command.AUTODISCOVER):
                continue
            for key in {None, 0, 1, phone.policy_key}:
                for octets in bodies(command, version):
                    answer = await phone.command(command, octets, key=key)
                    assert answer.http in (200, 400, 403, 449, 501, 503), (version, command, key)
    assert posts(backend) == [], [seen.target for seen in backend.seen]


@each_version
async def test_headers_and_methods_that_change_nothing(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = gateway.phone(version=version)
    await phone.request_policy()
    headers: tuple[dict[str, str | None], ...] = (
        {"MS-ASAcceptMultiPart": "T"},
        {"X-MS-PolicyKey": None},
        {"X-MS-PolicyKey": ""},
        {"X-MS-PolicyKey": "-1"},
        {"X-MS-PolicyKey": "0x1"},
        {"X-MS-PolicyKey": "4294967296"},
        {"X-MS-PolicyKey": "1,1"},
        {"MS-ASProtocolVersion": None},
        {"MS-ASProtocolVersion": "2.5"},
        {"MS-ASProtocolVersion": "1.0"},
        {"User-Agent": None},
        {"User-Agent": "Exchange"},
        {"X-HTTP-Method-Override": "OPTIONS"},
        {"Content-Type": MIME_TYPE},
        {"X-MS-WL": "1"},
        {"Expect": "100-continue"},
    )
    for command in (
        Command.FOLDER_SYNC,
        Command.SYNC,
        Command.PING,
        Command.SEND_MAIL,
        Command.GET_ATTACHMENT,
    ):
        for more in headers:
            octets = body(command, version)
            answer = await gateway.post(phone, command, octets or b"", more)
            assert answer.http != 500, (command, more)
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "SUBSCRIBE"):
        target = f"{gateway.url}?Cmd=FolderSync&User=ann&DeviceId=PHONE1&DeviceType=X"
        assert (await gateway.phones.ask(method, target)).http in (400, 405)
    assert posts(backend) == []


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
@each_form
async def test_every_way_around_that_our_own_attacker_knows(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    findings = await attack(phone)
    assert [finding for finding in findings if not finding.held] == []
    assert posts(backend) == []


async def test_a_device_in_compliance_gets_through(gateway: Gateway, backend: RecordingBackend) -> None:
    """The witness is awake: the same requests do arrive where they may."""
    phone = await gateway.enrolled(version=Version.V16_1)
    sent = [
        command for command in Command if command.roots and command not in (Command.PROVISION, Command.PING)
    ]
    for command in sent:
        await phone.command(command, body(command, Version.V16_1))
    assert posts(backend) == [command.value for command in sent]
    assert (await phone.sync([INBOX]))[0].http == 200
