"""Access rules of organisations: written, changed, replaced whole, taken back (product 6.2).

A set is kept as one immutable version, so every change is atomic, shows before and after in the trail, and is
rolled back by a number. A change is prepared in a reading transaction, where it is also measured against the
known devices, and written in another one only if nobody else was first: the writer's lock is never held while
ten thousand devices are looked at.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from gateway.errors import GatewayError, Kind, LostRace
from gateway.records import Actor, AuditTag, Organisation, RuleSetVersion, Scope
from gateway.services.acts import Entry
from gateway.services.home_acts import HomeActs
from gateway.services.idle_rules import meaning_nobody
from gateway.services.impact import Impact, Regime, impact
from gateway.services.ports import Clock, KeySource, Store, Transaction
from gateway.services.rule_books import (
    Document,
    RuleBook,
    book_of,
    checked,
    next_version,
    read_rule,
    record,
)
from gateway.services.rule_guard import GUARD_DEVICES, require_sane
from gateway.services.rule_sets import NO_RULES, compiled, rules_in
from gateway.services.rule_values import RuleValues
from gateway.services.tenants import found
from mdm.errors import RuleError
from mdm.rule_documents import to_document
from mdm.rule_lint import Finding, Lint, lint
from mdm.rules import Mode, Rule, RuleSet

VERSIONS_KEPT = 20
"""Versions of a set that can be rolled back to; the trail tells of the older ones."""

_ATTEMPTS = 4

Change = Callable[[Transaction, Organisation, tuple[Rule, ...]], Sequence[Rule]]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change came to.

    Attributes:
        lints: what is suspicious about the changed rules and the set as a whole.
        impact: what it did to the known devices, as far as they were looked at.
    """

    book: RuleBook
    lints: tuple[Lint, ...]
    impact: Impact


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change that was prepared against one version."""

    version: int
    mode: Mode
    rules: tuple[Rule, ...]
    lints: tuple[Lint, ...] = ()
    impact: Impact | None = None
    refusal: GatewayError | None = None


class AccessRules:
    """Rules of all organisations; a rule is named by its id, or by its name where only one has it."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._acts = HomeActs(store, clock)

    def book(self, organisation: str) -> RuleBook:
        """The rules in force."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return book_of(RuleValues(transaction, home), home, transaction.rules.current(home.id))

    def versions(self, organisation: str) -> Sequence[RuleBook]:
        """Those that are kept, oldest first."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            values = RuleValues(transaction, home)
            return [book_of(values, home, each) for each in transaction.rules.versions(home.id)]

    def get(self, organisation: str, named: str) -> Document:
        """One rule; GatewayError NOT_FOUND."""
        rules = self.book(organisation).rules
        return rules[
            _place([str(each["id"]) for each in rules], [str(each["name"]) for each in rules], named)
        ]

    def create(self, actor: Actor, organisation: str, document: Document, *, force: bool = False) -> Saved:
        """Add a rule; without an id it gets one that is made of its name.

        Raises:
            GatewayError: MALFORMED with every fault; CONFLICT for an id that is taken, and for a change that
                locks everybody out or lets everybody in, unless ``force``.
        """

        def work(_t: Transaction, _home: Organisation, rules: tuple[Rule, ...]) -> Sequence[Rule]:
            rule = read_rule(document)
            identity = rule.id or self._identity(rule.name, {each.id for each in rules})
            if any(each.id == identity for each in rules):
                raise GatewayError(Kind.CONFLICT, f"There is a rule {identity}.")
            return (*rules, replace(rule, id=identity))

        return self._save(actor, organisation, str(document.get("name", "")), work, force=force)

    def change(
        self, actor: Actor, organisation: str, named: str, document: Document, *, force: bool = False
    ) -> Saved:
        """Change what ``document`` says of a rule; the rest stays. Raises as ``create``, and NOT_FOUND."""

        def work(_t: Transaction, _home: Organisation, rules: tuple[Rule, ...]) -> Sequence[Rule]:
            place = _place_of(rules, named)
            wanted = read_rule({**to_document(rules[place]), **document, "id": rules[place].id})
            return (*rules[:place], wanted, *rules[place + 1 :])

        return self._save(actor, organisation, named, work, force=force)

    def remove(self, actor: Actor, organisation: str, named: str, *, force: bool = False) -> Saved:
        """Remove a rule. Raises as ``change``."""

        def work(_t: Transaction, _home: Organisation, rules: tuple[Rule, ...]) -> Sequence[Rule]:
            place = _place_of(rules, named)
            return rules[:place] + rules[place + 1 :]

        return self._save(actor, organisation, named, work, force=force)

    def replace_all(
        self,
        actor: Actor,
        organisation: str,
        documents: Sequence[Document],
        *,
        mode: Mode | None = None,
        force: bool = False,
    ) -> Saved:
        """Put a whole set in force, all or nothing, and with ``mode`` whose semantics it follows."""
        return self._save(actor, organisation, "rules", self._whole(documents), mode=mode, force=force)

    def set_mode(self, actor: Actor, organisation: str, mode: Mode, *, force: bool = False) -> Saved:
        """Follow other semantics with the same rules; MALFORMED names what the mode does not know."""
        return self._save(actor, organisation, "rules", _same, mode=mode, force=force)

    def roll_back(self, actor: Actor, organisation: str, version: int, *, force: bool = False) -> Saved:
        """Put an earlier version in force again, as a new one; 0 is the set without a rule."""

        def work(transaction: Transaction, home: Organisation, _rules: tuple[Rule, ...]) -> Sequence[Rule]:
            stored = transaction.rules.get(home.id, version)
            if stored is None and version:
                raise GatewayError(Kind.NOT_FOUND, f"No version {version} of the rules is kept.")
            return rules_in(stored)

        return self._save(actor, organisation, "rules", work, force=force)

    def rehearse(
        self,
        organisation: str,
        documents: Sequence[Document],
        *,
        mode: Mode | None = None,
        force: bool = True,
    ) -> tuple[Impact, tuple[Lint, ...]]:
        """What a whole set would do to all known devices, and what is suspicious in it; nothing changes.
        Without ``force`` raises as ``replace_all`` would without it."""
        plan = self._planned(organisation, self._whole(documents), mode, force=force, limit=None)
        if plan.refusal is not None:
            raise plan.refusal
        return plan.impact or Impact(), plan.lints

    def lint(self, organisation: str) -> tuple[Lint, ...]:
        """Everything that is suspicious about the rules in force, known devices included."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            rules = compiled(transaction.rules.current(home.id), home.rules_mode)
            unmet = meaning_nobody(transaction, home.id, rules)
        idle = (Lint(Finding.MATCHES_NO_KNOWN_DEVICE, rule.id) for rule in rules.rules if rule.id in unmet)
        return *lint(rules, home.default_access), *idle

    def _whole(self, documents: Sequence[Document]) -> Change:
        def work(_t: Transaction, _home: Organisation, _rules: tuple[Rule, ...]) -> Sequence[Rule]:
            return self._all_read(documents)

        return work

    def _all_read(self, documents: Sequence[Document]) -> Sequence[Rule]:
        rules: list[Rule] = []
        faults: dict[str, str] = {}
        taken: set[str] = set()
        for number, document in enumerate(documents):
            try:
                rule = read_rule(document)
            except GatewayError as error:
                faults.update({f"rules.{number}.{place}": fault for place, fault in error.faults.items()})
                continue
            identity = rule.id or self._identity(rule.name, taken)
            if identity in taken:
                faults[f"rules.{number}.id"] = "stands twice"
            taken.add(identity)
            rules.append(replace(rule, id=identity))
        if faults:
            raise GatewayError(Kind.MALFORMED, "Some rules have faults.", faults=faults)
        return rules

    def _identity(self, name: str, taken: Collection[str]) -> str:
        """The name in letters that suit an id, so that a decision's reason can be read."""
        plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:48].strip("-")
        return plain if plain and plain not in taken else self._keys.identity("rule-")

    def _save(
        self,
        actor: Actor,
        organisation: str,
        target: str,
        change: Change,
        *,
        mode: Mode | None = None,
        force: bool = False,
    ) -> Saved:
        for _ in range(_ATTEMPTS):
            plan = self._planned(organisation, change, mode, force=force)

            def work(entry: Entry, home: Organisation, plan: _Plan = plan) -> Saved | None:
                return self._put(entry, home, plan)

            saved = self._acts.perform(AuditTag.RULES_CHANGED, actor, organisation, target or "rules", work)
            if saved is not None:
                return saved
        raise LostRace

    def _planned(
        self,
        organisation: str,
        change: Change,
        mode: Mode | None,
        *,
        force: bool,
        limit: int | None = GUARD_DEVICES,
    ) -> _Plan:
        """Prepare a change. What refuses it goes along, so that the trail hears of the refusal."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            stored = transaction.rules.current(home.id)
            version, wanted = stored.version if stored else 0, mode or home.rules_mode
            before = Regime(home, _readable_set(stored, home.rules_mode))
            try:
                after = checked(transaction, home, change(transaction, home, before.rules.rules), wanted)
                regime = Regime(replace(home, rules_mode=wanted), after)
                lints, told = self._measured(transaction, before, regime, limit)
                if not force:
                    require_sane(
                        lint(before.rules, home.default_access, about=()), lints, (before, regime), told
                    )
            except GatewayError as error:
                return _Plan(version, wanted, (), refusal=error)
        return _Plan(version, wanted, after.rules, lints, told)

    def _measured(
        self, transaction: Transaction, before: Regime, after: Regime, limit: int | None
    ) -> tuple[tuple[Lint, ...], Impact]:
        changed = {rule.id for rule in after.rules.rules if rule not in before.rules.rules}
        lints = lint(after.rules, after.organisation.default_access, about=changed)
        return lints, impact(transaction, before, after, self._clock.now(), limit)

    def _put(self, entry: Entry, home: Organisation, plan: _Plan) -> Saved | None:
        """Write a plan; None when somebody else was first."""
        if plan.refusal is not None:
            raise plan.refusal
        rules = entry.transaction.rules
        before = rules.current(home.id)
        if (before.version if before else 0) != plan.version:
            return None
        told, values = plan.impact or Impact(), RuleValues(entry.transaction, home)
        if before is not None and rules_in(before) == plan.rules and home.rules_mode is plan.mode:
            return Saved(book_of(values, home, before), plan.lints, told)
        after = next_version(entry, home.id, before, plan.rules)
        rules.add(after)
        rules.forget(home.id, after.version - VERSIONS_KEPT + 1)
        home = _follow(entry, home, plan.mode)
        record(entry, before, after, plan.mode)
        entry.announce(Scope.RULES, home.id)
        return Saved(book_of(values, home, after), plan.lints, told)


def _same(_transaction: Transaction, _home: Organisation, rules: tuple[Rule, ...]) -> Sequence[Rule]:
    return rules


def _readable_set(stored: RuleSetVersion | None, mode: Mode) -> RuleSet:
    """The set in force; none at all when it cannot be read, so that another can be put in its place."""
    try:
        return RuleSet(rules_in(stored), mode)
    except RuleError:
        return NO_RULES[mode]


def _place_of(rules: Sequence[Rule], named: str) -> int:
    return _place([rule.id for rule in rules], [rule.name for rule in rules], named)


def _place(identities: Sequence[str], names: Sequence[str], named: str) -> int:
    if named in identities:
        return identities.index(named)
    if names.count(named) == 1:
        return names.index(named)
    several = "Several rules have that name: use the id." if named in names else "There is no such rule."
    raise GatewayError(Kind.NOT_FOUND, several)


def _follow(entry: Entry, home: Organisation, mode: Mode) -> Organisation:
    if home.rules_mode is mode:
        return home
    after = replace(home, rules_mode=mode)
    entry.transaction.directory.save_organisation(after)
    return after
