"""Who may do what, and to whom (product 7.6; security.md T9, T25): permissions, roles, reaches.

A permission is what a route asks for; a role is a set of permissions, given to an administrator or a token
within a scope. A full wipe is in no role: it is named at the appointment itself. All of it is one table each,
so a further permission or role is a line here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Permission(Enum):
    """What a route of the REST API may ask for."""

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    USER_READ = "user:read"
    USER_WRITE = "user:write"
    GROUP_WRITE = "group:write"
    MAILBOX_READ = "mailbox:read"
    MAILBOX_WRITE = "mailbox:write"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    RULE_READ = "rule:read"
    RULE_WRITE = "rule:write"
    DEVICE_READ = "device:read"
    DEVICE_WRITE = "device:write"
    DEVICE_WIPE = "device:wipe"
    DEVICE_RECOVERY = "device:recovery"
    DEVICE_TRACE = "device:trace"
    WIPE_FULL = "wipe:full"
    WIPE_APPROVE = "wipe:approve"
    WIPE_PANIC = "wipe:panic"
    WIPE_UNFREEZE = "wipe:unfreeze"
    SAFEGUARDS_WRITE = "safeguards:write"
    SAFEGUARDS_LOOSEN = "safeguards:loosen"
    USER_OFFBOARD = "user:offboard"
    AUDIT_READ = "audit:read"
    AUDIT_WRITE = "audit:write"
    EVENT_READ = "event:read"
    WEBHOOK_READ = "webhook:read"
    WEBHOOK_WRITE = "webhook:write"
    NOTICE_READ = "notice:read"
    NOTICE_WRITE = "notice:write"
    ADMINISTRATOR_READ = "administrator:read"
    ADMINISTRATOR_WRITE = "administrator:write"
    SELF = "self"
    SIGN_IN = "session:open"
    METRICS_READ = "metrics:read"
    DESCRIPTION_READ = "description:read"


class Role(Enum):
    """Product 7.6."""

    VIEWER = "viewer"
    HELP_DESK = "help desk"
    OPERATOR = "operator"
    POLICY_EDITOR = "policy editor"
    APPROVER = "approver"
    AUDITOR = "auditor"
    OWNER = "owner"


_P = Permission
_VIEW = frozenset(
    {
        _P.ORGANISATION_READ,
        _P.USER_READ,
        _P.MAILBOX_READ,
        _P.POLICY_READ,
        _P.RULE_READ,
        _P.DEVICE_READ,
        _P.METRICS_READ,
        _P.DESCRIPTION_READ,
        _P.SELF,
    }
)
_HELP = _VIEW | {_P.EVENT_READ, _P.DEVICE_WRITE, _P.DEVICE_WIPE, _P.DEVICE_RECOVERY}

ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: _VIEW,
        Role.HELP_DESK: _HELP,
        Role.OPERATOR: _HELP
        | {
            _P.ORGANISATION_WRITE,
            _P.USER_WRITE,
            _P.GROUP_WRITE,
            _P.MAILBOX_WRITE,
            _P.USER_OFFBOARD,
            _P.WIPE_PANIC,
            _P.DEVICE_TRACE,
            _P.WEBHOOK_READ,
            _P.WEBHOOK_WRITE,
            _P.NOTICE_READ,
            _P.NOTICE_WRITE,
        },
        Role.POLICY_EDITOR: _VIEW | {_P.POLICY_WRITE, _P.RULE_WRITE},
        Role.APPROVER: _VIEW | {_P.EVENT_READ, _P.WIPE_APPROVE, _P.WIPE_PANIC},
        Role.AUDITOR: _VIEW
        | {_P.AUDIT_READ, _P.EVENT_READ, _P.WEBHOOK_READ, _P.NOTICE_READ, _P.ADMINISTRATOR_READ},
        Role.OWNER: frozenset(Permission) - {_P.WIPE_FULL},
    }
)
"""What each role may do. ``wipe:full`` is in none."""

PERSONAL = frozenset(
    {
        _P.ORGANISATION_READ,
        _P.USER_READ,
        _P.USER_WRITE,
        _P.DEVICE_READ,
        _P.DEVICE_WRITE,
        _P.DEVICE_WIPE,
        _P.DEVICE_RECOVERY,
        _P.DEVICE_TRACE,
        _P.WIPE_FULL,
        _P.WIPE_APPROVE,
        _P.USER_OFFBOARD,
        _P.EVENT_READ,
        _P.DESCRIPTION_READ,
        _P.SELF,
    }
)
"""What an appointment for a domain or a group gives at most: all else concerns the whole organisation."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A role within a scope.

    Attributes:
        organisation: its id, empty for the whole gateway.
        domain: name of a domain of the organisation; group: id of a group; at most one of them is filled.
        full_wipe: True where whole devices may be erased, of whom the role may wipe at all.
    """

    role: Role
    organisation: str = ""
    domain: str = ""
    group: str = ""
    full_wipe: bool = False

    @property
    def narrow(self) -> bool:
        """Whether it is for a part of an organisation only."""
        return bool(self.domain or self.group)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it allows within its scope."""
        allowed = ROLES[self.role]
        if self.full_wipe and Permission.DEVICE_WIPE in allowed:
            allowed |= {Permission.WIPE_FULL}
        return allowed & PERSONAL if self.narrow else allowed


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an act or a look may concern: what the store filters by (T25, T35).

    Attributes:
        everything: the whole gateway, whatever else is filled.
        organisations: ids of organisations that are reached whole.
        domains: names of domains; who has the primary address in one is reached.
        groups: ids; who is in one, directly or through groups within it, is reached.
        partly: ids of the organisations whose domains and groups these are.
        parts: reaches that all have to reach what is reached, empty for this one alone.
    """

    everything: bool = False
    organisations: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    parts: tuple["Reach", ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything within reach."""
        return bool(self.everything or self.organisations or self.domains or self.groups or self.parts)

    def __and__(self, other: "Reach") -> "Reach":
        """What both reach: whoever needs two permissions may use them on nobody but whom both are for."""
        if self.everything or other.everything:
            return other if self.everything else self
        whole = self.organisations & other.organisations
        seen = (self.organisations | self.partly) & (other.organisations | other.partly)
        return Reach(organisations=whole, partly=seen - whole, parts=(self, other))

    def whole(self, organisation: str) -> bool:
        """Whether the organisation is reached with all that it has."""
        return self.everything or organisation in self.organisations

    def person(self, organisation: str, domain: str, groups: Collection[str]) -> bool:
        """Whether somebody is reached, as ``gateway.store.within`` judges who is on record.

        Args:
            domain: of the primary address. groups: ids of the enabled groups around the person.
        """
        if self.parts:
            return all(part.person(organisation, domain, groups) for part in self.parts)
        named = domain in self.domains or not self.groups.isdisjoint(groups)
        return self.whole(organisation) or (organisation in self.partly and named)


EVERYTHING = Reach(everything=True)
NOTHING_AT_ALL = Reach()


def reach_of(appointments: tuple[Appointment, ...], permission: Permission) -> Reach:
    """All that the appointments together let somebody do ``permission`` to."""
    giving = [each for each in appointments if permission in each.permissions]
    if any(not each.organisation for each in giving):
        return EVERYTHING
    return Reach(
        organisations=frozenset(each.organisation for each in giving if not each.narrow),
        domains=frozenset(each.domain for each in giving if each.domain),
        groups=frozenset(each.group for each in giving if each.group),
        partly=frozenset(each.organisation for each in giving if each.narrow),
    )


@dataclass(frozen=True, slots=True)
class Authority:
    """Who asks, with what they may do and to whom.

    Attributes:
        name: what the audit trail shows.
        person: whose account it is (``services.persons``), empty for the machine's own.
        appointments: what was given to the account.
        limits: what a token may do at most, None for no limit.
        confirmed: a destructive act may follow: the second factor was shown a moment ago, or the token was
            minted for it.
        account: id of the administrator, empty for the machine's own.
        credential: id of the session or token by which it is told, empty for the machine's own.
    """

    name: str
    person: str = ""
    appointments: tuple[Appointment, ...] = ()
    limits: frozenset[Permission] | None = None
    confirmed: bool = False
    account: str = ""
    credential: str = ""

    def reach(self, permission: Permission) -> Reach:
        """Whom ``permission`` may be used on; false where it is not held at all."""
        if self.limits is not None and permission not in self.limits:
            return NOTHING_AT_ALL
        return reach_of(self.appointments, permission)

    def holds(self, permission: Permission) -> bool:
        """Whether there is anybody that ``permission`` may be used on."""
        return bool(self.reach(permission))


MACHINE = (Appointment(Role.OWNER, full_wipe=True),)
"""What whoever runs the machine may do: the bootstrap token and the command line on it."""
