"""Where a mailbox is: address to entity to route (product 1 and 2.3, house.md 5).

The asker has signed in before anything is looked up, and learns about the own mailbox and those that
permissions open: an unknown address, another's and another organisation's get one and the same answer (T12).
An alias in the domain of the primary address gives the user's settings, with the primary address in them; an
alias in another domain redirects to the primary address, so that the client goes on under the domain that its
name belongs to.

Redirects end: chains of moves are followed here to their end, an address redirect never names the mailbox
that was asked for, and a URL redirect never leads back to a host of this gateway.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from autodiscover.model import (
    AddressRedirect,
    AlternativeMailbox,
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
from gateway.records import (
    EntityState,
    OpenMailbox,
    Organisation,
    OrganisationState,
    Resource,
    User,
    UserState,
)
from gateway.services.directory_ports import Directory
from gateway.services.names import MAXIMUM_ADDRESS, fold, fold_domain
from gateway.services.ports import Store
from gateway.services.routing import MAXIMUM_MOVES, backend_for, backend_of_address

DEPLOYMENTS = UUID("6f1a4c1e-8d0b-5d7e-9a39-0f6b5d1f2c77")
"""Namespace of the deployments' GUIDs."""

UNKNOWN = NotFound()
_log = logging.getLogger(__name__)


class Signed(Protocol):
    """Who signed in: ids of the organisation and of the user."""

    @property
    def organisation(self) -> str: ...
    @property
    def user(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """An outcome and what it rests on.

    Attributes:
        organisation: id of the only organisation whose changes can make it wrong; empty when any can.
    """

    outcome: Outcome
    organisation: str = ""


class Discovery:
    """Answers the questions of any discovery format."""

    def __init__(
        self,
        store: Store,
        routes: Mapping[str, Endpoints | UrlRedirect],
        own_hosts: Collection[str] = (),
    ) -> None:
        """``routes`` has an entry for every backend that can be named; a ``UrlRedirect`` stands for a foreign
        server that answers AutoDiscover for its own users. ``own_hosts`` are the gateway's, lower case; those
        of its mail domains need not be among them."""
        self._store = store
        self._routes = routes
        self._own_hosts = frozenset(own_hosts)

    def answer(self, enquiry: Enquiry, asker: Signed | None) -> tuple[Outcome, ...]:
        """The outcomes of ``find``."""
        return tuple(finding.outcome for finding in self.find(enquiry.questions, asker))

    def find(self, questions: Sequence[Question], asker: Signed | None) -> tuple[Finding, ...]:
        """One finding for each question. A stranger, ``asker`` None, learns of domains only.

        Raises:
            GatewayError: UNAVAILABLE when the organisation is not Active, INTERNAL when a backend is not
                configured or leads back to this gateway.
        """
        with self._store.read() as transaction:
            directory = transaction.directory
            looking = None if asker is None else _Looking(directory, asker)
            return tuple(self._find(directory, question, looking) for question in questions)

    def site(self, domain: str) -> Outcome:
        """What anybody is told of a mail domain; raises as ``find`` does."""
        return self.find((Question(domain=domain),), None)[0].outcome

    def look_up(self, question: Question, asker: Signed) -> Outcome:
        """What the asker is told; raises as ``find`` does."""
        return self.find((question,), asker)[0].outcome

    def _find(self, directory: Directory, question: Question, looking: "_Looking | None") -> Finding:
        if question.domain:
            return self._site(directory, fold_domain(question.domain))
        if looking is None:
            return Finding(UNKNOWN)
        organisation = looking.organisation
        address = fold(question.address) if len(question.address) <= MAXIMUM_ADDRESS else ""
        if question.legacy_dn or not _domain(address):
            return Finding(UNKNOWN, organisation.id)
        return self._mailbox(directory, address, looking)

    def _site(self, directory: Directory, domain: str) -> Finding:
        """Nothing in it depends on who lives there (T12)."""
        known = directory.domain(domain)
        if known is None:
            return Finding(UNKNOWN)
        organisation = _serving(directory.organisation(known.organisation))
        route = self._route(directory, known.backend or organisation.backend)
        if isinstance(route, Endpoints):
            route_or_site: Outcome = Site(known.name, organisation.name, route, deployment(organisation.id))
        else:
            route_or_site = route
        return Finding(route_or_site, organisation.id)

    def _mailbox(self, directory: Directory, address: str, looking: "_Looking") -> Finding:
        home = looking.organisation.id
        entity = directory.entity_by_address(address)
        domain = directory.domain(_domain(address))
        if not isinstance(entity, User | Resource) or not _enabled(entity) or domain is None:
            return Finding(UNKNOWN, home)
        if domain.organisation != entity.organisation or not looking.may_know(entity):
            return Finding(UNKNOWN, home if not looking.moved else "")
        if isinstance(entity, User) and entity.moved_to:
            return Finding(_moved(directory, entity))
        if _domain(entity.address) != _domain(address):
            return Finding(AddressRedirect(entity.address), home)
        return self._settled(directory, entity, looking)

    def _settled(self, directory: Directory, entity: User | Resource, looking: "_Looking") -> Finding:
        """The mailbox is here, or at the foreign server that serves it."""
        organisation = _serving(directory.organisation(entity.organisation))
        if isinstance(entity, User):
            name, backend = entity.display_name, backend_for(directory, organisation, entity)
        else:
            name, backend = entity.name, backend_of_address(directory, organisation, entity.address)
        rests_on = organisation.id if organisation.id == looking.organisation.id else ""
        route = self._route(directory, backend)
        if isinstance(route, UrlRedirect):
            return Finding(route, rests_on)
        mailbox = Mailbox(entity.address, name, route, deployment(organisation.id))
        if entity.id == looking.user:
            mailbox = replace(mailbox, alternatives=tuple(map(_alternative, looking.open)))
        return Finding(mailbox, rests_on)

    def _route(self, directory: Directory, backend: str) -> Endpoints | UrlRedirect:
        route = self._routes.get(backend)
        if route is None or (isinstance(route, UrlRedirect) and self._is_own(directory, route.url)):
            _log.error("backend %s is not configured, or its autodiscover_url leads back here", backend)
            raise GatewayError(Kind.INTERNAL)
        return route

    def _is_own(self, directory: Directory, url: str) -> bool:
        """Whether clients who ask there would come back to this gateway."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        names = {host, host.removeprefix("autodiscover.")}
        return bool(names & self._own_hosts) or any(directory.domain(name) is not None for name in names)


class _Looking:
    """The asker during one enquiry; what costs a read is read once, and only when it matters."""

    def __init__(self, directory: Directory, asker: Signed) -> None:
        self._directory = directory
        self.user = asker.user
        self.organisation = _serving(directory.organisation(asker.organisation))
        self.moved = False

    @cached_property
    def open(self) -> Sequence[OpenMailbox]:
        """Mailboxes of others that the asker has full access to."""
        return self._directory.mailboxes_open_to(self.user)

    @cached_property
    def _new_home(self) -> "User | Resource | str | None":
        """Where the asker's own mailbox has moved to: clients go on asking with the login of the old one."""
        old = self._directory.user(self.user)
        self.moved = old is not None and bool(old.moved_to)
        if old is None or not old.moved_to or old.state is not UserState.ENABLED:
            return None
        return _end_of_moves(self._directory, old)

    def may_know(self, entity: User | Resource) -> bool:
        """Whether the asker may hear of this mailbox."""
        if entity.id == self.user:
            return True
        if entity.organisation == self.organisation.id and any(
            mailbox.address == entity.address for mailbox in self.open
        ):
            return True
        return isinstance(self._new_home, User | Resource) and self._new_home.id == entity.id


def deployment(organisation: str) -> str:
    """GUID of an organisation's deployment, constant for its life: to its clients it is the whole
    installation, and two tenants cannot be told to share one."""
    return str(uuid5(DEPLOYMENTS, organisation))


def _serving(organisation: Organisation | None) -> Organisation:
    """Only Active serves clients (product 1)."""
    if organisation is None or organisation.state is not OrganisationState.ACTIVE:
        raise GatewayError(Kind.UNAVAILABLE, "This organisation is not active at present.")
    return organisation


def _moved(directory: Directory, user: User) -> Outcome:
    end = _end_of_moves(directory, user)
    if end is None:
        _log.warning("the moves that begin at user %s lead nowhere", user.id)
        return UNKNOWN
    return AddressRedirect(end if isinstance(end, str) else end.address)


def _end_of_moves(directory: Directory, user: User) -> User | Resource | str | None:
    """The mailbox on this gateway, or the address elsewhere, at which the moves end; None for a circle, for
    more of them than any client follows, and for a group."""
    passed = {user.id}
    for _ in range(MAXIMUM_MOVES):
        there = directory.entity_by_address(user.moved_to)
        if there is None:
            return user.moved_to
        if there.id in passed or not isinstance(there, User | Resource):
            return None
        if isinstance(there, Resource) or not there.moved_to:
            return there
        passed.add(there.id)
        user = there
    return None


def _enabled(entity: User | Resource) -> bool:
    return entity.state in (UserState.ENABLED, EntityState.ENABLED)


def _alternative(mailbox: OpenMailbox) -> AlternativeMailbox:
    return AlternativeMailbox(mailbox.address, mailbox.display_name)


def _domain(address: str) -> str:
    return address.rpartition("@")[2] if "@" in address else ""
