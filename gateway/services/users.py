"""Users and their addresses (product 1)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import DETAILS, Actor, AuditTag, Group, Organisation, Scope, User, UserSource, UserState
from gateway.services.acts import Act, Acts, Entry
from gateway.services.addressing import require_free
from gateway.services.departures import record_departures, refuse_pending_wipes
from gateway.services.names import fold, read_typed, require_address, require_text
from gateway.services.password_policy import require_good
from gateway.services.ports import Clock, Directory, KeySource, PasswordHasher, Store, Transaction
from gateway.services.resolution import Resolved, resolve
from gateway.services.routing import backend_for, refuse_endless_moves, require_route
from gateway.services.tenants import found

MAXIMUM_ALIASES = 100
"""Aliases of one user (product 1)."""


class Users:
    """Users of all organisations."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        keys: KeySource,
        passwords: PasswordHasher,
        *,
        backends: Collection[str],
    ) -> None:
        """``backends``: names in the configuration."""
        self._store = store
        self._backends = backends
        self._acts = Acts(store, clock)
        self._keys = keys
        self._passwords = passwords

    def get(self, id_or_address: str) -> User:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return find_user(transaction, id_or_address)

    def place(self, id_or_address: str) -> tuple[str, Sequence[Group]]:
        """Name of the backend that has the user's mailbox, and the enabled groups around the user."""
        with self._store.read() as transaction:
            user = find_user(transaction, id_or_address)
            home = found(transaction, user.organisation)
            directory = transaction.directory
            return backend_for(directory, home, user), directory.groups_of(user.id)

    def list(self, id_or_alias: str, *, after: str = "", limit: int = 100) -> Sequence[User]:
        with self._store.read() as transaction:
            organisation = found(transaction, id_or_alias)
            return transaction.directory.users(organisation.id, after=after, limit=limit)

    def create(
        self,
        actor: Actor,
        id_or_alias: str,
        address: str,
        *,
        display_name: str = "",
        password: str | None = None,
    ) -> User:
        """Make a user of the organisation's source; ``password`` for source ``local`` only, and needed there.

        Raises:
            GatewayError: MALFORMED for a weak password or a wrong address, CONFLICT for an address in use.
        """
        hashed = self._hashed(password) if password is not None else None
        act = Act(AuditTag.USER_CREATED, actor, self._organisation_id(id_or_alias), address)

        def work(entry: Entry) -> User:
            organisation = found(entry.transaction, id_or_alias)
            require_password_place(organisation.user_source, hashed is not None)
            user = self._new(entry, organisation, address, display_name or address)
            return _added(entry, replace(user, password_hash=hashed))

        return self._acts.perform(act, work)

    def appear(self, actor: Actor, organisation: str, address: str) -> User:
        """Make the row of a user whom the backend has just let in for the first time, or return the one that
        a simultaneous login made."""
        act = Act(AuditTag.USER_APPEARED, actor, organisation, address)

        def work(entry: Entry) -> User:
            known = entry.transaction.directory.user_by_address(fold(address))
            if known is not None and known.organisation == organisation:
                return known
            return _added(entry, self._new(entry, found(entry.transaction, organisation), address, address))

        return self._acts.perform(act, work)

    def set_state(self, actor: Actor, id_or_address: str, state: UserState) -> User:
        """Disable or enable; the change feed carries it to every process and long poll."""
        return self._changed(actor, id_or_address, lambda _, user: replace(user, state=state))

    def set_password(self, actor: Actor, id_or_address: str, password: str) -> User:
        """Raises GatewayError UNSUPPORTED for a user whose password lives elsewhere."""
        hashed = self._hashed(password)

        def work(_: Entry, user: User) -> User:
            if user.source is not UserSource.LOCAL:
                raise _elsewhere()
            return replace(user, password_hash=hashed)

        return self._changed(actor, id_or_address, work)

    def set_aliases(self, actor: Actor, id_or_address: str, aliases: Sequence[str]) -> User:
        """Replace the aliases; each in a domain of the organisation and nobody else's."""

        def work(entry: Entry, user: User) -> User:
            return _with_aliases(entry, user, aliases)

        return self._changed(actor, id_or_address, work)

    def add_alias(self, actor: Actor, id_or_address: str, alias: str) -> User:
        """Give the user one more address."""

        def work(entry: Entry, user: User) -> User:
            return _with_aliases(entry, user, (*user.aliases, alias))

        return self._changed(actor, id_or_address, work)

    def remove_alias(self, actor: Actor, id_or_address: str, alias: str) -> User:
        """Take an alias away. Raises GatewayError NOT_FOUND when the user has none such."""

        def work(_: Entry, user: User) -> User:
            _require_alias_of(user, fold(alias))
            return replace(user, aliases=tuple(each for each in user.aliases if each != fold(alias)))

        return self._changed(actor, id_or_address, work)

    def set_primary(self, actor: Actor, id_or_address: str, alias: str) -> User:
        """Let an alias and the primary address change places; the login stays what the backend knows."""

        def work(_: Entry, user: User) -> User:
            chosen = fold(alias)
            if chosen == user.address:
                return user
            _require_alias_of(user, chosen)
            aliases = tuple(user.address if each == chosen else each for each in user.aliases)
            return replace(user, address=chosen, aliases=aliases)

        return self._changed(actor, id_or_address, work)

    def set_details(
        self,
        actor: Actor,
        id_or_address: str,
        details: Mapping[str, str],
        *,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> User:
        """Change the details that are named in ``details`` (``records.DETAILS``) and the names that are
        given; an empty text takes one away. Raises GatewayError UNSUPPORTED where they are kept elsewhere."""
        tidy = _read_details(details)
        names = {"first_name": first_name, "last_name": last_name}
        given: dict[str, Any] = {
            name: _optional(name, text) for name, text in names.items() if text is not None
        }

        def work(_: Entry, user: User) -> User:
            if user.source is not UserSource.LOCAL:
                raise _elsewhere("data")
            merged = {name: text for name, text in {**user.details, **tidy}.items() if text}
            return replace(user, details=MappingProxyType(merged), **given)

        return self._changed(actor, id_or_address, work)

    def set_route(self, actor: Actor, id_or_address: str, backend: str) -> User:
        """Let another backend have the user's mailbox; empty follows groups, domain and organisation again.
        Raises GatewayError MALFORMED for a backend that is not configured."""

        def work(_: Entry, user: User) -> User:
            return replace(user, backend=require_route(self._backends, backend))

        return self._changed(actor, id_or_address, work)

    def move(self, actor: Actor, id_or_address: str, moved_to: str) -> User:
        """Let discovery lead to an address in another organisation or on another server; empty ends it.

        Raises:
            GatewayError: MALFORMED for an address of the same organisation or of a group or resource,
                CONFLICT for a chain of moves that does not end.
        """

        def work(entry: Entry, user: User) -> User:
            moved = replace(user, moved_to=require_address(moved_to) if moved_to else "")
            if moved.moved_to:
                _require_move(entry.transaction.directory, moved)
            return moved

        return self._changed(actor, id_or_address, work)

    def set_display_name(self, actor: Actor, id_or_address: str, display_name: str) -> User:
        """Change the name that people see."""
        tidy = require_text("display_name", display_name)
        return self._changed(actor, id_or_address, lambda _, user: replace(user, display_name=tidy))

    def remove(self, actor: Actor, id_or_address: str) -> None:
        """Remove a user with all devices; CONFLICT while a wipe of one is pending."""

        def work(entry: Entry) -> None:
            user = find_user(entry.transaction, id_or_address)
            refuse_pending_wipes(entry.transaction, user.organisation, user.id)
            record_departures(entry, user.organisation, user.id)
            entry.transaction.directory.remove_user(user.id)
            entry.record(target=user.id, before=shown(user))
            entry.announce(Scope.USER, user.organisation, user.id)

        self._acts.perform(self._act(AuditTag.USER_REMOVED, actor, id_or_address), work)

    def resolve(self, name: str, hint: str = "") -> Resolved | None:
        """Whom ``user@domain``, ``DOMAIN\\user`` or a bare ``user`` means; None for nobody.

        Args:
            name: as typed.
            hint: mail domain to look in for a bare name, where the request tells one.
        """
        typed = read_typed(name)
        if typed is None:
            return None
        with self._store.read() as transaction:
            return resolve(transaction.directory, typed, fold(hint))

    def _hashed(self, password: str) -> str:
        require_good(password)
        return self._passwords.hash(password)

    def _organisation_id(self, id_or_alias: str) -> str:
        with self._store.read() as transaction:
            organisation = transaction.directory.organisation(id_or_alias)
        return organisation.id if organisation else ""

    def _act(self, tag: AuditTag, actor: Actor, id_or_address: str) -> Act:
        with self._store.read() as transaction:
            user = transaction.directory.user(id_or_address) or transaction.directory.user_by_address(
                fold(id_or_address)
            )
        return Act(tag, actor, user.organisation if user else "", user.id if user else id_or_address)

    def _new(self, entry: Entry, organisation: Organisation, address: str, display_name: str) -> User:
        folded = require_free(entry.transaction.directory, organisation.id, address)
        return User(
            id=self._keys.identity("u-"),
            organisation=organisation.id,
            login=folded.rpartition("@")[0],
            address=folded,
            display_name=require_text("display_name", display_name),
            source=organisation.user_source,
        )

    def _changed(self, actor: Actor, id_or_address: str, work: Callable[[Entry, User], User]) -> User:
        def change(entry: Entry) -> User:
            before = find_user(entry.transaction, id_or_address)
            after = work(entry, before)
            if after != before:
                if after.moved_to and after.aliases != before.aliases:
                    refuse_endless_moves(entry.transaction.directory, after)
                entry.transaction.directory.save_user(after)
                entry.record(target=after.id, before=shown(before), after=shown(after, before))
                entry.announce(Scope.USER, after.organisation, after.id)
            return after

        return self._acts.perform(self._act(AuditTag.USER_CHANGED, actor, id_or_address), change)


def find_user(transaction: Transaction, id_or_address: str) -> User:
    """The user, or GatewayError NOT_FOUND."""
    directory = transaction.directory
    user = directory.user(id_or_address) or directory.user_by_address(fold(id_or_address))
    if user is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such user.")
    return user


def require_password_place(source: UserSource, given: bool) -> None:
    """A password belongs to the built-in directory and to no other."""
    if source is UserSource.LOCAL and not given:
        raise GatewayError(
            Kind.MALFORMED, "A password is needed.", faults={"password": "A password is needed."}
        )
    if source is not UserSource.LOCAL and given:
        raise _elsewhere()


def shown(user: User, before: User | None = None) -> dict[str, Any]:
    """A user as the audit trail shows it: no hash, only that the password was changed."""
    view: dict[str, Any] = {
        "address": user.address,
        "aliases": list(user.aliases),
        "display_name": user.display_name,
        "source": user.source.value,
        "state": user.state.value,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "backend": user.backend,
        "moved_to": user.moved_to,
        "details": dict(user.details),
    }
    changed = before is not None and before.password_hash != user.password_hash
    return view | {"password": "changed"} if changed else view


def _added(entry: Entry, user: User) -> User:
    entry.transaction.directory.add_user(user)
    entry.record(target=user.id, organisation=user.organisation, after=shown(user))
    entry.announce(Scope.USER, user.organisation, user.id)
    return user


def _with_aliases(entry: Entry, user: User, aliases: Sequence[str]) -> User:
    wanted = tuple(dict.fromkeys(require_address(alias) for alias in aliases))
    if len(wanted) > MAXIMUM_ALIASES:
        raise GatewayError(Kind.CONFLICT, f"A user has at most {MAXIMUM_ALIASES} aliases.")
    for alias in wanted:
        require_free(entry.transaction.directory, user.organisation, alias, user.id)
    return replace(user, aliases=tuple(alias for alias in wanted if alias != user.address))


def _require_alias_of(user: User, alias: str) -> None:
    if alias not in user.aliases:
        raise GatewayError(Kind.NOT_FOUND, "The user has no such alias.")


def _optional(field: str, text: str) -> str:
    return require_text(field, text) if text.strip() else ""


def _elsewhere(what: str = "password") -> GatewayError:
    fault = f"The {what} of this user is kept by the mail server and has to be changed there."
    return GatewayError(Kind.UNSUPPORTED, fault)


def _read_details(details: Mapping[str, str]) -> dict[str, str]:
    """Details in their stored form, empty ones left in to be taken away; GatewayError MALFORMED."""
    unknown = {name: f"Known are: {', '.join(DETAILS)}." for name in details if name not in DETAILS}
    if unknown:
        raise GatewayError(Kind.MALFORMED, "There is no such detail.", faults=unknown)
    return {name: _optional(name, text) for name, text in details.items()}


def _require_move(directory: Directory, user: User) -> None:
    """A move leads out of the organisation, to no group or resource, and not in a circle."""
    domain = directory.domain(user.moved_to.rpartition("@")[2])
    if domain is not None and domain.organisation == user.organisation:
        fault = "The address is in this organisation: give the user a route instead."
        raise GatewayError(Kind.MALFORMED, fault, faults={"moved_to": fault})
    there = directory.entity_by_address(user.moved_to)
    if there is not None and not isinstance(there, User):
        fault = "The address is no person's."
        raise GatewayError(Kind.MALFORMED, fault, faults={"moved_to": fault})
    refuse_endless_moves(directory, user)
