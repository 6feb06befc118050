"""A mail server that provisions as Exchange does, written from the specification (eas-protocol.md 2, 6.5).

From 14.0 on it refuses with HTTP 200 and a Status in the command's own root, up to 12.1 with 449; it reads
plain and base64 queries, each with its own place for the key; it shows an empty mailbox to a device of which
it knows nothing (DeviceDiscovery); it has a policy of its own that may change, and its own remote wipe.
"""

import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from mdm.wbxml import Element, decode, encode
from tests.support.backend import COMMANDS, VERSIONS, Exchange, Script, Seen, reply
from tests.support.mail_server import HIERARCHY
from tests.support.partnership import node

CODES = {0: "Sync", 1: "SendMail", 9: "FolderSync", 17: "Settings", 18: "Ping", 19: "ItemOperations"}
CODES |= {20: "Provision", 14: "GetItemEstimate"}
ROOTS = {
    "Sync": "AirSync",
    "SendMail": "ComposeMail",
    "FolderSync": "FolderHierarchy",
    "Settings": "Settings",
    "ItemOperations": "ItemOperations",
    "GetItemEstimate": "GetItemEstimate",
    "Ping": "Ping",
}
POLICY_TYPE = "MS-EAS-Provisioning-WBXML"


@dataclass
class Asked:
    """What a request says, whichever form its query has."""

    command: str
    device_id: str
    version: float
    key: int | None
    base64: bool
    body: bytes

    @classmethod
    def read(cls, seen: Seen) -> "Asked":
        query = urlsplit(seen.target).query
        if "=" in query.rstrip("="):
            named = {name: values[0] for name, values in parse_qs(query).items()}
            key = seen.header("x-ms-policykey")
            version = float(seen.header("ms-asprotocolversion") or 0)
            device = named["DeviceId"]
            return cls(named["Cmd"], device, version, None if key is None else int(key), False, seen.body)
        octets = base64.b64decode(query)
        device_end = 5 + octets[4]
        key_end = device_end + 1 + octets[device_end]
        key_octets = octets[device_end + 1 : key_end]
        key = int.from_bytes(key_octets, "little") if key_octets else None
        device = octets[5:device_end].decode()
        return cls(CODES[octets[1]], device, octets[0] / 10, key, True, seen.body)


@dataclass
class Phone:
    """What the server keeps of a device."""

    temporary: int = 0
    final: int = 0
    generation: int = -1
    wipe: str = ""
    information: dict[str, str] = field(default_factory=dict)
    handshakes: int = 0
    acknowledged: list[str] = field(default_factory=list)


@dataclass
class ExchangeLike:
    """``RecordingBackend(ExchangeLike())``; change it while it runs.

    Attributes:
        generation: of its policy; raise it for a change.
        lenient: serves devices without any key, as Exchange does by default.
        insatiable: no key ever contents it.
        discovers: shows an empty mailbox until DeviceInformation has come.
        acts: what it does instead of answering Provision, by phase (1 and 2).
        next_key: what its keys grow from; those of Exchange need all 32 bits.
        acknowledgements: wipes that somebody acknowledged.
    """

    generation: int = 0
    lenient: bool = False
    discovers: bool = False
    insatiable: bool = False
    acts: dict[int, Script] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    acknowledgements: int = 0
    next_key: int = 3_000_000_000

    def phone(self, device_id: str = "PHONE1") -> Phone:
        return self.phones.setdefault(device_id, Phone())

    def commands(self) -> list[str]:
        """What it was asked, in order."""
        return [asked.command for asked in self.asked]

    async def __call__(self, exchange: Exchange) -> None:
        seen = exchange.seen
        if seen.header("authorization") is None:
            await reply(401, WWW_Authenticate='Basic realm="exchange"')(exchange)
        elif seen.method == "OPTIONS":
            await reply(200, MS_ASProtocolVersions=VERSIONS, MS_ASProtocolCommands=COMMANDS)(exchange)
        else:
            await exchange.read()
            asked = Asked.read(seen)
            self.asked.append(asked)
            await self._answer(asked, exchange)

    async def _answer(self, asked: Asked, exchange: Exchange) -> None:
        phone = self.phone(asked.device_id)
        if asked.command == "Provision":
            await self._provision(asked, phone, exchange)
        elif (status := self._objection(asked, phone)) is not None:
            await self.refuse(asked, status)(exchange)
        elif asked.command == "Ping":
            await exchange.gone()
        elif asked.command == "Settings":
            phone.information |= _information(decode(asked.body))
            await reply(200, encode(node("Settings:Settings", node("Settings:Status", "1"))))(exchange)
        elif asked.command == "FolderSync":
            await reply(200, _nothing() if self.discovers and not phone.information else HIERARCHY)(exchange)
        else:
            await reply(200)(exchange)

    def _objection(self, asked: Asked, phone: Phone) -> int | None:
        if phone.wipe and asked.command != "Ping":
            return 140
        if asked.command == "Ping" or (self.lenient and not asked.key):
            return None
        if not asked.key or self.insatiable:
            return 142
        if asked.key != phone.final:
            return 144
        return None if phone.generation == self.generation else 143

    def refuse(self, asked: Asked, status: int) -> Script:
        """How a command is refused."""
        if asked.version <= 12.1:
            return reply(449)
        page = ROOTS[asked.command]
        return reply(200, encode(node(f"{page}:{asked.command}", node(f"{page}:Status", str(status)))))

    async def _provision(self, asked: Asked, phone: Phone, exchange: Exchange) -> None:
        root = decode(asked.body)
        policy = node_of(root, "Policies", "Policy")
        key = policy and _text(policy, "PolicyKey")
        phase = 2 if key else 1
        self.acknowledgements += any(name in _names(root) for name in ("RemoteWipe", "AccountOnlyRemoteWipe"))
        if phase in self.acts:
            await self.acts[phase](exchange)
            return
        if phone.wipe:
            body = node("Provision:Provision", node("Provision:Status", "1"), node(f"Provision:{phone.wipe}"))
        elif phase == 1:
            phone.handshakes += 1
            phone.information |= _information(root)
            phone.temporary = self._draw()
            body = granted(phone.temporary, data=True)
        elif int(key or 0) != phone.temporary or asked.key != phone.temporary:
            body = granted(0, status="5")
        else:
            phone.acknowledged.append(_text(policy, "Status") if policy else "")
            phone.final, phone.temporary, phone.generation = self._draw(), 0, self.generation
            body = granted(phone.final)
        await reply(200, encode(body))(exchange)

    def _draw(self) -> int:
        self.next_key += 7
        return self.next_key


def granted(key: int, *, status: str = "1", data: bool = False) -> Element:
    """An answer to Provision."""
    policy = [node("Provision:PolicyType", POLICY_TYPE), node("Provision:Status", status)]
    if key:
        policy.append(node("Provision:PolicyKey", str(key)))
    if data:
        document = node("Provision:EASProvisionDoc", node("Provision:DevicePasswordEnabled", "1"))
        policy.append(node("Provision:Data", document))
    policies = node("Provision:Policies", node("Provision:Policy", *policy))
    return node("Provision:Provision", node("Provision:Status", "1"), policies)


def node_of(root: Element, *names: str) -> Element | None:
    """The element reached by these names."""
    found: Element | None = root
    for name in names:
        children = found.children if found is not None else []
        found = next((each for each in children if isinstance(each, Element) and each.name == name), None)
    return found


def _text(root: Element, name: str) -> str:
    found = node_of(root, name)
    return "" if found is None else found.text


def _names(root: Element) -> set[str]:
    children = [each for each in root.children if isinstance(each, Element)]
    return {root.name}.union(*(_names(each) for each in children)) if children else {root.name}


def _information(root: Element) -> dict[str, str]:
    told = node_of(root, "DeviceInformation", "Set")
    if told is None:
        return {}
    return {each.name: each.text for each in told.children if isinstance(each, Element)}


def _nothing() -> bytes:
    page = "FolderHierarchy"
    changes = node(f"{page}:Changes", node(f"{page}:Count", "0"))
    parts = node(f"{page}:Status", "1"), node(f"{page}:SyncKey", "1"), changes
    return encode(node(f"{page}:FolderSync", *parts))
