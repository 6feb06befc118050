"""Reading and setting what guards an organisation's devices (product 5.5, 5.7; T9).

A safeguard that somebody with a stolen session could take away first guards nothing, so loosening one needs a
permission of its own, and whether a change loosens is judged in its transaction against what is stored then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Organisation, Safeguards
from gateway.services.acts import Entry
from gateway.services.home_acts import HomeActs
from gateway.services.ports import Clock, Store
from gateway.services.sparse import Sparse
from gateway.services.tenants import found, require_whole
from gateway.services.wipe_guards import freeze, set_safeguards

MAXIMUM_DAYS = 3650
MAXIMUM_WIPES = 100_000

RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "wipes_per_hour": (1, MAXIMUM_WIPES),
        "wipes_per_day_percent": (1, 100),
        "stale_days": (1, MAXIMUM_DAYS),
        "archive_days": (0, MAXIMUM_DAYS),
        "archive_wiped_days": (0, MAXIMUM_DAYS),
        "rollout_minutes": (0, 7 * 24 * 60),
        "rollout_per_minute": (0, 100_000),
        "quarantine_days": (0, MAXIMUM_DAYS),
    }
)
"""Lowest and highest value of each number."""

NEEDS_LOOSEN = "Loosening a safeguard needs a permission of its own: {}."


@dataclass(frozen=True, slots=True)
class SafeguardChanges(Sparse):
    """What is to be changed; None leaves it. See ``records.Safeguards``; a freeze is lifted by ``lift``."""

    approve_full_wipes: bool | None = None
    never_full_wipe: bool | None = None
    wipes_per_hour: int | None = None
    wipes_per_day_percent: int | None = None
    hold_enrolment: bool | None = None
    stale_days: int | None = None
    archive_days: int | None = None
    archive_wiped_days: int | None = None
    rollout_minutes: int | None = None
    rollout_per_minute: int | None = None
    quarantine_days: int | None = None


class SafeguardService:
    """Safeguards of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = HomeActs(store, clock)

    def get(self, organisation: str) -> Safeguards:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return found(transaction, organisation).safeguards

    def change(
        self, actor: Actor, organisation: str, changes: SafeguardChanges, *, may_loosen: bool
    ) -> Safeguards:
        """Change what is given.

        Raises:
            GatewayError: MALFORMED for a number out of range, FORBIDDEN when it loosens and ``may_loosen`` is
                not given.
        """
        given = changes.given()
        _require_in_range(given)

        def work(entry: Entry, home: Organisation) -> Safeguards:
            after = replace(home.safeguards, **given)
            loosened = loosening(home.safeguards, after)
            if loosened and not may_loosen:
                raise GatewayError(Kind.FORBIDDEN, NEEDS_LOOSEN.format(", ".join(loosened)))
            if after != home.safeguards:
                set_safeguards(entry, home, after, AuditTag.SAFEGUARDS_CHANGED)
            return after

        return self._perform(AuditTag.SAFEGUARDS_CHANGED, actor, organisation, "", work)

    def freeze(self, actor: Actor, organisation: str, reason: str) -> Safeguards:
        """Let nothing be ordered until it is lifted; open wipes are not touched."""

        def work(entry: Entry, home: Organisation) -> Safeguards:
            freeze(
                entry, home, f"{actor.name} froze them: {reason}" if reason else f"{actor.name} froze them"
            )
            return found(entry.transaction, home.id).safeguards

        return self._perform(AuditTag.WIPES_FROZEN, actor, organisation, reason, work)

    def lift(self, actor: Actor, organisation: str, reason: str) -> Safeguards:
        """End a freeze; the budgets begin anew, or the very next order would freeze again."""

        def work(entry: Entry, home: Organisation) -> Safeguards:
            if not home.safeguards.frozen:
                return home.safeguards
            after = replace(home.safeguards, frozen="", lifted_at=entry.now.isoformat())
            set_safeguards(entry, home, after, AuditTag.WIPES_UNFROZEN)
            return after

        return self._perform(AuditTag.WIPES_UNFROZEN, actor, organisation, reason, work)

    def _perform(
        self,
        tag: AuditTag,
        actor: Actor,
        organisation: str,
        reason: str,
        work: Callable[[Entry, Organisation], Safeguards],
    ) -> Safeguards:
        def on_all_of_it(entry: Entry, home: Organisation) -> Safeguards:
            require_whole(entry.transaction, home)
            return work(entry, home)

        return self._acts.perform(tag, actor, organisation, organisation, on_all_of_it, reason)


def loosening(before: Safeguards, after: Safeguards) -> tuple[str, ...]:
    """Names of the safeguards that guard less afterwards."""
    less = {
        "approve_full_wipes": before.approve_full_wipes and not after.approve_full_wipes,
        "never_full_wipe": before.never_full_wipe and not after.never_full_wipe,
        "wipes_per_hour": after.wipes_per_hour > before.wipes_per_hour,
        "wipes_per_day_percent": after.wipes_per_day_percent > before.wipes_per_day_percent,
        "hold_enrolment": before.hold_enrolment and not after.hold_enrolment,
        "frozen": bool(before.frozen) and not after.frozen,
    }
    return tuple(name for name, looser in less.items() if looser)


def _require_in_range(given: Mapping[str, Any]) -> None:
    faults = {
        name: f"From {low} to {high}."
        for name, (low, high) in RANGES.items()
        if name in given and not low <= given[name] <= high
    }
    if faults:
        raise GatewayError(Kind.MALFORMED, "Some safeguards are not possible.", faults=faults)
