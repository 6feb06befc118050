"""Whom a typed login means (spec/autodiscover.md R15, T16): ``user@domain``, ``DOMAIN\\user`` or a bare
``user``.

Clients send all three, the same client even in turn. One spelling, one user: what is ambiguous is nobody, and
so is what contradicts itself. All spellings of one account of a backend are one user, as far as they can be
known to be: a backend that is told the name before the ``@`` alone has one account for all domains.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.records import Domain, Organisation, User
from gateway.services.directory_ports import Directory
from gateway.services.names import TypedName
from gateway.services.routing import backend_for, backend_of_address


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whom a typed login means.

    Attributes:
        user: None where the organisation may have this user, but the gateway has not seen them yet.
        address: the canonical address: the user's primary one, or the one that the login spells.
        backend: name of the backend that has the mailbox, if anybody's.
    """

    organisation: Organisation
    user: User | None
    address: str
    backend: str

    @property
    def account(self) -> str:
        """The name under which wrong passwords are counted, however the login was spelled (T1)."""
        return self.user.id if self.user else self.address


def resolve(
    directory: Directory, typed: TypedName, hint: str, by_login: Collection[str] = ()
) -> Resolved | None:
    """The user or the place where the backend may know one; None for nobody and for more than one.

    Args:
        by_login: backends that are told the name before the ``@`` alone (``UserMapping``).
    """
    found = _named(directory, typed, hint)
    if found is None or found.user is not None or found.backend not in by_login:
        return found
    return _same_account(directory, found) or found


def _named(directory: Directory, typed: TypedName, hint: str) -> Resolved | None:
    if typed.domain:
        found = _by_address(directory, typed.account, typed.domain)
        return found if found is not None and _agrees(directory, typed.realm, found) else None
    if typed.realm:
        return _in_realm(directory, typed.account, typed.realm)
    if hint and directory.domain(hint) is not None:
        return _by_address(directory, typed.account, hint)
    return _bare(directory, typed.account)


def _agrees(directory: Directory, realm: str, found: Resolved) -> bool:
    """``REALM\\user@domain``: the realm must be the domain's own organisation, where there is one."""
    if not realm:
        return True
    organisation = _organisation_of_realm(directory, realm)
    return organisation is not None and organisation.id == found.organisation.id


def _same_account(directory: Directory, found: Resolved) -> Resolved | None:
    """The user of the backend's account that ``found`` spells with another of the organisation's domains."""
    login = found.address.rpartition("@")[0]
    for domain in _default_first(directory.domains(found.organisation.id)):
        user = directory.user_by_address(f"{login}@{domain.name}")
        other = _resolved(directory, user) if user is not None and user.login == login else None
        if other is not None and other.backend == found.backend:
            return other
    return None


def _by_address(directory: Directory, account: str, domain: str) -> Resolved | None:
    address = f"{account}@{domain}"
    user = directory.user_by_address(address)
    if user is not None:
        return _resolved(directory, user)
    home = directory.domain(domain)
    organisation = directory.organisation(home.organisation) if home else None
    return _unknown(directory, organisation, address) if organisation else None


def _in_realm(directory: Directory, account: str, realm: str) -> Resolved | None:
    organisation = _organisation_of_realm(directory, realm)
    if organisation is None:
        return None
    domains = directory.domains(organisation.id)
    named = [domain for domain in domains if domain.name == realm]
    return _within(directory, organisation, account, named or _default_first(domains))


def _organisation_of_realm(directory: Directory, realm: str) -> Organisation | None:
    """By mail domain, by alias, or by the first label of exactly one organisation's domains (``CONTOSO``)."""
    exact = directory.domain(realm)
    if exact is not None:
        return directory.organisation(exact.organisation)
    by_alias = directory.organisation(realm)
    if by_alias is not None:
        return by_alias
    owners = {domain.organisation for domain in directory.domains() if domain.name.partition(".")[0] == realm}
    return directory.organisation(owners.pop()) if len(owners) == 1 else None


def _within(
    directory: Directory, organisation: Organisation, account: str, domains: Sequence[Domain]
) -> Resolved | None:
    addresses = [f"{account}@{domain.name}" for domain in domains]
    holders = {user.id: user for user in map(directory.user_by_address, addresses) if user is not None}
    preferred = directory.user_by_address(addresses[0]) if addresses else None
    if preferred is not None or len(holders) == 1:
        return _resolved(directory, preferred or next(iter(holders.values())))
    return _unknown(directory, organisation, addresses[0]) if addresses and not holders else None


def _bare(directory: Directory, account: str) -> Resolved | None:
    holders = directory.users_by_login(account)
    if holders:
        return _resolved(directory, holders[0]) if len(holders) == 1 else None
    organisations = directory.organisations()
    if len(organisations) != 1:
        return None
    domains = _default_first(directory.domains(organisations[0].id))
    return _within(directory, organisations[0], account, domains)


def _default_first(domains: Sequence[Domain]) -> Sequence[Domain]:
    return sorted(domains, key=lambda domain: not domain.default)


def _resolved(directory: Directory, user: User) -> Resolved | None:
    organisation = directory.organisation(user.organisation)
    if organisation is None:
        return None
    return Resolved(organisation, user, user.address, backend_for(directory, organisation, user))


def _unknown(directory: Directory, organisation: Organisation, address: str) -> Resolved | None:
    """The place where the backend may know somebody; a group's or a resource's address is nobody's."""
    if directory.entity_by_address(address) is not None:
        return None
    return Resolved(organisation, None, address, backend_of_address(directory, organisation, address))
