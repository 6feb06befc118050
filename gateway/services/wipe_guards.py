"""What stands between an administrator and a wipe (product 5.5; T9, research/wants.md 2, 3).

Everything is asked in the transaction that orders, and writers come one after the other on either database,
so twenty requests at once are counted as twenty in a row. What goes over a budget freezes the organisation in
that very transaction: it must commit although the request is refused, so a refusal of this kind is returned
and not raised (``Halted``).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import AuditTag, Organisation, Safeguards, Scope
from gateway.records.administrators import Administrator
from gateway.services.acts import Entry
from gateway.services.partnerships import pages
from gateway.services.persons import FRESH, Asker, asked_by, one_person
from gateway.services.reasons import NEEDED
from mdm.device import Device, DeviceKey, WipeKind
from mdm.orders import is_called, names_of

PERSON = "user"
"""Kind of the actor who looks after devices of their own (docs/decisions/0038): that is no haste of an
administrator, and must not freeze the organisation for everybody else."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEVER_FULL = "This organisation erases accounts only, never whole devices."
TYPE_NAME = "Type the device's name to erase it: its alias, the name it calls itself, or its DeviceId."
AMBIGUOUS = "Another device of this user has that name too: type the DeviceId."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for.

    Attributes:
        typed: the name that was typed, for a full wipe.
        job: the off-boarding that asks, empty for a person.
    """

    kind: WipeKind
    reason: str = ""
    typed: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Halted:
    """A refusal whose transaction commits: it froze the organisation, or closed an order that had expired."""

    why: str

    def error(self) -> GatewayError:
        return GatewayError(Kind.CONFLICT, self.why)


def require_sensible(home: Organisation, wanted: Wanted) -> None:
    """Raises GatewayError FORBIDDEN where only accounts are erased, MALFORMED for a full wipe without a
    reason, CONFLICT while wipes are frozen."""
    require_thawed(home)
    if wanted.kind is not WipeKind.DEVICE:
        return
    if home.safeguards.never_full_wipe:
        raise GatewayError(Kind.FORBIDDEN, NEVER_FULL)
    if not wanted.reason:
        raise malformed("reason", NEEDED)


def require_thawed(home: Organisation) -> None:
    """Raises GatewayError CONFLICT while no wipe may be ordered."""
    if home.safeguards.frozen:
        raise GatewayError(Kind.CONFLICT, f"Wipes are frozen: {home.safeguards.frozen}")


def require_named(entry: Entry, device: Device, wanted: Wanted) -> None:
    """Raises GatewayError MALFORMED for a full wipe whose device was not typed, or could be another one."""
    if wanted.kind is not WipeKind.DEVICE or wanted.job:
        return
    if not is_called(device, wanted.typed):
        raise malformed("name", TYPE_NAME)
    if wanted.typed.strip().upper() == device.key.device_id:
        return
    devices = entry.transaction.devices
    for page in pages(devices, device.key.organisation, device.key.user):
        if any(other.key != device.key and is_called(other, wanted.typed) for other in page):
            raise malformed("name", AMBIGUOUS)


def confirmable(device: Device) -> str:
    """The name that an administrator is asked to type."""
    return names_of(device)[0]


def over_budget(entry: Entry, home: Organisation, key: DeviceKey, wanted: Wanted) -> str:
    """Which budget one more decision of the act's actor would exceed, in words; empty for none."""
    if _belongs_to_counted(entry, wanted) or entry.act.actor.kind == PERSON:
        return ""
    ledger, rules, actor = entry.transaction.wipe_orders, home.safeguards, entry.act.actor
    who = asked_by(entry.transaction, Asker(actor.name, actor.person), entry.now)
    if ledger.count_by(home.id, who.names, who.persons, _since(entry, rules, HOUR)) >= rules.wipes_per_hour:
        return f"{actor.name} asked for more than {rules.wipes_per_hour} wipes within an hour."
    fleet = ledger.fleet(home.id)
    daily = daily_budget(rules, fleet)
    if not _ordered_today(entry, key) and ledger.count_devices(home.id, _since(entry, rules, DAY)) >= daily:
        return f"More than {daily} of {fleet} devices were to be wiped within a day."
    return ""


def _since(entry: Entry, rules: Safeguards, window: timedelta) -> datetime:
    begins = entry.now - window
    return max(begins, datetime.fromisoformat(rules.lifted_at)) if rules.lifted_at else begins


def keep_counted(entry: Entry, account: Administrator) -> None:
    """Let what an account asked for that is about to be removed count in the budget of whoever it was one
    person with: else whoever made it would have a fresh budget with each that they make and remove."""
    known = entry.transaction.administrators.everyone()
    asker = Asker(account.name, account.person)
    whole = one_person(known, asker, entry.now - FRESH - HOUR)
    left = {each.person for each in known if each.id != account.id}
    gone, heirs = {account.person, account.id} - left, whole.persons & left
    if gone and heirs:
        entry.transaction.wipe_orders.bequeath(gone, min(heirs), entry.now - HOUR)


def daily_budget(rules: Safeguards, fleet: int) -> int:
    """Devices that may be ordered within a day: a share of the fleet, one at least."""
    return max(1, fleet * rules.wipes_per_day_percent // 100)


def _belongs_to_counted(entry: Entry, wanted: Wanted) -> bool:
    """The account wipes of one off-boarding are one decision about one person: its first one counts."""
    together = wanted.kind is WipeKind.ACCOUNT and wanted.job != ""
    return together and bool(entry.transaction.wipe_orders.list(job=wanted.job, limit=1))


def _ordered_today(entry: Entry, key: DeviceKey) -> bool:
    """A device counts once a day, however often its wipe was ordered and taken back."""
    ledger = entry.transaction.wipe_orders
    last = ledger.list(key.organisation, user=key.user, device_id=key.device_id, limit=1)
    return bool(last) and last[0].requested_at > entry.now - DAY


def freeze(entry: Entry, home: Organisation, why: str) -> None:
    """Let nothing be ordered in the organisation until somebody lifts it."""
    if home.safeguards.frozen == why:
        return
    set_safeguards(entry, home, replace(home.safeguards, frozen=why), AuditTag.WIPES_FROZEN)


def set_safeguards(entry: Entry, home: Organisation, rules: Safeguards, tag: AuditTag) -> Organisation:
    """Write safeguards, with their record."""
    after = replace(home, safeguards=rules)
    entry.transaction.directory.save_organisation(after)
    old, new = _difference(home.safeguards, rules)
    entry.record(tag=tag, organisation=home.id, target=home.id, before=old, after=new)
    entry.announce(Scope.DIRECTORY, home.id)
    return after


def _difference(before: Safeguards, after: Safeguards) -> tuple[dict[str, object], dict[str, object]]:
    changed = [name for name in Safeguards.__slots__ if getattr(before, name) != getattr(after, name)]
    return {name: getattr(before, name) for name in changed}, {name: getattr(after, name) for name in changed}
