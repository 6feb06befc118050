"""What happens to a device that no rule speaks of (product 6.1), and who would feel a change of it (6.4).

A stricter default cuts off whoever rests on the old one. So the change can be rehearsed, device by device,
and can spare those that are known already: ``spared_before`` is then the moment of the change. A default that
allows needs no exception, so going back to it ends the sparing.
"""

from dataclasses import replace

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Organisation, Scope
from gateway.services.acts import Entry
from gateway.services.home_acts import HomeActs
from gateway.services.impact import Impact, Regime, impact
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.rule_guard import GUARD_DEVICES
from gateway.services.rule_sets import compiled
from gateway.services.tenants import Step, found, shown
from mdm.device import AccessLevel
from mdm.rules import Mode


class DefaultAccess:
    """The defaults of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = HomeActs(store, clock)

    def rehearse(self, organisation: str, level: AccessLevel, *, spare_known: bool = False) -> Impact:
        """What another default would do to every known device; nothing changes."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return self._impact(transaction, home, self._with(home, level, spare_known), None)

    def put(
        self,
        actor: Actor,
        organisation: str,
        level: AccessLevel,
        *,
        spare_known: bool = False,
        force: bool = False,
    ) -> tuple[Organisation, Impact]:
        """Set the default; arguments and errors as ``step``."""
        work, told = self.step(organisation, level, spare_known=spare_known, force=force)
        tag = AuditTag.DEFAULT_ACCESS_CHANGED
        return self._acts.perform(tag, actor, organisation, "default access", work), told

    def step(
        self, organisation: str, level: AccessLevel, *, spare_known: bool = False, force: bool = False
    ) -> tuple[Step, Impact]:
        """What sets the default within an act, and what it does to the devices.

        Args:
            spare_known: who is known by now stays allowed where only the default speaks against it.

        Raises:
            GatewayError: from the step: CONFLICT when no known device at all would be let in any more, unless
                ``force``; and in WorkMail's mode, where nothing matched always means no.
        """
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            told = self._impact(transaction, home, self._with(home, level, spare_known), GUARD_DEVICES)

        def work(entry: Entry, before: Organisation) -> Organisation:
            _require_sensible(before, told, force=force)
            after = self._with(before, level, spare_known)
            if after != before:
                entry.transaction.directory.save_organisation(after)
                tag, values = AuditTag.DEFAULT_ACCESS_CHANGED, (_told(before), _told(after))
                entry.record(tag=tag, target=after.id, before=values[0], after=values[1])
                entry.announce(Scope.RULES, after.id)
            return after

        return work, told

    def _with(self, home: Organisation, level: AccessLevel, spare_known: bool) -> Organisation:
        spared = self._clock.now() if spare_known else home.spared_before
        return replace(
            home, default_access=level, spared_before=None if level is AccessLevel.ALLOW else spared
        )

    def _impact(
        self, transaction: Transaction, before: Organisation, after: Organisation, limit: int | None
    ) -> Impact:
        rules = compiled(transaction.rules.current(before.id), before.rules_mode)
        return impact(transaction, Regime(before, rules), Regime(after, rules), self._clock.now(), limit)


def _require_sensible(home: Organisation, told: Impact, *, force: bool) -> None:
    if home.rules_mode is Mode.WORKMAIL:
        raise GatewayError(Kind.CONFLICT, "In WorkMail's mode what no rule allows is blocked.")
    if told.admitted_before and not told.admitted_after and not force:
        text = f"All {told.admitted_before} devices that are let in now would be cut off"
        raise GatewayError(Kind.CONFLICT, f"{text}: spare the known ones, or force it.")


def _told(organisation: Organisation) -> dict[str, object]:
    told = shown(organisation)
    return {name: told[name] for name in ("default_access", "spared_before")}
