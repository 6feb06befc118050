"""Every way around the gateway that we know, tried from the outside (research/security.md T6, T14-T17).

A probe is *held* when the server lets no data through. The phone signs in properly for most of them: what
must stop it is the state of its device, not its password. Meant for tests and for administrators who check
a deployment; run it against servers of one's own.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from gateway.phone import messages, query
from gateway.phone.device import Phone, Provisioning
from gateway.phone.discovery import basic
from gateway.phone.errors import Unreachable
from gateway.phone.identity import WIPED, QueryForm
from gateway.phone.line import Answer
from gateway.phone.story import Step
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.device import WipeKind
from mdm.wbxml import encode

WRONG_KEY = 1
"""A PolicyKey that a server which draws at random has not drawn."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe came to; ``held`` is False when the server served it."""

    name: str
    held: bool
    said: str


Probe = Callable[[Phone], Awaitable[Answer]]


async def attack(phone: Phone) -> tuple[Finding, ...]:
    """Try all probes with a phone that knows its server and version and has not provisioned; then those of a
    phone in compliance, which it becomes on the way if the server lets it.
    """
    findings = await _try_all(phone, PROBES)
    outcome, _ = await phone.provision()
    if outcome is Provisioning.ACCEPTED:
        findings += await _try_all(phone, PROBES_IN_COMPLIANCE)
    return findings


async def _try_all(phone: Phone, probes: tuple[tuple[str, Probe], ...]) -> tuple[Finding, ...]:
    findings = []
    for name, probe in probes:
        finding = await _try(name, probe, phone)
        findings.append(finding)
        verdict = "held" if finding.held else "GOT THROUGH"
        phone.tell(Step.PROBE, f"tries {name}: {verdict} ({finding.said})", held=finding.held)
    return tuple(findings)


async def _try(name: str, probe: Probe, phone: Phone) -> Finding:
    try:
        answer = await probe(phone)
    except Unreachable as error:
        return Finding(name, True, str(error))
    said = f"HTTP {answer.http}" + (f", Status {answer.status}" if answer.status is not None else "")
    return Finding(name, not served(answer), said)


def served(answer: Answer) -> bool:
    """Whether an answer looks like data: HTTP 200 without a Status that refuses."""
    return answer.http == 200 and answer.status in (None, 1)


async def _without_key(phone: Phone) -> Answer:
    return await phone.command(Command.FOLDER_SYNC, messages.folder_sync("0"), key=None)


async def _key_zero(phone: Phone) -> Answer:
    return await phone.command(Command.FOLDER_SYNC, messages.folder_sync("0"), key=0)


async def _wrong_key(phone: Phone) -> Answer:
    return await phone.command(Command.FOLDER_SYNC, messages.folder_sync("0"), key=WRONG_KEY)


async def _temporary_key(phone: Phone) -> Answer:
    _, policy = await phone.request_policy()
    key = WRONG_KEY if policy is None else policy.key
    return await phone.command(Command.FOLDER_SYNC, messages.folder_sync("0"), key=key)


async def _wrong_acknowledgement(phone: Phone) -> Answer:
    await phone.request_policy()
    answer, _ = await phone.acknowledge_policy(WRONG_KEY)
    if phone.policy_key:
        return answer
    return await _wrong_key(phone)


async def _forged_wipe(phone: Phone) -> Answer:
    stranger = Phone(phone.identity, phone.line, server=phone.server)
    stranger.version = phone.version
    await stranger.acknowledge_wipe(WipeKind.DEVICE, WIPED)
    return await _without_key(phone)


async def _sync_as_ping(phone: Phone) -> Answer:
    return await phone.command(Command.PING, messages.folder_sync("0"))


async def _folders_as_provision(phone: Phone) -> Answer:
    return await phone.command(Command.PROVISION, messages.folder_sync("0"), key=0)


async def _two_commands(phone: Phone) -> Answer:
    return await _raw(phone, _plain(phone, Command.PING) + "&Cmd=FolderSync")


async def _two_commands_reversed(phone: Phone) -> Answer:
    return await _raw(phone, "Cmd=FolderSync&" + _plain(phone, Command.PING))


async def _both_forms(phone: Phone) -> Answer:
    return await _raw(phone, _blob(phone, Command.PING) + "&" + _plain(phone, Command.FOLDER_SYNC))


async def _lower_case(phone: Phone) -> Answer:
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC).replace("Cmd=", "cmd="))


async def _encoded_name(phone: Phone) -> Answer:
    return await _raw(phone, "Cmd=Ping&" + _plain(phone, Command.FOLDER_SYNC).replace("Cmd=", "%43md="))


async def _two_keys(phone: Phone) -> Answer:
    doubled = [("X-MS-PolicyKey", "0"), ("X-MS-PolicyKey", str(WRONG_KEY))]
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC), doubled)


async def _two_versions(phone: Phone) -> Answer:
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC), [("MS-ASProtocolVersion", "2.5")])


async def _unknown_version(phone: Phone) -> Answer:
    blob = bytearray(base64.b64decode(_blob(phone, Command.FOLDER_SYNC)))
    blob[0] = 191
    return await _raw(phone, base64.b64encode(bytes(blob)).decode())


async def _overlong_field(phone: Phone) -> Answer:
    blob = bytearray(base64.b64decode(_blob(phone, Command.FOLDER_SYNC)))
    blob[4] = 255
    return await _raw(phone, base64.b64encode(bytes(blob)).decode())


async def _unknown_command(phone: Phone) -> Answer:
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC).replace("FolderSync", "FolderSink"))


async def _nobody(phone: Phone) -> Answer:
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC), credentials=False)


async def _wrong_password(phone: Phone) -> Answer:
    stranger = Phone(
        replace(phone.identity, password=phone.identity.password + "?"), phone.line, server=phone.server
    )
    stranger.version = phone.version
    return await _without_key(stranger)


async def _folders_as_sync(phone: Phone) -> Answer:
    return await phone.command(Command.SYNC, messages.folder_sync("0"))


async def _right_key_twice(phone: Phone) -> Answer:
    key = ("X-MS-PolicyKey", str(phone.policy_key))
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC), [key, key])


async def _right_key_after_a_wrong_one(phone: Phone) -> Answer:
    doubled = [("X-MS-PolicyKey", str(WRONG_KEY)), ("X-MS-PolicyKey", str(phone.policy_key))]
    return await _raw(phone, _plain(phone, Command.FOLDER_SYNC), doubled)


async def _right_key_of_another_device(phone: Phone) -> Answer:
    other = Phone(replace(phone.identity, device_id="NOTTHISONE"), phone.line, server=phone.server)
    other.version = phone.version
    return await other.command(Command.FOLDER_SYNC, messages.folder_sync("0"), key=phone.policy_key)


def _plain(phone: Phone, command: Command) -> str:
    return query.plain(command, replace(phone.identity, form=QueryForm.PLAIN))


def _blob(phone: Phone, command: Command) -> str:
    return query.base64_form(command, phone.identity, phone.version or Version.V14_1, None)


async def _raw(
    phone: Phone, target: str, headers: list[tuple[str, str]] | None = None, *, credentials: bool = True
) -> Answer:
    """A FolderSync body under a request line and headers of one's own."""
    sent = [
        ("User-Agent", phone.identity.user_agent),
        ("Content-Type", WBXML_TYPE),
        ("MS-ASProtocolVersion", (phone.version or Version.V14_1).text),
        *(headers or ()),
    ]
    if credentials:
        sent.append(("Authorization", basic(phone.identity)))
    body = encode(messages.folder_sync("0"))
    return await phone.line.ask("POST", f"{phone.server}?{target}", headers=sent, body=body)


PROBES: tuple[tuple[str, Probe], ...] = (
    ("FolderSync without a policy key", _without_key),
    ("FolderSync with policy key 0", _key_zero),
    ("FolderSync with a wrong policy key", _wrong_key),
    ("FolderSync with the temporary key", _temporary_key),
    ("an acknowledgement with a wrong key", _wrong_acknowledgement),
    ("the acknowledgement of a wipe that nobody ordered", _forged_wipe),
    ("a FolderSync body under Cmd=Ping", _sync_as_ping),
    ("a FolderSync body under Cmd=Provision", _folders_as_provision),
    ("Cmd twice, Ping first", _two_commands),
    ("Cmd twice, FolderSync first", _two_commands_reversed),
    ("the base64 and the plain query in one", _both_forms),
    ("cmd in lower case", _lower_case),
    ("Cmd once more, percent-encoded", _encoded_name),
    ("two policy keys", _two_keys),
    ("two protocol versions", _two_versions),
    ("a protocol version that does not exist", _unknown_version),
    ("a length that runs past the end", _overlong_field),
    ("a command that does not exist", _unknown_command),
    ("no credentials", _nobody),
    ("a wrong password", _wrong_password),
)
"""Name and probe, in the order in which they are tried."""

PROBES_IN_COMPLIANCE: tuple[tuple[str, Probe], ...] = (
    ("a FolderSync body under Cmd=Ping, in compliance", _sync_as_ping),
    ("a FolderSync body under Cmd=Sync, in compliance", _folders_as_sync),
    ("the right policy key twice", _right_key_twice),
    ("the right policy key after a wrong one", _right_key_after_a_wrong_one),
    ("the policy key of another device", _right_key_of_another_device),
    ("the temporary key of a second round", _temporary_key),
)
"""What a phone may not do even with the right key."""
