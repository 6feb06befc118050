"""Where a mailbox is: address to domain to organisation to backend (product 2.3, house.md 5).

The asker has signed in before anything is looked up, and learns only about their own mailbox: an unknown
address, another user's and another organisation's get one and the same answer (T12). An alias in the
domain of the primary address gives the user's settings, with the primary address in them; an alias in
another domain redirects to the primary address, so that the client goes on under the domain that its name
belongs to.
"""

from collections.abc import Mapping
from typing import Protocol

from autodiscover.model import (
    AddressRedirect,
    Endpoints,
    Enquiry,
    Mailbox,
    NotFound,
    Outcome,
    Question,
    Site,
    UrlRedirect,
)
from gateway.errors import GatewayError, Kind
from gateway.records import Organisation, OrganisationState, User, UserState
from gateway.services.ports import Directory, Store

MAXIMUM_ADDRESS = 254
"""Characters of a mail address that can be delivered to (RFC 5321 4.5.3.1.3 less the brackets)."""

UNKNOWN = NotFound()


class Signed(Protocol):
    """Who signed in: ids of the organisation and of the user."""

    @property
    def organisation(self) -> str: ...
    @property
    def user(self) -> str: ...


class Discovery:
    """Answers the question of any discovery format."""

    def __init__(
        self, store: Store, routes: Mapping[str, Endpoints | UrlRedirect], deployment: str = ""
    ) -> None:
        """``routes`` has an entry for every backend that an organisation can name; a ``UrlRedirect`` stands
        for a foreign server that answers AutoDiscover for its own users. ``deployment`` is the installation's
        GUID."""
        self._store = store
        self._routes = routes
        self._deployment = deployment

    def answer(self, enquiry: Enquiry, asker: Signed | None) -> tuple[Outcome, ...]:
        """One outcome for each question; raises as ``look_up`` does. A stranger, ``asker`` None, learns of
        domains only."""
        return tuple(self._outcome(question, asker) for question in enquiry.questions)

    def _outcome(self, question: Question, asker: Signed | None) -> Outcome:
        if question.domain:
            return self.site(question.domain)
        return UNKNOWN if asker is None else self.look_up(question, asker)

    def site(self, domain: str) -> Outcome:
        """What anybody is told of a mail domain; nothing in it depends on who lives there (T12)."""
        with self._store.read() as transaction:
            directory = transaction.directory
            known = directory.domain(domain.strip().lower())
            if known is None:
                return UNKNOWN
            organisation = _serving(directory.organisation(known.organisation))
        route = self._routes.get(organisation.backend)
        match route:
            case None:
                raise GatewayError(Kind.INTERNAL)
            case UrlRedirect():
                return route
            case Endpoints():
                return Site(known.name, organisation.name, route, self._deployment)

    def look_up(self, question: Question, asker: Signed) -> Outcome:
        """What the asker is told.

        Raises:
            GatewayError: UNAVAILABLE when the organisation is not Active, INTERNAL when its backend is not
                configured.
        """
        address = question.address.strip().lower()
        with self._store.read() as transaction:
            directory = transaction.directory
            organisation = _serving(directory.organisation(asker.organisation))
            user = None if question.legacy_dn else _own_mailbox(directory, address, asker)
        if user is None:
            return UNKNOWN
        if _domain(user.address) != _domain(address):
            return AddressRedirect(user.address)
        return self._route(organisation, user)

    def _route(self, organisation: Organisation, user: User) -> Outcome:
        route = self._routes.get(organisation.backend)
        match route:
            case None:
                raise GatewayError(Kind.INTERNAL)
            case UrlRedirect():
                return route
            case Endpoints():
                return Mailbox(user.address, user.display_name, route, self._deployment)


def _serving(organisation: Organisation | None) -> Organisation:
    """Only Active serves clients (product 1)."""
    if organisation is None or organisation.state is not OrganisationState.ACTIVE:
        raise GatewayError(Kind.UNAVAILABLE, "This organisation is not active at present.")
    return organisation


def _own_mailbox(directory: Directory, address: str, asker: Signed) -> User | None:
    """The asker, when the address is theirs and its domain is served for their organisation."""
    if len(address) > MAXIMUM_ADDRESS or not _domain(address):
        return None
    domain = directory.domain(_domain(address))
    if domain is None or domain.organisation != asker.organisation:
        return None
    user = directory.user_by_address(address)
    if user is None or user.id != asker.user or user.state is not UserState.ENABLED:
        return None
    return user


def _domain(address: str) -> str:
    return address.rpartition("@")[2] if "@" in address else ""
