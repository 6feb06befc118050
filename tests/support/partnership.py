"""Builders for the values of ``mdm``, and a front door that runs its parts on real bytes.

``FrontDoor`` is what the gateway does around ``mdm`` with everything that touches the world taken away: it
parses the request line, asks the gatekeeper, lets the Provision exchange decide, and keeps the device.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mdm import gatekeeper, provision, query
from mdm.access import AccessDecision
from mdm.ashttp import Command, Reply, Version
from mdm.codepages import tag
from mdm.device import AccessLevel, Device, DeviceKey, DeviceState, Wipe, WipeKind
from mdm.errors import ProtocolError
from mdm.lifecycle import Input, step
from mdm.policy import DEFAULT, Policy
from mdm.query import CommandRequest
from mdm.status import refusal
from mdm.wbxml import Element, decode, element, encode

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = 1307199584
SERVED = (Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_0, Version.V16_1)
WITH_STATUS = SERVED[1:]
ALLOWED = AccessDecision(AccessLevel.ALLOW, "the organisation's default")

WBXML_POLICY = "MS-EAS-Provisioning-WBXML"


def device(state: DeviceState = DeviceState.PROVISIONING_REQUIRED, **fields: Any) -> Device:
    key = DeviceKey("m-" + "0" * 32, "u-" + "1" * 32, "ABCDEF0123456789")
    values = {
        "device_type": "iPhone",
        "protocol_version": "16.1",
        "first_seen": NOON,
        "last_seen": NOON,
        **fields,
    }
    return Device(key, state=state, **values)


def provisioned(version: Version, policy: Policy = DEFAULT, **fields: Any) -> Device:
    """A device in compliance, holding ``KEY``."""
    values = {"policy_key": KEY, "proof_key": KEY, "policy_digest": policy.digest(version), **fields}
    return device(DeviceState.PROVISIONING_SUCCEEDED, **values)


def wipe(kind: WipeKind = WipeKind.DEVICE) -> Wipe:
    return Wipe(kind, NOON, "admin@example.org", "lost on a train")


def wiping(
    kind: WipeKind = WipeKind.DEVICE, state: DeviceState = DeviceState.WIPE_REQUIRED, **fields: Any
) -> Device:
    return device(state, wipe=wipe(kind), proof_key=KEY, **fields)


def told(kind: WipeKind = WipeKind.DEVICE, state: DeviceState = DeviceState.WIPE_REQUIRED) -> Device:
    """A device that has been handed its order."""
    return device(state, wipe=replace(wipe(kind), delivered_at=NOON), proof_key=KEY)


def terms(version: Version, policy: Policy = DEFAULT, **fields: Any) -> gatekeeper.Terms:
    values: dict[str, Any] = {
        "policy_digest": policy.digest(version),
        "allow_non_provisionable": policy.allow_non_provisionable,
        "signal449": False,
        "strict_absent_key": False,
        "legacy_versions": False,
        "access": ALLOWED,
    }
    return gatekeeper.Terms(**{**values, **fields})


def request(command: Command, version: Version, key: int | None = KEY) -> CommandRequest:
    return CommandRequest(command, "ABCDEF0123456789", "iPhone", version, key)


def node(path: str, *children: Element | str) -> Element:
    """``node("Provision:Status", "1")``."""
    namespace, _, name = path.partition(":")
    return element(tag(namespace, name), *children)


def information(model: str | None = "iPhone15,2", **more: str) -> Element:
    said = {**({} if model is None else {"Model": model}), **more}
    fields = (node(f"Settings:{name}", text) for name, text in said.items())
    return node("Settings:DeviceInformation", node("Settings:Set", *fields))


def provision_root(*parts: Element) -> Element:
    return node("Provision:Provision", *parts)


def policies(*parts: Element) -> Element:
    return node("Provision:Policies", node("Provision:Policy", *parts))


def policy_type(text: str = WBXML_POLICY) -> Element:
    return node("Provision:PolicyType", text)


def initial(version: Version, kind: str = WBXML_POLICY) -> Element:
    """The first request, as Microsoft's client sends it at this version."""
    told = (information(),) if version >= Version.V14_1 else ()
    return provision_root(*told, policies(policy_type(kind)))


def acknowledgement(key: int | str, status: int | str = 1, kind: str = WBXML_POLICY) -> Element:
    parts = (policy_type(kind), node("Provision:PolicyKey", str(key)), node("Provision:Status", str(status)))
    return provision_root(policies(*parts))


def wipe_acknowledgement(kind: WipeKind = WipeKind.DEVICE, status: int | str = 1) -> Element:
    name = "RemoteWipe" if kind is WipeKind.DEVICE else "AccountOnlyRemoteWipe"
    return provision_root(node(f"Provision:{name}", node("Provision:Status", str(status))))


def folder_sync(sync_key: str = "0") -> Element:
    return node("FolderHierarchy:FolderSync", node("FolderHierarchy:SyncKey", sync_key))


def text_at(reply: Reply, *path: str) -> str | None:
    """Text at a path below the root of a WBXML answer, None where there is none."""
    found = element_at(reply, *path)
    return None if found is None else found.text


def element_at(reply: Reply, *path: str) -> Element | None:
    tags = (tag(*name.split(":", 1)) for name in path)
    return decode(reply.body).path(*tags)


PROVISION_STATUS = ("Provision:Status",)
POLICY = ("Provision:Policies", "Provision:Policy")
POLICY_STATUS = (*POLICY, "Provision:Status")
POLICY_KEY = (*POLICY, "Provision:PolicyKey")
POLICY_DATA = (*POLICY, "Provision:Data")

FORWARDED = Reply(299)
"""Stands for: this request would have gone on to the mail server."""


@dataclass
class FrontDoor:
    """One device of one user before the gateway, in one protocol version."""

    version: Version
    policy: Policy = DEFAULT
    device: Device = field(default_factory=device)
    access: AccessDecision = ALLOWED
    switches: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOON
    drawn: int = KEY

    def post(self, command: Command, body: Element | bytes | None, key: int | str | None = 0) -> Reply:
        """One request as bytes; ``key`` is the header's text, None for no header."""
        line = f"Cmd={command.value}&User=alice&DeviceId=ABCDEF0123456789&DeviceType=iPhone"
        header = None if key is None else str(key)
        asked = query.parse(line, version=self.version.text, policy_key=header, multipart=None)
        octets = encode(body) if isinstance(body, Element) else body or b""
        verdict = gatekeeper.admit(asked, self.device, self._terms())
        if isinstance(verdict, gatekeeper.Refuse):
            return verdict.reply
        return FORWARDED if isinstance(verdict, gatekeeper.Forward) else self._here(asked, octets, verdict)

    def provision(self, body: Element | bytes, key: int | str | None = 0) -> Reply:
        return self.post(Command.PROVISION, body, key)

    def folder_sync(self, key: int | str | None) -> Reply:
        return self.post(Command.FOLDER_SYNC, folder_sync(), key)

    def enrol(self) -> int:
        """Both phases; returns the final key."""
        offered = text_at(self.provision(initial(self.version)), *POLICY_KEY)
        assert offered is not None
        final = text_at(self.provision(acknowledgement(offered), offered), *POLICY_KEY)
        assert final is not None
        return int(final)

    def happens(self, event: Input, **more: Any) -> None:
        moved, _ = step(self.device, event, now=self.now, **more)
        assert moved is not None
        self.device = moved

    def order_wipe(self, kind: WipeKind = WipeKind.DEVICE) -> None:
        self.happens(Input.WIPE_REQUIRED, wipe=wipe(kind))

    def later(self, span: timedelta) -> None:
        self.now += span

    def _terms(self) -> gatekeeper.Terms:
        return terms(self.version, self.policy, access=self.access, **self.switches)

    def _here(self, asked: CommandRequest, octets: bytes, verdict: gatekeeper.Verdict) -> Reply:
        try:
            if isinstance(verdict, gatekeeper.AnswerHere):
                return gatekeeper.answer_here(asked, octets)[0]
            message = provision.read(asked, octets)
        except ProtocolError as error:
            return refusal(asked.command, asked.version, error.status or 101)
        self.drawn += 1
        outcome = provision.exchange(
            asked, message, self.device, self.policy, now=self.now, new_key=self.drawn
        )
        self.device = outcome.device
        return outcome.reply
