"""Mail domains of an organisation (product 1): what may become of them, as steps of an act.

``services.tenants`` runs them. The automatic test domain ``<alias>.<base domain>`` is the organisation's for
good, and no other name below the gateway's own base domain is anybody's.
"""

from dataclasses import replace
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Domain, Organisation, Scope
from gateway.services.acts import Entry
from gateway.services.names import fold_domain, require_domain

MAXIMUM_DOMAINS = 1000
"""Domains of one organisation (product 1); the automatic one counts."""

NAMED = 5
"""Addresses that a refusal names."""


def automatic(organisation: Organisation, base_domain: str) -> str:
    """Name of the test domain; empty on a gateway without a base domain."""
    return f"{organisation.alias}.{base_domain}" if base_domain else ""


def add(
    entry: Entry,
    organisation: Organisation,
    name: str,
    proof: str,
    base_domain: str,
    tag: AuditTag | None = None,
) -> Domain:
    """Give a domain to the organisation; its first one becomes the default."""
    directory = entry.transaction.directory
    folded = require_domain(name)
    _refuse_base(folded, organisation, base_domain)
    if directory.any_domain(folded) is not None:
        raise GatewayError(Kind.CONFLICT, f"The domain {folded} is in use on this gateway.")
    present = directory.domains(organisation.id)
    if len(present) >= MAXIMUM_DOMAINS:
        raise GatewayError(Kind.CONFLICT, f"An organisation has at most {MAXIMUM_DOMAINS} domains.")
    domain = Domain(folded, organisation.id, default=not present, proof=proof)
    directory.add_domain(domain)
    entry.record(tag=tag, organisation=organisation.id, target=folded, after=shown(domain))
    entry.announce(Scope.ORGANISATION, organisation.id)
    return domain


def make_default(entry: Entry, domain: Domain) -> Domain:
    """Make a domain the default one; no address changes."""
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


def route(entry: Entry, domain: Domain, backend: str) -> Domain:
    """Send the domain's mailboxes to ``backend``; empty takes the route away."""
    routed = replace(domain, backend=backend)
    if routed != domain:
        entry.transaction.directory.save_domain(routed)
        entry.record(before=shown(domain), after=shown(routed))
        entry.announce(Scope.ORGANISATION, domain.organisation)
    return routed


def remove(entry: Entry, organisation: Organisation, name: str, base_domain: str) -> None:
    """Take a domain away that nothing uses."""
    domain = present(entry, organisation, name)
    directory = entry.transaction.directory
    if domain.name == automatic(organisation, base_domain):
        raise GatewayError(Kind.CONFLICT, "The test domain belongs to the organisation and is not removed.")
    _refuse_used(entry, domain)
    if domain.default and len(directory.domains(organisation.id)) > 1:
        raise GatewayError(Kind.CONFLICT, "It is the default domain: make another one the default first.")
    directory.remove_domain(domain.name)
    entry.record(before=shown(domain))
    entry.announce(Scope.ORGANISATION, organisation.id)


def shown(domain: Domain) -> dict[str, Any]:
    """A domain as the audit trail shows it."""
    return {"domain": domain.name, "default": domain.default, "backend": domain.backend}


def present(entry: Entry, organisation: Organisation, name: str) -> Domain:
    """The organisation's domain of this name, or GatewayError NOT_FOUND."""
    domain = entry.transaction.directory.domain(fold_domain(name))
    if domain is None or domain.organisation != organisation.id:
        raise GatewayError(Kind.NOT_FOUND, "The organisation has no such domain.")
    return domain


def _refuse_base(name: str, organisation: Organisation, base_domain: str) -> None:
    below = base_domain and f".{name}".endswith(f".{base_domain}")
    if below and name != automatic(organisation, base_domain):
        raise GatewayError(Kind.CONFLICT, f"Names below {base_domain} belong to the gateway itself.")


def _refuse_used(entry: Entry, domain: Domain) -> None:
    directory = entry.transaction.directory
    count = directory.addresses_in(domain.name)
    if not count:
        return
    named = ", ".join(directory.some_addresses_in(domain.name, NAMED))
    rest = f" and {count - NAMED} more" if count > NAMED else ""
    uses = "1 address uses" if count == 1 else f"{count} addresses use"
    raise GatewayError(Kind.CONFLICT, f"{uses} this domain: {named}{rest}.")
