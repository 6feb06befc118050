"""Users and their addresses (product 1)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, Group, Organisation, Scope, User, UserSource, UserState
from gateway.services.acts import Act, Acts, Entry
from gateway.services.addressing import require_free
from gateway.services.departures import record_departures, refuse_pending_wipes
from gateway.services.names import fold, read_typed, require_text
from gateway.services.password_policy import require_good
from gateway.services.ports import Clock, KeySource, PasswordHasher, Store, Transaction
from gateway.services.resolution import Resolved, resolve
from gateway.services.rollout import reconsider_user
from gateway.services.routing import backend_for, require_opened
from gateway.services.tenants import found, trail_of
from gateway.services.user_changes import UserChanges, changed, elsewhere

NO_CHANGES = UserChanges()


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
        by_login: Collection[str] = (),
    ) -> None:
        """``backends``: names in the configuration; ``by_login``: those of them that know a user by the name
        before the ``@`` alone."""
        self._by_login = by_login
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
        changes: UserChanges = NO_CHANGES,
    ) -> User:
        """Make a user of the organisation's source; ``password`` for source ``local`` only, and needed there.
        ``changes`` is what else the user is made with, all of it or nothing.

        Raises:
            GatewayError: MALFORMED for a weak password or a wrong address, CONFLICT for an address in use.
        """
        hashed = self._hashed(password) if password is not None else None
        act = Act(AuditTag.USER_CREATED, actor, trail_of(self._store, id_or_alias), address)

        def work(entry: Entry) -> User:
            organisation = found(entry.transaction, id_or_alias)
            require_password_place(organisation.user_source, hashed is not None)
            user = self._new(entry, organisation, address, display_name or address)
            user = changed(entry.transaction.directory, user, changes, None, self._backends)
            require_opened(entry.transaction, organisation, "", user.backend)
            return _added(entry, replace(user, password_hash=hashed))

        return self._acts.perform(act, work)

    def appear(self, actor: Actor, organisation: str, address: str) -> User:
        """Make the row of a user whom the backend has just let in for the first time, or return the one that
        a simultaneous login made."""
        act = Act(AuditTag.USER_APPEARED, actor, organisation, address)

        def work(entry: Entry) -> User:
            typed = read_typed(address)
            known = typed and resolve(entry.transaction.directory, typed, "", self._by_login)
            if known and known.user is not None and known.organisation.id == organisation:
                return known.user
            return _added(entry, self._new(entry, found(entry.transaction, organisation), address, address))

        return self._acts.perform(act, work)

    def change(
        self, actor: Actor, id_or_address: str, changes: UserChanges, *, password: str | None = None
    ) -> User:
        """Change what is given, all or nothing; the change feed carries it to every process and long poll.

        Raises:
            GatewayError: UNSUPPORTED for a password or details that are kept elsewhere; MALFORMED, CONFLICT
                or NOT_FOUND as ``UserChanges`` says.
        """
        hashed = self._hashed(password) if password is not None else None

        def work(entry: Entry) -> User:
            before = find_user(entry.transaction, id_or_address)
            after = changed(entry.transaction.directory, before, changes, hashed, self._backends)
            home = found(entry.transaction, after.organisation)
            require_opened(entry.transaction, home, before.backend, after.backend)
            if after != before:
                entry.transaction.directory.save_user(after)
                if hashed is not None:  # whoever knew the old one may have made some, and may sit there still
                    entry.transaction.app_passwords.remove_all(after.id)
                    entry.transaction.self_sessions.end_all(after.id)
                entry.record(target=after.id, before=shown(before), after=shown(after, before))
                entry.announce(Scope.USER, after.organisation, after.id)
                if _domain(after) != _domain(before):
                    reconsider_user(entry, after.organisation, after.id)
            return after

        return self._acts.perform(self._act(AuditTag.USER_CHANGED, actor, id_or_address), work)

    def set_state(self, actor: Actor, id_or_address: str, state: UserState) -> User:
        """Disable or enable; it holds on the next request of every device."""
        return self.change(actor, id_or_address, UserChanges(state=state))

    def set_password(self, actor: Actor, id_or_address: str, password: str) -> User:
        """Raises GatewayError UNSUPPORTED for a user whose password lives elsewhere."""
        return self.change(actor, id_or_address, UserChanges(), password=password)

    def set_aliases(self, actor: Actor, id_or_address: str, aliases: Sequence[str]) -> User:
        """Replace the aliases; each in a domain of the organisation and nobody else's."""
        return self.change(actor, id_or_address, UserChanges(aliases=aliases))

    def set_display_name(self, actor: Actor, id_or_address: str, display_name: str) -> User:
        """Change the name that people see."""
        return self.change(actor, id_or_address, UserChanges(display_name=display_name))

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
            return resolve(transaction.directory, typed, fold(hint), self._by_login)

    def _hashed(self, password: str) -> str:
        require_good(password)
        return self._passwords.hash(password)

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
        raise malformed("password", "A password is needed.")
    if source is not UserSource.LOCAL and given:
        raise elsewhere("password")


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
        "only_listed": user.only_listed,
    }
    renewed = before is not None and before.password_hash != user.password_hash
    return view | {"password": "changed"} if renewed else view


def _domain(user: User) -> str:
    """That of the primary address: a policy may hold for it (product 4.2)."""
    return user.address.rpartition("@")[2]


def _added(entry: Entry, user: User) -> User:
    entry.transaction.directory.add_user(user)
    entry.record(target=user.id, organisation=user.organisation, after=shown(user))
    entry.announce(Scope.USER, user.organisation, user.id)
    return user
