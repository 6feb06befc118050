"""A simulated phone: its memory, and one method for each thing phones say (MS-ASHTTP 3.1, MS-ASPROV 3.1).

Every step is a small call that returns what came back, so that a test can play any order of them, a
scripted life (``gateway.phone.life``) the usual one, and an attack (``gateway.phone.hostile``) the unusual
ones. ``command`` is the bottom: it sends anything.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from urllib.parse import urlsplit, urlunsplit

from gateway.phone import messages, query, reading
from gateway.phone.discovery import Discovery, basic
from gateway.phone.errors import PhoneError, Unexpected
from gateway.phone.identity import ALL_APPLIED, WIPED, Identity, QueryForm
from gateway.phone.line import COMMAND_SECONDS, Answer, Line
from gateway.phone.reading import Awakening, Changes, Folder, PolicyAnswer
from gateway.phone.story import Event, Fact, Listener, Step, silent
from mdm.ashttp import MIME_TYPE, WBXML_TYPE, Command, Version
from mdm.device import WipeKind
from mdm.wbxml import Element, encode

CURRENT = -1
"""For ``key``: whatever PolicyKey the phone holds."""
LONG_POLL_SLACK_SECONDS = 30.0
"""How long after the heartbeat a phone waits for the answer."""
SPOKEN = tuple(version for version in Version if version >= Version.V12_1)
WITHOUT_KEY = frozenset({Command.PING, Command.AUTODISCOVER})
"""Commands that carry no PolicyKey (MS-ASHTTP 2.2.1.1.2.5)."""


class Provisioning(Enum):
    """How one round of Provision ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_POLICY = "no policy"
    WIPED = "wiped"
    WIPE_FAILED = "wipe failed"
    WIPE_IGNORED = "wipe ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Offer:
    """What OPTIONS promised."""

    versions: tuple[Version, ...]
    commands: tuple[str, ...]


class Phone:
    """One phone. Not for concurrent use, a long poll beside short commands excepted.

    Attributes:
        server: ActiveSync URL, None before AutoDiscover.
        version: protocol version in use, None before OPTIONS.
        policy_key: final key in force, 0 for none.
        folders: by ServerId. items: by folder, then ServerId.
        policy: what the last policy said, by element name.
        wiped_at: seconds since 1970, None while the phone has its data.
    """

    def __init__(
        self, identity: Identity, line: Line, *, tell: Listener = silent, server: str | None = None
    ) -> None:
        self.identity = identity
        self.line = line
        self.server = server
        self.version: Version | None = identity.version
        self._tell = tell
        self._sent = 0
        self.wiped_at: float | None = None
        self.forget()

    def forget(self) -> None:
        """Lose everything that was learned, as a factory reset does."""
        self.policy_key = 0
        self.policy: dict[str, str] = {}
        self.folder_key = "0"
        self.folders: dict[str, Folder] = {}
        self.sync_keys: dict[str, str] = {}
        self.items: dict[str, dict[str, Element]] = {}

    def tell(self, step: Step, text: str, **facts: Fact) -> None:
        """Let the listener know."""
        event = Event(
            time.time(), self.identity.address, self.identity.device_id, step, text, MappingProxyType(facts)
        )
        self._tell(event)

    async def discover(self) -> str:
        """Find the server by AutoDiscover.

        Raises:
            NotConfigured: no phase led to a server.
        """
        walk = Discovery(
            self.identity, self.line, lambda text: self.tell(Step.DISCOVER, f"AutoDiscover: {text}")
        )
        self.server = await walk.server()
        return self.server

    async def options(self) -> Offer:
        """Ask what the server speaks, first without credentials as iOS does, and choose a version.

        Raises:
            Unexpected: no version in common, or no answer to OPTIONS at all.
        """
        first = await self.line.ask("OPTIONS", self._url(""), headers=self._common())
        if first.http != 401:
            self.tell(Step.PROBLEM, f"OPTIONS without credentials: HTTP {first.http} instead of 401")
        credentials = [*self._common(), ("Authorization", basic(self.identity))]
        answer = await self.line.ask("OPTIONS", self._url(""), headers=credentials)
        if answer.http != 200:
            raise Unexpected(f"OPTIONS: HTTP {answer.http}")
        offer = _offer(answer)
        self.version = _choose(self.identity.version, offer.versions)
        self.tell(Step.OPTIONS, f"speaks {self.version.text} from now on", version=self.version.text)
        return offer

    async def command(
        self,
        command: Command,
        body: Element | bytes | None = None,
        *,
        key: int | None = CURRENT,
        parameters: Iterable[tuple[str, str]] = (),
        seconds: float = COMMAND_SECONDS,
    ) -> Answer:
        """Send one command in the phone's own version and form.

        Args:
            body: a tree is encoded; bytes go as they are, as a MIME message where the command takes one.
            key: PolicyKey to carry; None for none at all, 0 is sent as ``0``.

        Raises:
            Unreachable: no answer.
        """
        version = self._version()
        held = self.policy_key if key == CURRENT else key
        carried = None if command in WITHOUT_KEY and key == CURRENT else held
        headers = [*self._common(), ("Authorization", basic(self.identity))]
        if self.identity.form is QueryForm.BASE64 and command.code is not None:
            target = query.base64_form(command, self.identity, version, carried, parameters)
        else:
            target = query.plain(command, self.identity, parameters)
            headers.append(("MS-ASProtocolVersion", version.text))
            if carried is not None:
                headers.append(("X-MS-PolicyKey", str(carried)))
        content = encode(body) if isinstance(body, Element) else body or b""
        if content:
            headers.append(("Content-Type", MIME_TYPE if isinstance(body, bytes) else WBXML_TYPE))
        return await self.line.ask("POST", self._url(target), headers=headers, body=content, seconds=seconds)

    async def request_policy(self) -> tuple[Answer, PolicyAnswer | None]:
        """The initial Provision request; an old key rides along, as real phones do when a policy changed."""
        body = messages.policy_request(self.identity.information, self._version())
        return await self._provision(body, CURRENT)

    async def acknowledge_policy(
        self, key: int, status: int = ALL_APPLIED
    ) -> tuple[Answer, PolicyAnswer | None]:
        """Acknowledge with the temporary ``key``; a final key in the answer becomes the phone's."""
        answer, understood = await self._provision(messages.policy_acknowledgement(key, status), key)
        if understood is not None and understood.policy_status == 1 and understood.key:
            self.policy_key = understood.key
        return answer, understood

    async def poll_wipe(self) -> tuple[Answer, PolicyAnswer | None]:
        """The empty Provision."""
        return await self._provision(messages.wipe_poll(), CURRENT)

    async def acknowledge_wipe(
        self, kind: WipeKind, status: int = WIPED
    ) -> tuple[Answer, PolicyAnswer | None]:
        """Say that the phone wipes (1) or cannot (2). After a 1 everything is forgotten."""
        answer, understood = await self._provision(messages.wipe_acknowledgement(kind, status), CURRENT)
        if status == WIPED and answer.http == 200:
            self.forget()
            self.wiped_at = time.time()
        return answer, understood

    async def provision(self) -> tuple[Provisioning, Answer]:
        """One whole round: ask for the policy, acknowledge it by temper; obey a wipe directive by temper."""
        answer, policy = await self.request_policy()
        if policy is None:
            return Provisioning.REFUSED, answer
        if policy.wipe is not None:
            return await self._obey(policy.wipe, answer)
        if policy.status == 1 and policy.policy_status == 2:
            return Provisioning.NO_POLICY, answer
        if policy.status != 1 or policy.policy_status != 1 or not policy.key:
            return Provisioning.REFUSED, answer
        self.policy = dict(policy.settings)
        self.tell(
            Step.PROVISION, f"is given a policy of {len(self.policy)} settings", settings=len(self.policy)
        )
        answer, final = await self.acknowledge_policy(policy.key, self.identity.temper.policy_status)
        if final is not None and final.wipe is not None:
            return await self._obey(final.wipe, answer)
        accepted = final is not None and final.policy_status == 1 and final.key != 0
        return (Provisioning.ACCEPTED if accepted else Provisioning.DECLINED), answer

    async def _obey(self, kind: WipeKind, directive: Answer) -> tuple[Provisioning, Answer]:
        what = "itself" if kind is WipeKind.DEVICE else "its account"
        self.tell(Step.WIPE, f"is told to wipe {what}", kind=kind.value)
        status = self.identity.temper.wipe_status
        if status is None:
            self.tell(Step.WIPE, "ignores the wipe")
            return Provisioning.WIPE_IGNORED, directive
        answer, _ = await self.acknowledge_wipe(kind, status)
        if status != WIPED:
            self.tell(Step.WIPE, "says that the wipe failed", kind=kind.value)
            return Provisioning.WIPE_FAILED, answer
        if answer.http != 200:
            return Provisioning.REFUSED, answer
        self.tell(Step.WIPE, f"has wiped {what} and said so", kind=kind.value)
        return Provisioning.WIPED, answer

    async def report(self) -> Answer:
        """Settings with DeviceInformation, which phones up to 14.0 send after they provisioned."""
        return await self.command(
            Command.SETTINGS, messages.settings(self.identity.information, self._version())
        )

    async def folder_sync(self) -> Answer:
        """FolderSync from where the phone stands; after Status 1 ``folders`` is current, after 9 empty."""
        answer = await self.command(Command.FOLDER_SYNC, messages.folder_sync(self.folder_key))
        document = answer.document
        if answer.http != 200 or document is None:
            return answer
        seen = reading.hierarchy(document)
        if seen.status == 1 and seen.key is not None:
            self.folder_key = seen.key
            self.folders.update({folder.server_id: folder for folder in seen.added})
            for gone in seen.removed:
                self.folders.pop(gone, None)
        elif seen.status == 9:
            self.folder_key, self.folders = "0", {}
        return answer

    async def sync(
        self,
        folders: Sequence[Folder],
        *,
        wait_minutes: int | None = None,
        heartbeat: int | None = None,
    ) -> tuple[Answer, tuple[Changes, ...]]:
        """One Sync of some folders, from key 0 where none is held; what comes back is remembered."""
        wanted = [(folder, self.sync_keys.get(folder.server_id, "0")) for folder in folders]
        body = messages.sync(wanted, self._version(), wait_minutes=wait_minutes, heartbeat=heartbeat)
        hangs = (wait_minutes or 0) * 60 + (heartbeat or 0)
        answer = await self.command(
            Command.SYNC, body, seconds=hangs + LONG_POLL_SLACK_SECONDS if hangs else COMMAND_SECONDS
        )
        document = answer.document
        changes = () if answer.http != 200 or document is None else reading.collections(document)
        for change in changes:
            self._remember(change)
        return answer, changes

    async def ping(self, heartbeat: int, folders: Sequence[Folder]) -> tuple[Answer, Awakening | None]:
        """Hang until something changes or ``heartbeat`` seconds are over."""
        answer = await self.command(
            Command.PING, messages.ping(heartbeat, folders), seconds=heartbeat + LONG_POLL_SLACK_SECONDS
        )
        document = answer.document if answer.http == 200 else None
        return answer, None if document is None else reading.awakening(document)

    async def send_mail(self, to: str, subject: str, text: str) -> Answer:
        """SendMail, with a copy in Sent; success is an empty answer."""
        mime = messages.mail(self.identity.address, to, subject, text)
        if self._version() <= Version.V12_1:
            return await self.command(Command.SEND_MAIL, mime, parameters=[("SaveInSent", "T")])
        self._sent += 1
        client_id = f"{int(time.time() * 1000):x}-{self._sent}"
        return await self.command(Command.SEND_MAIL, messages.send_mail(mime, client_id))

    def move(self, location: str) -> None:
        """Follow ``X-MS-Location`` of a 451: another host over https, the path stays (spec 1.10).

        Raises:
            Unexpected: the location is no https URL.
        """
        there = urlsplit(location)
        if there.scheme != "https" or not there.netloc:
            raise Unexpected("451 without a usable X-MS-Location")
        self.server = urlunsplit(urlsplit(self._url(""))._replace(netloc=there.netloc))

    def _remember(self, change: Changes) -> None:
        held = self.items.setdefault(change.collection, {})
        if change.status == 3:
            self.sync_keys[change.collection] = "0"
            held.clear()
        elif change.status == 1 and change.key is not None:
            self.sync_keys[change.collection] = change.key
            held.update(change.added)
            held.update(change.changed)
            for gone in change.removed:
                held.pop(gone, None)

    async def _provision(self, body: Element, key: int | None) -> tuple[Answer, PolicyAnswer | None]:
        answer = await self.command(Command.PROVISION, body, key=key)
        document = answer.document if answer.http == 200 else None
        return answer, None if document is None else reading.policy_answer(document)

    def _common(self) -> list[tuple[str, str]]:
        return [("User-Agent", self.identity.user_agent), ("Accept", "*/*")]

    def _url(self, target: str) -> str:
        if self.server is None:
            raise PhoneError("the phone knows no server yet")
        return f"{self.server}?{target}" if target else self.server

    def _version(self) -> Version:
        if self.version is None:
            raise PhoneError("the phone has chosen no protocol version yet")
        return self.version


def _offer(answer: Answer) -> Offer:
    known = {version.text: version for version in Version}
    said = answer.headers.get("ms-asprotocolversions", "").split(",")
    commands = tuple(answer.headers.get("ms-asprotocolcommands", "").split(","))
    return Offer(tuple(sorted(known[text.strip()] for text in said if text.strip() in known)), commands)


def _choose(wanted: Version | None, offered: Sequence[Version]) -> Version:
    common = [version for version in SPOKEN if version in offered and wanted in (None, version)]
    if not common:
        texts = ",".join(version.text for version in offered) or "nothing"
        raise Unexpected(f"the server speaks {texts}" + (f", not {wanted.text}" if wanted else ""))
    return max(common)
