"""The directory's nouns: organisations, domains, users, groups, resources, permissions (product 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from mdm.device import AccessLevel
from mdm.rules import Mode

NOTHING: Mapping[str, Any] = MappingProxyType({})


class OrganisationState(Enum):
    """Product 1; only Active serves clients."""

    REQUESTED = "Requested"
    CREATING = "Creating"
    VALIDATING = "Validating"
    ACTIVE = "Active"
    INACTIVE = "Inactive"
    IMPAIRED = "Impaired"
    FAILED = "Failed"


class UserSource(Enum):
    """Where an organisation's users come from (product 1)."""

    LOCAL = "local"
    BACKEND = "backend"


class UserState(Enum):
    """Product 1."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    SYSTEM = "system"


class EntityState(Enum):
    """Of a group or a resource: a disabled one is known, but gives nothing and is not answered for."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class ResourceKind(Enum):
    """Product 1."""

    ROOM = "room"
    EQUIPMENT = "equipment"


class Right(Enum):
    """What a mailbox permission allows (product 1)."""

    FULL_ACCESS = "full_access"
    SEND_AS = "send_as"
    SEND_ON_BEHALF = "send_on_behalf"


class Signal(Enum):
    """How a device is told to provision (product 3.2)."""

    SPECIFICATION = "specification"
    HTTP449 = "http449"


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What guards an organisation's devices against haste, malice and neglect (product 4.3, 5.3, 5.5, 5.7).

    Attributes:
        approve_full_wipes: a full wipe waits for a second administrator.
        never_full_wipe: this organisation erases accounts only, whoever asks.
        wipes_per_hour: orders of one administrator in an hour, before everything freezes.
        wipes_per_day_percent: share of the fleet that may be ordered in a day, one device at least.
        frozen: why no wipe may be ordered at present, empty for no freeze.
        lifted_at: when a freeze was last lifted, in ISO 8601: the budgets count from there.
        hold_enrolment: while a full wipe of a user is open, that user's new devices are held in quarantine.
        stale_days: days without contact after which a device is reported as stale.
        archive_days: days without contact after which it is archived, 0 for never.
        archive_wiped_days: days after a confirmed wipe until the device is archived, 0 for never.
        rollout_minutes: window over which a policy change is spread, 0 for at once (product 4.3).
        rollout_per_minute: devices that such a change sends back in a minute at most, 0 for no limit.
        quarantine_days: days after which a device that nobody approved is blocked, 0 for never (product 6.5).
        misbehaviour: thresholds where they differ from the defaults, as a document of ``mdm.misbehaviour``.
    """

    approve_full_wipes: bool = True
    never_full_wipe: bool = False
    wipes_per_hour: int = 5
    wipes_per_day_percent: int = 2
    frozen: str = ""
    lifted_at: str = ""
    hold_enrolment: bool = False
    stale_days: int = 30
    archive_days: int = 0
    archive_wiped_days: int = 0
    rollout_minutes: int = 0
    rollout_per_minute: int = 0
    quarantine_days: int = 0
    misbehaviour: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant.

    Attributes:
        backend: name of a backend in the configuration file.
        provisioning_signal: product 3.2.
        legacy_versions: True to serve protocol 2.5 and 12.0 as well.
        strict_absent_key: answer 141 instead of 142 to a request with no policy key at all (spec 2.6).
        device_limit: partnerships per user (product 5.7).
        rules_mode: whose semantics the access rules follow; WorkMail's has a default of its own, block.
        spared_before: devices first seen before it are allowed where only the default speaks against them.
    """

    id: str
    alias: str
    name: str
    created_at: datetime
    state: OrganisationState = OrganisationState.ACTIVE
    user_source: UserSource = UserSource.LOCAL
    backend: str = "default"
    provisioning_signal: Signal = Signal.SPECIFICATION
    legacy_versions: bool = False
    strict_absent_key: bool = False
    default_access: AccessLevel = AccessLevel.ALLOW
    device_limit: int = 10
    rules_mode: Mode = Mode.USHER
    spared_before: datetime | None = None
    safeguards: Safeguards = field(default_factory=Safeguards)


@dataclass(frozen=True, slots=True)
class Domain:
    """A mail domain; ``name`` is lower case and unique on the gateway.

    Attributes:
        backend: route of the addresses in it (product 1, interoperability); empty follows the organisation.
        proof: 32 hex digits that the ownership TXT record has to show.
    """

    name: str
    organisation: str
    default: bool = False
    backend: str = ""
    proof: str = ""


DETAILS = (
    "initials",
    "phone",
    "mobile",
    "company",
    "department",
    "job_title",
    "office",
    "street",
    "city",
    "zip_code",
    "country",
)
"""The optional details of a user (product 1): those of WorkMail's UpdateUser, and a mobile number."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in.

    Attributes:
        id: ``u-`` and 32 hex digits.
        login: name before the ``@`` of the first ``address``, folded; what the backend knows the user by in
            local part mode, so it stays when another address becomes the primary one.
        address: primary address, folded to lower case.
        aliases: further addresses that resolve to this user.
        password_hash: for source ``local``; None otherwise.
        backend: route of this user, empty to follow groups, domain and organisation.
        moved_to: address in another organisation or on another server that discovery redirects to, empty for
            a mailbox that is here.
        details: by the names of ``DETAILS``.
        only_listed: of this user's devices only those are let in for which an administrator says so.
    """

    id: str
    organisation: str
    login: str
    address: str
    display_name: str
    source: UserSource = UserSource.LOCAL
    state: UserState = UserState.ENABLED
    aliases: tuple[str, ...] = ()
    password_hash: str | None = None
    first_name: str = ""
    last_name: str = ""
    backend: str = ""
    moved_to: str = ""
    details: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    only_listed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Users and groups under one name.

    Attributes:
        id: ``g-`` and 32 hex digits. name: unique in the organisation. address: may be empty.
        backend: route of the members, empty for none.
        priority: the highest one among a user's groups with a route wins.
    """

    id: str
    organisation: str
    name: str
    address: str = ""
    state: EntityState = EntityState.ENABLED
    backend: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A direct member of a group; ``nested`` for a group."""

    group: str
    id: str
    name: str
    address: str
    nested: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """A room or a piece of equipment; ``id`` is ``r-`` and 32 hex digits."""

    id: str
    organisation: str
    name: str
    address: str
    kind: ResourceKind = ResourceKind.ROOM
    state: EntityState = EntityState.ENABLED


@dataclass(frozen=True, slots=True)
class Grant:
    """A mailbox permission (product 1).

    Attributes:
        mailbox: id of the user or resource whose mailbox it is; the prefix of the id tells which.
        grantee: id of the user or group who is let in.
    """

    organisation: str
    mailbox: str
    grantee: str
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class OpenMailbox:
    """A mailbox that somebody has full access to, as discovery shows it."""

    address: str
    display_name: str
    resource: bool
