"""Who would be cut off, and who let in, by other rules or another default (product 6.4; T32).

Every known device is judged twice, by what is in force and by what is proposed, with the facts of its last
contact; overrides, suspensions and disputes count as they would. Devices that are being wiped are served
nothing anyway and are left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from gateway.records import Organisation, User
from gateway.services.partnerships import pages
from gateway.services.ports import Transaction
from gateway.services.standing import facts_of, standing_of
from mdm.access import decide
from mdm.criteria import Facts
from mdm.device import AccessLevel, Device
from mdm.families import family_of
from mdm.lifecycle import WIPING
from mdm.rules import NOTHING, RuleSet

NAMED = 100
"""Devices that are told by name; the rest is told in numbers."""


@dataclass(frozen=True, slots=True)
class Regime:
    """What decides: an organisation's default, mode and exception, and its rules."""

    organisation: Organisation
    rules: RuleSet

    def level(self, resident: "Resident", now: datetime) -> AccessLevel:
        """What a known device is answered."""
        outcome = self.rules.ask(resident.facts) if self.rules.rules else NOTHING
        return decide(standing_of(resident.device, resident.user, self.organisation, outcome), now).level


@dataclass(frozen=True, slots=True)
class Resident:
    """A known device with what the rules may ask."""

    device: Device
    user: User
    facts: Facts

    @property
    def family(self) -> str:
        """Label of its client family."""
        return family_of(self.facts.user_agent or "", self.device.device_type).label


@dataclass(frozen=True, slots=True)
class Moved:
    """A device that would be answered otherwise."""

    user: str
    address: str
    device_id: str
    family: str
    before: AccessLevel
    after: AccessLevel


@dataclass(slots=True)
class Impact:
    """What a change would do to the known devices.

    Attributes:
        devices: how many were looked at; ``all_seen`` False when there are more.
        admitted_before, admitted_after: how many of them are let in.
        cut_off, let_in: how many would be stopped and admitted, by client family.
        named: the first of those that would be cut off.
    """

    devices: int = 0
    all_seen: bool = True
    admitted_before: int = 0
    admitted_after: int = 0
    cut_off: Counter[str] = field(default_factory=Counter)
    let_in: Counter[str] = field(default_factory=Counter)
    named: list[Moved] = field(default_factory=list)

    def add(self, resident: Resident, before: AccessLevel, after: AccessLevel) -> None:
        """Count one device."""
        self.devices += 1
        was_in, is_in = before is AccessLevel.ALLOW, after is AccessLevel.ALLOW
        self.admitted_before += was_in
        self.admitted_after += is_in
        if was_in and not is_in:
            self.cut_off[resident.family] += 1
            if len(self.named) < NAMED:
                self.named.append(_moved(resident, before, after))
        elif is_in and not was_in:
            self.let_in[resident.family] += 1


def impact(
    transaction: Transaction, before: Regime, after: Regime, now: datetime, limit: int | None = None
) -> Impact:
    """What going from one regime to another would do.

    Args:
        limit: devices that are looked at, None for all of them.
    """
    found = Impact()
    asked = before.rules.criteria | after.rules.criteria
    for resident in residents(transaction, before.organisation, grouped="group" in asked):
        if limit is not None and found.devices >= limit:
            found.all_seen = False
            break
        found.add(resident, before.level(resident, now), after.level(resident, now))
    return found


def residents(transaction: Transaction, organisation: Organisation, *, grouped: bool) -> Iterator[Resident]:
    """The known devices of an organisation; groups are read only when somebody asks for them."""
    for page in pages(transaction.devices, organisation.id):
        owners = {device.key.user for device in page}
        users = transaction.directory.users_by_id(owners)
        places = transaction.assignments.places(owners) if grouped else {}
        for device in page:
            user = users.get(device.key.user)
            if user is not None and device.state not in WIPING:
                _, groups = places.get(user.id, ("", frozenset()))
                yield Resident(device, user, facts_of(device, user, groups))


def _moved(resident: Resident, before: AccessLevel, after: AccessLevel) -> Moved:
    key = resident.device.key
    return Moved(key.user, resident.user.address, key.device_id, resident.family, before, after)
