"""A fleet that has provisioned: users, devices and keys straight in the store, and what its phones send.

Each phone is a user of its own with a credential, a DeviceId and a policy key of its own, so no cache is
helped by repetition that a real fleet would not show.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from gateway.app import Services
from gateway.config import ACTIVESYNC_PATH
from gateway.records import Actor, User, UserSource
from gateway.services.tenants import Settings
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.device import Device, DeviceKey, DeviceState
from mdm.element import Element, element
from mdm.misbehaviour import Behaviour
from mdm.policy import DEFAULT
from mdm.wbxml import encode

VERSION = "16.1"
ORGANISATION = "bench"
DOMAIN = "bench.example"
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_ACTOR = Actor("system", "bench")
_HEAD = (
    "POST {path}?Cmd={command}&User={user}&DeviceId={device}&DeviceType=iPhone HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Authorization: Basic {token}\r\n"
    "X-MS-PolicyKey: {key}\r\n"
    "MS-ASProtocolVersion: {version}\r\n"
    "Content-Type: application/vnd.ms-sync.wbxml\r\n"
    "User-Agent: Apple-iPhone15C2/2105.225\r\n"
    "Accept: */*\r\n"
    "Accept-Language: de-DE,de;q=0.9\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Content-Length: {length}\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Phone:
    """One device of one user, by its number in the fleet."""

    number: int

    @property
    def address(self) -> str:
        return f"user{self.number:05}@{DOMAIN}"

    @property
    def device_id(self) -> str:
        return f"APPLDNPH{self.number:05}BENCH"

    @property
    def policy_key(self) -> int:
        return 1_000_000_007 + 7919 * self.number

    def head(self, command: str, length: int) -> bytes:
        """Request line and headers of a command with a body of ``length`` bytes."""
        token = base64.b64encode(f"{self.address}:Password-{self.number}".encode()).decode()
        text = _HEAD.format(
            path=ACTIVESYNC_PATH,
            command=command,
            user=quote(self.address, safe=""),
            device=self.device_id,
            token=token,
            key=self.policy_key,
            version=VERSION,
            length=length,
        )
        return text.encode()

    def request(self, command: str, body: bytes) -> bytes:
        """A whole request."""
        return self.head(command, len(body)) + body


def phones(count: int) -> list[Phone]:
    """The fleet."""
    return [Phone(number) for number in range(count)]


def enrol(services: Services, fleet: list[Phone]) -> None:
    """Write organisation, users and devices into an empty store.

    The backend knows the passwords: verifying ten thousand argon2 hashes would take minutes and is no part of
    any figure.
    """
    settings = Settings(user_source=UserSource.BACKEND)
    organisation = services.tenants.create_organisation(_ACTOR, ORGANISATION, settings=settings)
    services.tenants.add_domain(_ACTOR, ORGANISATION, DOMAIN)
    calm = {behaviour.value: "off" for behaviour in Behaviour}  # counted all the same, and never acted upon
    services.misbehaviour.set_thresholds(_ACTOR, ORGANISATION, calm)
    digest = DEFAULT.digest(Version.V16_1)
    with services.store.write() as transaction:
        for phone in fleet:
            user = _user(phone, organisation.id)
            transaction.directory.add_user(user)
            transaction.devices.add(_device(phone, user, digest))


def key_of(phone: Phone, organisation: str) -> DeviceKey:
    """The partnership of ``phone``; ``organisation`` is an id."""
    return DeviceKey(organisation, f"u-{phone.number:032x}", phone.device_id)


def _user(phone: Phone, organisation: str) -> User:
    login = phone.address.partition("@")[0]
    return User(
        f"u-{phone.number:032x}", organisation, login, phone.address, login, source=UserSource.BACKEND
    )


def _device(phone: Phone, user: User, digest: str) -> Device:
    return Device(
        key=key_of(phone, user.organisation),
        device_type="iPhone",
        protocol_version=VERSION,
        first_seen=_SINCE,
        last_seen=_SINCE,
        state=DeviceState.PROVISIONING_SUCCEEDED,
        policy_key=phone.policy_key,
        proof_key=phone.policy_key,
        policy_digest=digest,
        provisioned_at=_SINCE,
        acknowledged_status=1,
    )


def _sync(name: str, *children: Element | str) -> Element:
    return element(tag("AirSync", name), *children)


def _ping(name: str, *children: Element | str) -> Element:
    return element(tag("Ping", name), *children)


def sync_body() -> bytes:
    """A Sync of two folders that does not wait: what a phone sends most, about 200 bytes."""

    def collection(number: int) -> Element:
        preference = element(
            tag("AirSyncBase", "BodyPreference"),
            element(tag("AirSyncBase", "Type"), "2"),
            element(tag("AirSyncBase", "TruncationSize"), "51200"),
        )
        return _sync(
            "Collection",
            _sync("SyncKey", f"1792134811_{number}"),
            _sync("CollectionId", f"mail%2FINBOX{number}"),
            _sync("GetChanges"),
            _sync("WindowSize", "100"),
            _sync("Options", _sync("FilterType", "3"), preference),
        )

    return encode(_sync("Sync", _sync("Collections", *map(collection, range(2)))))


def ping_body() -> bytes:
    """A Ping of a quarter of an hour on two folders."""
    folders = [_ping("Folder", _ping("Id", str(number)), _ping("Class", "Email")) for number in (5, 7)]
    return encode(_ping("Ping", _ping("HeartbeatInterval", "900"), _ping("Folders", *folders)))


def send_mail_head() -> bytes:
    """The beginning of a SendMail document; its length is the caller's affair."""
    compose = element(tag("ComposeMail", "SendMail"), element(tag("ComposeMail", "ClientId"), "1"))
    return encode(compose)[:-1]
