"""Organisations and their mail domains (product 1)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from gateway.errors import GatewayError, Kind
from gateway.records import (
    Actor,
    AuditTag,
    Domain,
    Organisation,
    OrganisationState,
    Safeguards,
    Scope,
    Signal,
    UserSource,
)
from gateway.services import domains
from gateway.services.acts import Act, Acts, Entry
from gateway.services.departures import record_departures, refuse_pending_wipes
from gateway.services.names import require_alias, require_text
from gateway.services.ports import Clock, KeySource, Store, Transaction
from gateway.services.routing import require_opened, require_route
from gateway.services.sparse import Sparse
from mdm.device import AccessLevel
from mdm.rules import Mode

T = TypeVar("T")

Step = Callable[[Entry, Organisation], Organisation]
"""A change of an organisation within an act."""

MAXIMUM_DEVICE_LIMIT = 1000
"""Highest number of partnerships per user that an organisation may allow."""


_S = OrganisationState
TRANSITIONS: Mapping[OrganisationState, frozenset[OrganisationState]] = MappingProxyType(
    {
        _S.REQUESTED: frozenset({_S.CREATING, _S.FAILED}),
        _S.CREATING: frozenset({_S.VALIDATING, _S.FAILED}),
        _S.VALIDATING: frozenset({_S.ACTIVE, _S.FAILED}),
        _S.ACTIVE: frozenset({_S.INACTIVE, _S.IMPAIRED}),
        _S.INACTIVE: frozenset({_S.ACTIVE}),
        _S.IMPAIRED: frozenset({_S.ACTIVE, _S.INACTIVE}),
        _S.FAILED: frozenset({_S.CREATING}),
    }
)
"""What an organisation's state may become (product 1); a failed one is tried anew."""

BY_THE_GATEWAY = frozenset({(_S.ACTIVE, _S.IMPAIRED), (_S.IMPAIRED, _S.ACTIVE)})
"""Transitions that follow a health check and are nobody's to order."""

_HEALTH = MappingProxyType(
    {
        (_S.ACTIVE, _S.IMPAIRED): AuditTag.BACKEND_IMPAIRED,
        (_S.IMPAIRED, _S.ACTIVE): AuditTag.BACKEND_ANSWERS,
    }
)
"""What these changes mean for the mail server behind; told beside the change of the organisation."""

BEGINNINGS = frozenset({_S.REQUESTED, _S.CREATING, _S.VALIDATING, _S.ACTIVE, _S.INACTIVE})
"""States that a new organisation may be in."""


@dataclass(frozen=True, slots=True)
class Settings(Sparse):
    """What an administrator sets of an organisation; None leaves it as it is. See
    ``records.Organisation``."""

    name: str | None = None
    state: OrganisationState | None = None
    user_source: UserSource | None = None
    backend: str | None = None
    provisioning_signal: Signal | None = None
    legacy_versions: bool | None = None
    strict_absent_key: bool | None = None
    default_access: AccessLevel | None = None
    device_limit: int | None = None
    rules_mode: Mode | None = None
    spared_before: datetime | None = None


NO_SETTINGS = Settings()


class Tenants:
    """Organisations and domains."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        keys: KeySource,
        *,
        backends: Collection[str],
        base_domain: str = "",
    ) -> None:
        """``backends``: names in the configuration; ``base_domain``: parent of the automatic test domains,
        empty for none."""
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys
        self._backends = backends
        self._base_domain = base_domain

    def organisations(self, *, after: str = "", limit: int | None = None) -> Sequence[Organisation]:
        """By alias, those behind ``after``; all of them without a limit."""
        with self._store.read() as transaction:
            found = transaction.directory.organisations()
        # Every database has an order of its own for hyphens; a cursor needs one.
        return sorted((each for each in found if each.alias > after), key=lambda each: each.alias)[:limit]

    def organisation(self, id_or_alias: str) -> Organisation:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return found(transaction, id_or_alias)

    def create_organisation(self, actor: Actor, alias: str, settings: Settings = NO_SETTINGS) -> Organisation:
        """Make an organisation, with its automatic domain as the default one."""
        act = Act(AuditTag.ORGANISATION_CREATED, actor, "", alias)
        return self._acts.perform(act, lambda entry: self._create(entry, alias, settings))

    def change_organisation(
        self, actor: Actor, id_or_alias: str, settings: Settings, also: Step | None = None
    ) -> Organisation:
        """Change what ``settings`` gives; nothing is recorded when nothing changes.

        Args:
            also: another change of the organisation, done with this one or not at all.
        """
        act = Act(AuditTag.ORGANISATION_CHANGED, actor, trail_of(self._store, id_or_alias), id_or_alias)

        def work(entry: Entry) -> Organisation:
            changed = self._change(entry, id_or_alias, settings)
            return also(entry, changed) if also else changed

        return self._acts.perform(act, work)

    def remove_organisation(
        self, actor: Actor, id_or_alias: str, typed_alias: str, *, force: bool = False
    ) -> None:
        """Remove everything of an organisation but its audit trail.

        Raises:
            GatewayError: MALFORMED when ``typed_alias`` is not the alias; CONFLICT while a wipe is pending,
                unless ``force``.
        """
        act = Act(AuditTag.ORGANISATION_REMOVED, actor, trail_of(self._store, id_or_alias), id_or_alias)
        self._acts.perform(act, lambda entry: self._remove(entry, id_or_alias, typed_alias, force))

    def domains(self, id_or_alias: str) -> Sequence[Domain]:
        with self._store.read() as transaction:
            return transaction.directory.domains(found(transaction, id_or_alias).id)

    def add_domain(self, actor: Actor, id_or_alias: str, name: str) -> Domain:
        """Give a mail domain to an organisation; its first one becomes the default."""
        return self._on_domain(
            AuditTag.DOMAIN_ADDED,
            actor,
            id_or_alias,
            name,
            lambda entry, home: domains.add(entry, home, name, self._proof(), self._base_domain),
        )

    def make_default(self, actor: Actor, id_or_alias: str, name: str) -> Domain:
        """Make a domain the default; no existing address changes."""
        return self.change_domain(actor, id_or_alias, name, default=True)

    def route_domain(self, actor: Actor, id_or_alias: str, name: str, backend: str) -> Domain:
        """Send the mailboxes of a domain to a backend of the configuration; empty follows the organisation
        again. Raises GatewayError MALFORMED for an unknown backend."""
        return self.change_domain(actor, id_or_alias, name, backend=backend)

    def change_domain(
        self,
        actor: Actor,
        id_or_alias: str,
        name: str,
        *,
        default: bool = False,
        backend: str | None = None,
    ) -> Domain:
        """Do both of the above that are asked for, or neither."""

        def work(entry: Entry, home: Organisation) -> Domain:
            domain = domains.present(entry, home, name)
            if backend is not None:
                require_opened(
                    entry.transaction, home, domain.backend, require_route(self._backends, backend)
                )
                domain = domains.route(entry, domain, backend)
            return domains.make_default(entry, domain) if default else domain

        return self._on_domain(AuditTag.DOMAIN_CHANGED, actor, id_or_alias, name, work)

    def remove_domain(self, actor: Actor, id_or_alias: str, name: str) -> None:
        """Raises GatewayError CONFLICT while any address uses it, for the test domain, and while it is the
        default of several."""
        self._on_domain(
            AuditTag.DOMAIN_REMOVED,
            actor,
            id_or_alias,
            name,
            lambda entry, home: domains.remove(entry, home, name, self._base_domain),
        )

    def _on_domain(
        self,
        tag: AuditTag,
        actor: Actor,
        id_or_alias: str,
        name: str,
        work: Callable[[Entry, Organisation], T],
    ) -> T:
        act = Act(tag, actor, trail_of(self._store, id_or_alias), name)
        return self._acts.perform(act, lambda entry: work(entry, found(entry.transaction, id_or_alias)))

    def _proof(self) -> str:
        return self._keys.identity("")

    def _create(self, entry: Entry, alias: str, settings: Settings) -> Organisation:
        directory = entry.transaction.directory
        if directory.organisation(require_alias(alias)) is not None:
            raise GatewayError(Kind.CONFLICT, f"The alias {alias} is taken.")
        plain = Organisation(self._keys.identity("m-"), alias, alias, entry.now)
        organisation = self._with(plain, settings)
        if organisation.state not in BEGINNINGS:
            raise _wrong_state(f"An organisation does not begin as {organisation.state.value}.")
        directory.add_organisation(organisation)
        entry.record(organisation=organisation.id, target=organisation.id, after=shown(organisation))
        entry.announce(Scope.ORGANISATION, organisation.id)
        if self._base_domain:
            name = domains.automatic(organisation, self._base_domain)
            domains.add(
                entry, organisation, name, self._proof(), self._base_domain, tag=AuditTag.DOMAIN_ADDED
            )
        return organisation

    def _change(self, entry: Entry, id_or_alias: str, settings: Settings) -> Organisation:
        before = found(entry.transaction, id_or_alias)
        require_whole(entry.transaction, before)
        after = self._with(before, settings)
        require_opened(entry.transaction, before, before.backend, after.backend)
        if after.state is not before.state:
            _require_transition(before.state, after.state, entry.act.actor)
        if after != before:
            entry.transaction.directory.save_organisation(after)
            entry.record(target=after.id, before=shown(before), after=shown(after))
            if tag := _HEALTH.get((before.state, after.state)):
                entry.record(tag=tag, target=after.id, after={"backend": after.backend})
            entry.announce(Scope.ORGANISATION, after.id)
        return after

    def _with(self, organisation: Organisation, settings: Settings) -> Organisation:
        given = settings.given()
        if "name" in given:
            given["name"] = require_text("name", given["name"])
        faults = self._faults(given)
        if faults:
            raise GatewayError(Kind.MALFORMED, "Some settings are not possible.", faults=faults)
        return replace(organisation, **given)

    def _faults(self, given: dict[str, Any]) -> dict[str, str]:
        faults = {}
        if given.get("backend", next(iter(self._backends), "")) not in self._backends:
            faults["backend"] = f"No backend of that name is configured; known: {', '.join(self._backends)}."
        if not 1 <= given.get("device_limit", 1) <= MAXIMUM_DEVICE_LIMIT:
            faults["device_limit"] = f"From 1 to {MAXIMUM_DEVICE_LIMIT}."
        return faults

    def _remove(self, entry: Entry, id_or_alias: str, typed_alias: str, force: bool) -> None:
        organisation = found(entry.transaction, id_or_alias)
        if typed_alias != organisation.alias:
            raise GatewayError(Kind.MALFORMED, "The alias that was typed is not this organisation's.")
        require_whole(entry.transaction, organisation)
        if not force:
            refuse_pending_wipes(entry.transaction, organisation.id)
        record_departures(entry, organisation.id)
        entry.transaction.directory.remove_organisation(organisation.id)
        entry.record(target=organisation.id, before=shown(organisation))
        entry.announce(Scope.ORGANISATION, organisation.id)


def trail_of(store: Store, id_or_alias: str) -> str:
    """The id under which an act on an organisation stands in the trail; empty where there is none."""
    with store.read() as transaction:
        organisation = transaction.directory.organisation(id_or_alias)
    return organisation.id if organisation else ""


def found(transaction: Transaction, id_or_alias: str) -> Organisation:
    """The organisation, or GatewayError NOT_FOUND."""
    organisation = transaction.directory.organisation(id_or_alias)
    if organisation is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such organisation.")
    return organisation


def require_whole(transaction: Transaction, home: Organisation) -> None:
    """GatewayError FORBIDDEN to whom a part of the organisation is given: this would concern all of it."""
    if not transaction.reach.whole(home.id):
        raise GatewayError(Kind.FORBIDDEN, "This is about the whole organisation.")


def shown(organisation: Organisation) -> dict[str, Any]:
    """An organisation as the audit trail and the API show it."""
    values = {field.name: getattr(organisation, field.name) for field in fields(organisation)}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case Safeguards():
            return asdict(value)
        case _:
            return value


def _require_transition(before: OrganisationState, after: OrganisationState, actor: Actor) -> None:
    if after not in TRANSITIONS[before]:
        raise _wrong_state(f"An organisation does not go from {before.value} to {after.value}.")
    if (before, after) in BY_THE_GATEWAY and actor.kind != "system":
        raise _wrong_state("Impaired is set and cleared by the gateway's own health checks.")


def _wrong_state(fault: str) -> GatewayError:
    return GatewayError(Kind.CONFLICT, fault, faults={"state": fault})
