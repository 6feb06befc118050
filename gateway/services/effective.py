"""The effective policy of devices, read in one transaction (product 4.2).

Every organisation's ``default`` lies at the bottom, below all that is assigned. What users and their groups
have to do with a page of a fleet is read for the whole page at once, and the same layers are laid once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from gateway.records import Assignment, PolicyVersion, RolloutState
from gateway.services.ports import Transaction
from mdm.ashttp import version
from mdm.device import Device, DeviceKey, DeviceState
from mdm.errors import QueryError
from mdm.layers import Effective, Layer, Reach, lay
from mdm.policy import Policy

DEFAULT_NAME = "default"
"""The policy that every organisation has, as its lowest layer."""

MAXIMUM_PRIORITY = 1_000_000
"""Highest priority of an assignment; the lowest is its negative."""

Place = tuple[str, frozenset[str]]
"""Domain of a user's primary address, and the ids of all enabled groups around the user."""
NOWHERE: Place = ("", frozenset())
_BY_PLACE = (Reach.DOMAIN, Reach.GROUP)


@dataclass(slots=True)
class Supposed:
    """What a rehearsal takes for granted in place of what is stored."""

    version: PolicyVersion | None = None
    assigned: Assignment | None = None
    unassigned: Assignment | None = None

    def assignments(self, stored: Iterable[Assignment]) -> list[Assignment]:
        """The assignments as they would be."""
        gone = {_identity(one) for one in (self.unassigned, self.assigned) if one is not None}
        kept = [each for each in stored if _identity(each) not in gone]
        return kept if self.assigned is None else [*kept, self.assigned]


@dataclass(slots=True)
class Effectives:
    """Effective policies of one organisation's devices; good for the transaction that it reads in."""

    transaction: Transaction
    organisation: str
    supposed: Supposed | None = None
    _wide: list[Assignment] | None = None
    _personal: dict[str, list[Assignment]] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _versions: dict[str, PolicyVersion | None] = field(default_factory=dict)
    _laid: dict[tuple[Assignment, ...], Effective] = field(default_factory=dict)

    def prepare(self, users: Collection[str]) -> None:
        """Read what concerns these users, all at once."""
        new = [user for user in users if user not in self._places]
        if new:
            self._places.update(dict.fromkeys(new, NOWHERE))
            if any(each.reach in _BY_PLACE for each in self._everybodys()):
                self._places.update(self.transaction.assignments.places(new))
            self.expect(new)

    def expect(self, users: Collection[str]) -> None:
        """Read what is assigned to these users and their devices, all at once."""
        self._personal |= {user: [] for user in users}
        found = self._as_supposed(self.transaction.assignments.personal(users), personal=True)
        for each in found:
            if each.target in users:
                self._personal[each.target].append(each)

    def place(self, user: str, domain: str, groups: Iterable[str]) -> None:
        """Take from the caller what it has read already of a user."""
        self._places[user] = (domain, frozenset(groups))

    def of(self, key: DeviceKey) -> Effective:
        """The effective policy of one device, whether it is known or not."""
        if key.user not in self._places:
            self.prepare([key.user])
        if key.user not in self._personal:
            self.expect([key.user])
        domain, groups = self._places[key.user]
        chosen = tuple(
            each
            for each in (*self._everybodys(), *self._personal[key.user])
            if _means(each, key, domain, groups)
        )
        if chosen not in self._laid:
            self._laid[chosen] = lay(self._layers(chosen))
        return self._laid[chosen]

    def _everybodys(self) -> list[Assignment]:
        if self._wide is None:
            found = self.transaction.assignments.wide(self.organisation)
            self._wide = self._as_supposed(found, personal=False)
        return self._wide

    def _as_supposed(self, stored: Iterable[Assignment], *, personal: bool) -> list[Assignment]:
        if self.supposed is None:
            return list(stored)
        return [each for each in self.supposed.assignments(stored) if (each.reach >= Reach.USER) is personal]

    def _layers(self, chosen: Iterable[Assignment]) -> Iterable[Layer]:
        lowest = Assignment(
            self.organisation, Reach.ORGANISATION, "", DEFAULT_NAME, priority=-MAXIMUM_PRIORITY - 1
        )
        for each in (lowest, *chosen):
            found = self._version(each.policy)
            if found is not None:
                target = f"{each.target}/{each.device_id}" if each.device_id else each.target
                yield Layer(each.reach, target, found.name, found.version, found.document, each.priority)

    def _version(self, name: str) -> PolicyVersion | None:
        if name not in self._versions:
            staged = self.supposed.version if self.supposed is not None else None
            stored = self.transaction.policies.current(self.organisation, name)
            self._versions[name] = staged if staged is not None and staged.name == name else stored
        return self._versions[name]


def effective(transaction: Transaction, key: DeviceKey) -> Effective:
    """The effective policy of one device."""
    return Effectives(transaction, key.organisation).of(key)


def house_policy(transaction: Transaction, organisation: str) -> Effective:
    """What holds for an organisation's devices of which nothing is known."""
    reading = Effectives(transaction, organisation)
    reading.place("", "", ())
    return reading.of(DeviceKey(organisation, "", ""))


def outdated(device: Device, policy: Policy) -> bool:
    """Whether the device acknowledged something else than ``policy`` would send it; a device that has
    acknowledged nothing is sent the policy of the day when it comes."""
    if device.state is not DeviceState.PROVISIONING_SUCCEEDED:
        return False
    try:
        spoken = version(device.protocol_version)
    except QueryError:
        return True
    return device.policy_digest != policy.digest(spoken)


def is_planning(transaction: Transaction, organisation: str) -> bool:
    """Whether a change that is spread over a window has not given all devices their moment yet."""
    last = transaction.rollouts.last(organisation)
    return last is not None and last.state is RolloutState.PLANNING and last.window_s > 0


def _means(each: Assignment, key: DeviceKey, domain: str, groups: frozenset[str]) -> bool:
    match each.reach:
        case Reach.ORGANISATION:
            return True
        case Reach.DOMAIN:
            return each.target == domain
        case Reach.GROUP:
            return each.target in groups
        case Reach.USER:
            return each.target == key.user
        case Reach.DEVICE:
            return each.target == key.user and each.device_id == key.device_id


def _identity(each: Assignment) -> tuple[Reach, str, str, str]:
    return each.reach, each.target, each.device_id, each.policy
