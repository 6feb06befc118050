"""The pairs of spec/eas-testsuites.md section 3 over real HTTP, in both query forms.

Numbers 15 to 17 stand in test_ashttp.py under Microsoft's own names.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.phone.device import Phone
from gateway.phone.identity import QueryForm
from gateway.phone.line import Answer
from gateway.records import Signal
from gateway.services.tenants import Settings
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.codepages import tag
from mdm.device import DeviceState, WipeKind
from mdm.misbehaviour import Behaviour
from mdm.policy import Policy
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, backend, gateway, provisioned, serving
from tests.support.inhabited import ADMIN
from tests.support.mail_server import INBOX, posts
from tests.support.partnership import node, provision_root

__all__ = ["backend", "gateway"]

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
each_form = pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)


def said(answer: Answer) -> tuple[int, int | None]:
    return answer.http, answer.status


def signalled(version: Version, status: int, http: int = 449) -> tuple[int, int | None]:
    """How a version says that it must provision."""
    return (200, status) if version >= Version.V14_0 else (http, None)


def policy_part(answer: Answer, name: str) -> str | None:
    document = answer.document
    assert document is not None
    found = document.path(*(tag("Provision", step) for step in ("Policies", "Policy", name)))
    return None if found is None else found.text


async def send(phone: Phone, body: Element, key: int | None = 0) -> Answer:
    return await phone.command(Command.PROVISION, body, key=key)


async def folder_sync(phone: Phone, key: int | None) -> Answer:
    return await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=key)


@pytest.mark.requirement(206, 209, 310, 378, 394, 417, 419, 441, 466, 486, 495, 601, 605, 650, 657, 662, 678)
@each_version
@each_form
async def test_pairs_1_to_5(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    offer = await send(phone, p.initial(version))
    assert said(offer) == (200, 1)
    assert policy_part(offer, "PolicyType") == p.WBXML_POLICY
    assert policy_part(offer, "Status") == "1"
    assert policy_part(offer, "Data") is not None
    temporary = int(policy_part(offer, "PolicyKey") or 0)

    granted = await send(phone, p.acknowledgement(temporary), temporary)
    assert said(granted) == (200, 1)
    assert policy_part(granted, "Status") == "1"
    assert policy_part(granted, "Data") is None
    final = int(policy_part(granted, "PolicyKey") or 0)
    assert final not in (0, temporary)

    assert said(await folder_sync(phone, final)) == (200, 1)
    assert said(await folder_sync(phone, int(str(final)[0]))) == signalled(version, 144)
    assert said(await folder_sync(phone, temporary)) == signalled(version, 144)
    assert posts(backend) == ["FolderSync"]


@pytest.fixture
async def strict(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(tmp_path, backend, settings=Settings(strict_absent_key=True)) as running:
        yield running


@pytest.mark.requirement(458, 682, 685)
@each_version
@each_form
async def test_pair_6_no_key_at_all(
    strict: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    phone = strict.phone(version=version, form=form)
    await provisioned(phone)
    assert said(await folder_sync(phone, None)) == signalled(version, 141)
    assert said(await folder_sync(phone, 0)) == signalled(version, 142)
    assert backend.seen == []


@pytest.mark.requirement(509)
@each_version
@each_form
async def test_pair_7_no_key_for_a_lax_user(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    gateway.set_policy(Policy(allow_non_provisionable=True))
    await gateway.quiet()
    phone = gateway.phone(version=version, form=form)
    assert said(await folder_sync(phone, None)) == (200, 1)
    assert said(await folder_sync(phone, 0)) == (200, 1)
    assert posts(backend) == ["FolderSync"] * 2


@pytest.mark.requirement(380, 471, 502, 382, 475, 507, 692, 695, 708, 761)
@each_version
@each_form
async def test_pairs_8_and_9_a_wrong_type_and_a_wrong_key(
    gateway: Gateway, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    unknown = await send(phone, p.initial(version, "unknown"))
    assert (said(unknown), policy_part(unknown, "Status")) == ((200, 1), "3")
    offer = await send(phone, p.initial(version))
    wrong = int(policy_part(offer, "PolicyKey") or 0) ^ 1
    refused = await send(phone, p.acknowledgement(wrong), wrong)
    assert (said(refused), policy_part(refused, "Status")) == ((200, 1), "5")
    assert policy_part(refused, "PolicyKey") is None


@pytest.mark.requirement(395, 450, 497, 679, 697, 4989)
@each_version
@each_form
async def test_pair_10_a_document_out_of_shape(gateway: Gateway, version: Version, form: QueryForm) -> None:
    phone = gateway.phone(version=version, form=form)
    told = (p.information(),) if version >= Version.V14_1 else ()
    untyped = provision_root(*told, p.policies())
    misplaced = provision_root(*told, node("Provision:Policy", p.policy_type()))
    for body in (untyped, misplaced):
        assert said(await send(phone, body)) == (200, 2)


@pytest.mark.requirement(681, 684, 1046, 461, 686, 687)
@each_version
@each_form
async def test_pair_11_a_policy_that_is_not_applied(
    gateway: Gateway, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    for status, expected in ((2, 139), (3, 139), (4, 145)):
        temporary = int(policy_part(await send(phone, p.initial(version)), "PolicyKey") or 0)
        answer = await send(phone, p.acknowledgement(temporary, status), temporary)
        assert said(answer) == signalled(version, expected, 403)
        assert said(await folder_sync(phone, temporary)) == signalled(version, 144)


@pytest.mark.requirement(368, 607, 4954)
@pytest.mark.parametrize("version", p.SERVED[2:], ids=lambda version: version.text)
@each_form
async def test_pair_12_no_device_information(gateway: Gateway, version: Version, form: QueryForm) -> None:
    phone = gateway.phone(version=version, form=form)
    assert said(await send(phone, p.initial(Version.V14_0))) == (200, 165)


COMMANDS = (Command.FOLDER_SYNC, Command.SYNC, Command.ITEM_OPERATIONS, Command.SETTINGS, Command.SEARCH)


@pytest.mark.requirement(653, 654, 702, 1041, 1042, 1047, 1048)
@each_version
@each_form
async def test_pair_13_a_wipe_is_armed(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    await provisioned(phone)
    await gateway.wiped()
    for command in COMMANDS:
        body = Element(command.roots[0], [])
        assert said(await phone.command(command, body, key=phone.policy_key)) == signalled(version, 140)
        assert said(await phone.command(command, body, key=None)) == signalled(version, 140, 403)
    assert said(await phone.command(Command.PING, node("Ping:Ping"))) == (200, 7)
    directive = await send(phone, p.initial(version), phone.policy_key)
    assert directive.body == encode(
        provision_root(node("Provision:Status", "1"), node("Provision:RemoteWipe"))
    )
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
    done = await send(phone, p.wipe_acknowledgement(), phone.policy_key)
    assert done.body == encode(provision_root(node("Provision:Status", "1")))
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED
    assert backend.seen == []


@pytest.mark.requirement(66609, 66610, 66611, 66613, 66615)
@each_form
async def test_pair_13_an_account_wipe_is_armed(gateway: Gateway, form: QueryForm) -> None:
    phone = gateway.phone(form=form)
    await provisioned(phone)
    await gateway.wiped(kind=WipeKind.ACCOUNT)
    assert said(await folder_sync(phone, phone.policy_key)) == (200, 140)
    answer, policy = await phone.poll_wipe()
    assert policy is not None
    assert (answer.status, policy.wipe) == (1, WipeKind.ACCOUNT)
    done = await send(phone, p.wipe_acknowledgement(WipeKind.ACCOUNT), phone.policy_key)
    assert done.body == encode(provision_root(node("Provision:Status", "1")))


@pytest.mark.requirement(4828, 4830)
@each_version
async def test_pair_14_an_id_or_a_type_of_35_characters(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    long = "x" * 35
    for phone, status in (
        (gateway.phone(device_id=long, version=version), 108),
        (gateway.phone(device_type=long, version=version), 109),
    ):
        assert said(await folder_sync(phone, 0)) == signalled(version, status, 400)
    for phone in (
        gateway.phone(device_id="x" * 32, version=version),
        gateway.phone(device_type="x" * 32, version=version),
    ):
        assert said(await folder_sync(phone, 0)) == signalled(version, 142)
    assert backend.seen == []


@pytest.mark.requirement(1202)
@each_version
@each_form
async def test_pair_18_the_first_folder_sync_tells_both_lists(
    gateway: Gateway, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    await phone.options()
    await provisioned(phone)
    headers = (await folder_sync(phone, phone.policy_key)).headers
    assert headers["x-ms-rp"] == headers["ms-asprotocolversions"] == "12.1,14.0,14.1,16.0,16.1"
    assert "FolderSync" in headers["ms-asprotocolcommands"].split(",")
    assert "x-ms-rp" not in (await folder_sync(phone, phone.policy_key)).headers


@pytest.mark.requirement(219, 229)
@each_version
@each_form
async def test_pair_19_a_length_always_and_a_type_with_a_body(
    gateway: Gateway, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form)
    answers = [
        await folder_sync(phone, None),
        await send(phone, p.initial(version)),
        await send(phone, INBOX_BODY),
    ]
    await provisioned(phone)
    answers += [await folder_sync(phone, phone.policy_key), (await phone.sync([INBOX]))[0]]
    answers += [await phone.send_mail("bob@acme.example", "x", "x"), await phone.report()]
    await gateway.wiped()
    answers += [await folder_sync(phone, phone.policy_key), (await phone.ping(60, [INBOX]))[0]]
    for answer in answers:
        assert answer.headers["content-length"] == str(len(answer.body))
        assert answer.headers.get("content-type") == (WBXML_TYPE if answer.body else None)


INBOX_BODY = node("AirSync:Sync")


@pytest.mark.parametrize("version", p.WITH_STATUS, ids=lambda version: version.text)
@each_form
async def test_the_other_signal_is_449_with_the_same_body(
    tmp_path: Path, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    """Product 3.2: for clients that know HTTP 449 alone."""
    settings = Settings(provisioning_signal=Signal.HTTP449)
    async with serving(tmp_path, backend, settings=settings) as running:
        phone = running.phone(version=version, form=form)
        for key, status in ((0, 142), (1, 144)):
            answer = await folder_sync(phone, key)
            assert (answer.http, answer.status) == (449, status)
        await provisioned(phone)
        await running.wiped()
        assert said(await folder_sync(phone, phone.policy_key)) == (449, 140)
    assert backend.seen == []


@each_version
async def test_two_phones_at_once_do_not_meet(gateway: Gateway, version: Version) -> None:
    phones = [gateway.phone(device_id=f"PHONE{number}", version=version) for number in range(5)]
    await asyncio.gather(*(provisioned(phone) for phone in phones))
    assert len({phone.policy_key for phone in phones}) == 5
    answers = await asyncio.gather(*(phone.folder_sync() for phone in phones))
    assert {answer.status for answer in answers} == {1}


@pytest.mark.requirement(456, 457)
@each_version
@each_form
async def test_pair_20_three_user_agents_in_a_row(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    """MSASHTTP_S03_TC04: the server that limits changes of the User-Agent blocks the client for a while."""
    off = {behaviour.value: "off" for behaviour in Behaviour}
    allowed = {"user_agent_changes": {"slow": 2, "suspend": 0}}
    gateway.made.misbehaviour.set_thresholds(ADMIN, gateway.organisation.id, off | allowed)
    phone = await gateway.enrolled(version=version, form=form)
    assert said(await folder_sync(phone, phone.policy_key)) == (200, 1)
    before = len(posts(backend))
    answers = []
    for agent in ("Second-Agent/1.0", "Third-Agent/1.0"):
        other = Phone(replace(phone.identity, user_agent=agent), phone.line, server=phone.server)
        answers.append(await folder_sync(other, phone.policy_key))
    assert [answer.http for answer in answers] == [200, 503]
    assert int(answers[1].headers["retry-after"]) > 0
    assert len(posts(backend)) == before + 1
