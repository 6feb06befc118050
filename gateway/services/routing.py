"""Which backend serves whom (product 1, interoperability), so that half a company can stay on one server
while the other half has moved.

The nearest word counts: the user's own route, a group's, the domain's, the organisation's. The proxy, the
password check and discovery all ask here. A mailbox that has left for another organisation or server is
followed as well: a chain of moves must end.
"""

from collections.abc import Collection, Sequence

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Group, Organisation, User
from gateway.services.directory_ports import Directory
from gateway.services.ports import Transaction

MAXIMUM_MOVES = 10
"""Redirects that a client follows at most (spec/autodiscover.md 6), and so the longest chain of moves."""

NOT_OPENED = "The organisation does not have this backend; to open one takes the whole gateway."


def backend_for(directory: Directory, organisation: Organisation, user: User) -> str:
    """Name of the backend that has the user's mailbox: the user's or a group's route, else that of the
    address."""
    own = user.backend or own_route(user, directory.groups_of(user.id))
    return own or backend_of_address(directory, organisation, user.address)


def own_route(user: User, groups: Sequence[Group]) -> str:
    """The user's route, else that of the group with the highest priority, ties by name; empty without one.

    Args:
        groups: the enabled ones around the user, nested ones included.
    """
    routed = [group for group in groups if group.backend]
    return user.backend or (min(routed, key=_rank).backend if routed else "")


def backend_of_address(directory: Directory, organisation: Organisation, address: str) -> str:
    """Name of the backend for an address whose user is not known: the domain's route, else the
    organisation's."""
    domain = directory.any_domain(address.rpartition("@")[2])
    if domain is not None and domain.organisation == organisation.id and domain.backend:
        return domain.backend
    return organisation.backend


def require_route(backends: Collection[str], name: str) -> str:
    """The name of a configured backend, or empty for no route of its own. GatewayError MALFORMED."""
    if name and name not in backends:
        raise malformed("backend", f"No backend of that name is configured; known: {', '.join(backends)}.")
    return name


def require_opened(transaction: Transaction, home: Organisation, before: str, after: str) -> None:
    """A backend that comes in place of another one is the organisation's already: its own, or one of its
    domains'. To open another one is for who is given the whole gateway: what stands behind it may be somebody
    else's mail, and be told who asks on the gateway's word alone (T25, T35).

    Raises:
        GatewayError: FORBIDDEN.
    """
    if not after or after == before or transaction.reach.everything:
        return
    domains = transaction.directory.domains(home.id)
    if after not in {home.backend, *(domain.backend for domain in domains)}:
        raise GatewayError(Kind.FORBIDDEN, NOT_OPENED, faults={"backend": NOT_OPENED})


def refuse_endless_moves(directory: Directory, user: User) -> None:
    """Raise CONFLICT when the moves that begin at ``user``, as it is about to be stored, lead back to it or
    through too many mailboxes."""
    own = {user.address, *user.aliases}
    address = user.moved_to
    for _ in range(MAXIMUM_MOVES):
        if address in own:
            raise _conflict("The redirect would lead back to this user.")
        there = directory.entity_by_address(address)
        if not isinstance(there, User) or not there.moved_to:
            return
        address = there.moved_to
    raise _conflict(f"The redirect would lead through more than {MAXIMUM_MOVES} mailboxes.")


def _rank(group: Group) -> tuple[int, str]:
    return -group.priority, group.name


def _conflict(fault: str) -> GatewayError:
    return GatewayError(Kind.CONFLICT, fault, faults={"moved_to": fault})
