"""What may become of a user (product 1): each change as a step from the stored user to the next one.

All steps of one request run in one act: what is refused has changed nothing, and the trail has one record.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import DETAILS, User, UserSource, UserState
from gateway.services.addressing import require_free
from gateway.services.directory_ports import Directory
from gateway.services.names import fold, require_address, require_text
from gateway.services.routing import refuse_endless_moves, require_route

MAXIMUM_ALIASES = 100
"""Aliases of one user (product 1)."""


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What an administrator sets of a user; None leaves it as it is. See ``records.User``.

    Attributes:
        address: one of the aliases, which becomes the primary address and the primary address an alias.
        aliases: all further addresses, in place of those that were there.
        added_alias, removed_alias: one of them.
        details: those that change; an empty text takes one away.
        backend, moved_to: empty takes the route or the redirect away.
    """

    display_name: str | None = None
    state: UserState | None = None
    address: str | None = None
    aliases: Sequence[str] | None = None
    added_alias: str | None = None
    removed_alias: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    details: Mapping[str, str] | None = None
    backend: str | None = None
    moved_to: str | None = None
    only_listed: bool | None = None


def changed(
    directory: Directory, user: User, changes: UserChanges, hashed: str | None, backends: Collection[str]
) -> User:
    """The user after ``changes``, with the password hash ``hashed`` where there is one.

    Raises:
        GatewayError: UNSUPPORTED for what is kept elsewhere; MALFORMED, CONFLICT and NOT_FOUND as the fields
            say.
    """
    if hashed is not None:
        _require_here(user, "password")
        user = replace(user, password_hash=hashed)
    user = _with_details(user, changes)
    addressed = _with_addresses(directory, user, changes)
    moved = _with_place(directory, addressed, changes, backends)
    if moved.moved_to and (moved.moved_to, moved.aliases) != (user.moved_to, user.aliases):
        refuse_endless_moves(directory, moved)
    if changes.display_name is not None:
        moved = replace(moved, display_name=require_text("display_name", changes.display_name))
    if changes.only_listed is not None:
        moved = replace(moved, only_listed=changes.only_listed)
    return moved if changes.state is None else replace(moved, state=changes.state)


def elsewhere(what: str) -> GatewayError:
    """Why something of a user of the mail server is not changed here (product 1)."""
    fault = f"The {what} of this user is kept by the mail server and has to be changed there."
    return GatewayError(Kind.UNSUPPORTED, fault)


def _require_here(user: User, what: str) -> None:
    if user.source is not UserSource.LOCAL:
        raise elsewhere(what)


def _with_details(user: User, changes: UserChanges) -> User:
    names = {"first_name": changes.first_name, "last_name": changes.last_name}
    given: dict[str, Any] = {name: _optional(name, text) for name, text in names.items() if text is not None}
    if changes.details is not None:
        merged = dict(user.details) | _read_details(changes.details)
        given["details"] = MappingProxyType({name: text for name, text in merged.items() if text})
    if given:
        _require_here(user, "name or detail")
    return replace(user, **given)


def _read_details(details: Mapping[str, str]) -> dict[str, str]:
    unknown = {name: f"Known are: {', '.join(DETAILS)}." for name in details if name not in DETAILS}
    if unknown:
        raise GatewayError(Kind.MALFORMED, "There is no such detail.", faults=unknown)
    return {name: _optional(name, text) for name, text in details.items()}


def _optional(field: str, text: str) -> str:
    return require_text(field, text) if text.strip() else ""


def _with_addresses(directory: Directory, user: User, changes: UserChanges) -> User:
    if changes.address is not None:
        user = _with_primary(user, fold(changes.address))
    if changes.aliases is not None:
        user = _with_aliases(directory, user, changes.aliases)
    if changes.added_alias is not None:
        user = _with_aliases(directory, user, (*user.aliases, changes.added_alias))
    if changes.removed_alias is not None:
        gone = fold(changes.removed_alias)
        _require_alias(user, gone)
        user = replace(user, aliases=tuple(alias for alias in user.aliases if alias != gone))
    return user


def _with_primary(user: User, chosen: str) -> User:
    if chosen == user.address:
        return user
    _require_alias(user, chosen)
    aliases = tuple(user.address if alias == chosen else alias for alias in user.aliases)
    return replace(user, address=chosen, aliases=aliases)


def _require_alias(user: User, alias: str) -> None:
    if alias not in user.aliases:
        raise GatewayError(Kind.NOT_FOUND, "The user has no such alias.")


def _with_aliases(directory: Directory, user: User, aliases: Sequence[str]) -> User:
    wanted = tuple(dict.fromkeys(require_address(alias) for alias in aliases))
    if len(wanted) > MAXIMUM_ALIASES:
        raise GatewayError(Kind.CONFLICT, f"A user has at most {MAXIMUM_ALIASES} aliases.")
    for alias in wanted:
        require_free(directory, user.organisation, alias, user.id)
    return replace(user, aliases=tuple(alias for alias in wanted if alias != user.address))


def _with_place(directory: Directory, user: User, changes: UserChanges, backends: Collection[str]) -> User:
    if changes.backend is not None:
        user = replace(user, backend=require_route(backends, changes.backend))
    if changes.moved_to is not None:
        target = require_address(changes.moved_to) if changes.moved_to else ""
        user = replace(user, moved_to=target)
        _require_outside(directory, user)
    return user


def _require_outside(directory: Directory, user: User) -> None:
    """A move leads out of the organisation, and to no group or resource."""
    domain = directory.domain(user.moved_to.rpartition("@")[2])
    if domain is not None and domain.organisation == user.organisation:
        raise _malformed_move("The address is in this organisation: give the user a route instead.")
    there = directory.entity_by_address(user.moved_to)
    if there is not None and not isinstance(there, User):
        raise _malformed_move("The address is no person's.")


def _malformed_move(fault: str) -> GatewayError:
    return malformed("moved_to", fault)
