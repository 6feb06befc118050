"""Organisations and their mail domains (product 1)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import (
    Actor,
    AuditTag,
    Domain,
    Organisation,
    OrganisationState,
    Scope,
    Signal,
    UserSource,
)
from gateway.services.acts import Act, Acts, Entry
from gateway.services.departures import record_departures, refuse_pending_wipes
from gateway.services.names import fold, require_alias, require_domain, require_text
from gateway.services.ports import Clock, KeySource, Store, Transaction
from mdm.device import AccessLevel

MAXIMUM_DOMAINS = 1000
"""Domains of one organisation (product 1); the automatic one counts."""

MAXIMUM_DEVICE_LIMIT = 1000
"""Highest number of partnerships per user that an organisation may allow."""


@dataclass(frozen=True, slots=True)
class Settings:
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

    def given(self) -> dict[str, Any]:
        """The fields that are set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


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

    def organisations(self) -> Sequence[Organisation]:
        with self._store.read() as transaction:
            return transaction.directory.organisations()

    def organisation(self, id_or_alias: str) -> Organisation:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return found(transaction, id_or_alias)

    def create_organisation(self, actor: Actor, alias: str, settings: Settings = NO_SETTINGS) -> Organisation:
        """Make an organisation, with its automatic domain as the default one."""
        act = Act(AuditTag.ORGANISATION_CREATED, actor, "", alias)
        return self._acts.perform(act, lambda entry: self._create(entry, alias, settings))

    def change_organisation(self, actor: Actor, id_or_alias: str, settings: Settings) -> Organisation:
        """Change what ``settings`` gives; nothing is recorded when nothing changes."""
        act = Act(AuditTag.ORGANISATION_CHANGED, actor, self._id_of(id_or_alias), id_or_alias)
        return self._acts.perform(act, lambda entry: self._change(entry, id_or_alias, settings))

    def remove_organisation(
        self, actor: Actor, id_or_alias: str, typed_alias: str, *, force: bool = False
    ) -> None:
        """Remove everything of an organisation but its audit trail.

        Raises:
            GatewayError: MALFORMED when ``typed_alias`` is not the alias; CONFLICT while a wipe is pending,
                unless ``force``.
        """
        act = Act(AuditTag.ORGANISATION_REMOVED, actor, self._id_of(id_or_alias), id_or_alias)
        self._acts.perform(act, lambda entry: self._remove(entry, id_or_alias, typed_alias, force))

    def domains(self, id_or_alias: str) -> Sequence[Domain]:
        with self._store.read() as transaction:
            return transaction.directory.domains(found(transaction, id_or_alias).id)

    def add_domain(self, actor: Actor, id_or_alias: str, name: str) -> Domain:
        """Give a mail domain to an organisation; its first one becomes the default."""
        act = Act(AuditTag.DOMAIN_ADDED, actor, self._id_of(id_or_alias), name)
        return self._acts.perform(act, lambda entry: _add_domain(entry, id_or_alias, name, self._proof()))

    def make_default(self, actor: Actor, id_or_alias: str, name: str) -> Domain:
        """Make a domain the default; no existing address changes."""
        act = Act(AuditTag.DOMAIN_CHANGED, actor, self._id_of(id_or_alias), name)
        return self._acts.perform(act, lambda entry: _make_default(entry, id_or_alias, name))

    def remove_domain(self, actor: Actor, id_or_alias: str, name: str) -> None:
        """Raises GatewayError CONFLICT while any address uses it, or while it is the default of several."""
        act = Act(AuditTag.DOMAIN_REMOVED, actor, self._id_of(id_or_alias), name)
        self._acts.perform(act, lambda entry: _remove_domain(entry, id_or_alias, name))

    def _proof(self) -> str:
        return self._keys.identity("")

    def _id_of(self, id_or_alias: str) -> str:
        with self._store.read() as transaction:
            organisation = transaction.directory.organisation(id_or_alias)
        return organisation.id if organisation else ""

    def _create(self, entry: Entry, alias: str, settings: Settings) -> Organisation:
        directory = entry.transaction.directory
        if directory.organisation(require_alias(alias)) is not None:
            raise GatewayError(Kind.CONFLICT, f"The alias {alias} is taken.")
        plain = Organisation(self._keys.identity("m-"), alias, alias, entry.now)
        organisation = self._with(plain, settings)
        directory.add_organisation(organisation)
        entry.record(organisation=organisation.id, target=organisation.id, after=shown(organisation))
        entry.announce(Scope.ORGANISATION, organisation.id)
        if self._base_domain:
            name = f"{alias}.{self._base_domain}"
            _add_domain(entry, organisation.id, name, self._proof(), tag=AuditTag.DOMAIN_ADDED)
        return organisation

    def _change(self, entry: Entry, id_or_alias: str, settings: Settings) -> Organisation:
        before = found(entry.transaction, id_or_alias)
        after = self._with(before, settings)
        if after != before:
            entry.transaction.directory.save_organisation(after)
            entry.record(target=after.id, before=shown(before), after=shown(after))
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
        if not force:
            refuse_pending_wipes(entry.transaction, organisation.id)
        record_departures(entry, organisation.id)
        entry.transaction.directory.remove_organisation(organisation.id)
        entry.record(target=organisation.id, before=shown(organisation))
        entry.announce(Scope.ORGANISATION, organisation.id)


def found(transaction: Transaction, id_or_alias: str) -> Organisation:
    """The organisation, or GatewayError NOT_FOUND."""
    organisation = transaction.directory.organisation(id_or_alias)
    if organisation is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such organisation.")
    return organisation


def shown(organisation: Organisation) -> dict[str, Any]:
    """An organisation as the audit trail and the API show it."""
    values = {field.name: getattr(organisation, field.name) for field in fields(organisation)}
    plain = {name: value.value if isinstance(value, Enum) else value for name, value in values.items()}
    return plain | {"created_at": organisation.created_at.isoformat()}


def _add_domain(entry: Entry, id_or_alias: str, name: str, proof: str, tag: AuditTag | None = None) -> Domain:
    directory = entry.transaction.directory
    organisation = found(entry.transaction, id_or_alias)
    folded = require_domain(name)
    if directory.domain(folded) is not None:
        raise GatewayError(Kind.CONFLICT, f"The domain {folded} is in use on this gateway.")
    present = directory.domains(organisation.id)
    if len(present) >= MAXIMUM_DOMAINS:
        raise GatewayError(Kind.CONFLICT, f"An organisation has at most {MAXIMUM_DOMAINS} domains.")
    domain = Domain(folded, organisation.id, default=not present, proof=proof)
    directory.add_domain(domain)
    after = {"domain": domain.name, "default": domain.default}
    entry.record(tag=tag, organisation=organisation.id, target=folded, after=after)
    entry.announce(Scope.ORGANISATION, organisation.id)
    return domain


def _domain_of(entry: Entry, id_or_alias: str, name: str) -> Domain:
    organisation = found(entry.transaction, id_or_alias)
    domain = entry.transaction.directory.domain(fold(name))
    if domain is None or domain.organisation != organisation.id:
        raise GatewayError(Kind.NOT_FOUND, "The organisation has no such domain.")
    return domain


def _make_default(entry: Entry, id_or_alias: str, name: str) -> Domain:
    domain = _domain_of(entry, id_or_alias, name)
    if domain.default:
        return domain
    directory = entry.transaction.directory
    before = [other for other in directory.domains(domain.organisation) if other.default]
    for other in before:
        directory.save_domain(replace(other, default=False))
    chosen = replace(domain, default=True)
    directory.save_domain(chosen)
    entry.record(before={"default": [other.name for other in before]}, after={"default": chosen.name})
    entry.announce(Scope.ORGANISATION, domain.organisation)
    return chosen


def _remove_domain(entry: Entry, id_or_alias: str, name: str) -> None:
    domain = _domain_of(entry, id_or_alias, name)
    directory = entry.transaction.directory
    if directory.addresses_in(domain.name):
        raise GatewayError(Kind.CONFLICT, "Addresses still use this domain.")
    if domain.default and len(directory.domains(domain.organisation)) > 1:
        raise GatewayError(Kind.CONFLICT, "It is the default domain: make another one the default first.")
    directory.remove_domain(domain.name)
    entry.record(before={"domain": domain.name, "default": domain.default})
    entry.announce(Scope.ORGANISATION, domain.organisation)
