"""Administrators as whoever may administer them sees and changes them (product 7.6; T9, T25).

The store holds no account that is out of reach; within it nobody gives more than they hold
(``services.appointing``), and the last owner of the whole gateway stays one. What an account does to itself
is ``services.own_account``: one's own password, second factor and person are nothing to be set from here, so
that a session that was left open is not enough for it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator, AdministratorState
from gateway.records.authority import Appointment, Authority
from gateway.services.account_records import home_of, shown
from gateway.services.acts import Act, Acts, Entry
from gateway.services.appointing import placed, require_covered, require_no_more_than
from gateway.services.names import fold, optional_address, require_text
from gateway.services.ousting import oust
from gateway.services.password_policy import require_good
from gateway.services.ports import Clock, KeySource, PasswordHasher, Store, Transaction
from gateway.services.second_factors import without
from gateway.services.vouching import (
    YOURSELF,
    hands_over,
    oneself,
    require_known_persons,
    require_vouching,
    vouched,
)
from gateway.services.wipe_guards import keep_counted

T = TypeVar("T")

MAXIMUM_NAME = 254
RESERVED = frozenset(("bootstrap", "nobody", "system"))
"""Names that the trail uses for others than administrators."""

_NAME = re.compile(r"[\w.@+-]{1,254}")
_ID = re.compile(r"a-[0-9a-f]{32}")

NAME_FORM = f"1 to {MAXIMUM_NAME} letters, digits and any of . @ + - _"
LAST_OWNER = "This is the last owner of the whole gateway who can act; appoint another one first."


@dataclass(frozen=True, slots=True)
class NewAdministrator:
    """An account to be made; without a password it cannot sign in with one."""

    name: str
    appointments: Sequence[Appointment]
    display_name: str = ""
    address: str = ""
    password: str | None = None


@dataclass(frozen=True, slots=True)
class AdministratorChanges:
    """What is to be different; None leaves it as it is. ``issuer`` and ``subject`` go together: by them an
    identity provider's user becomes this account."""

    display_name: str | None = None
    address: str | None = None
    state: AdministratorState | None = None
    issuer: str | None = None
    subject: str | None = None


class Administrators:
    """The accounts within reach; every act is recorded, refused ones too."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, passwords: PasswordHasher) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys
        self._passwords = passwords

    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[Administrator]:
        """By name, after that name."""
        with self._store.read() as transaction:
            return transaction.administrators.list(after=after, limit=limit)

    def get(self, id_or_name: str) -> Administrator:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return _found(transaction, id_or_name)

    def create(self, actor: Actor, authority: Authority, new: NewAdministrator) -> Administrator:
        """Make an account.

        Raises:
            GatewayError: MALFORMED for a name, address, password or place that is none, and for no
                appointment; CONFLICT for a name that is taken; FORBIDDEN for more than the maker holds.
        """
        name = require_name(new.name)
        hashed = self._hashed(new.password)

        def work(entry: Entry) -> Administrator:
            records = entry.transaction.administrators
            if records.named(name) is not None:
                raise GatewayError(Kind.CONFLICT, "The name is taken.", faults={"name": "The name is taken."})
            given = _placed(entry, authority, new.appointments)
            identity = self._keys.identity("a-")
            account = Administrator(
                identity,
                name,
                require_text("display_name", new.display_name or name),
                entry.now,
                actor.name,
                identity,
                optional_address(new.address),
                password_hash=hashed,
                vouched_by=authority.account,
                vouched_at=entry.now,
                appointments=given,
            )
            records.add(account)
            entry.record(organisation=home_of(account), target=identity, after=shown(account))
            return account

        return self._acts.perform(Act(AuditTag.ADMINISTRATOR_CREATED, actor, "", name), work)

    def change(
        self, actor: Actor, authority: Authority, id_or_name: str, changes: AdministratorChanges
    ) -> Administrator:
        """Change what is given; a disabled account's sessions end and its tokens hold nothing. Both end with
        the provider's user that an account had: whoever that is may be in it.

        Raises:
            GatewayError: MALFORMED, NOT_FOUND; FORBIDDEN for who may sign in as an account that may do more
                than who asks; CONFLICT for one's own identity, the last owner, and persons that would part.
        """

        def work(entry: Entry, before: Administrator) -> Administrator:
            after = _changed(before, changes)
            # Before it is vouched for: what makes it one with who changes it ends in a day.
            require_known_persons(entry, before, after)
            if (after.issuer, after.subject) != (before.issuer, before.subject):
                require_vouching(authority, before)
                after = vouched(entry, authority, after)
            elif hands_over(authority, before, after):
                require_no_more_than(authority, before)
                after = vouched(entry, authority, after)
            saved = _saved(entry, before, after)
            if before.subject and (saved.issuer, saved.subject) != (before.issuer, before.subject):
                oust(entry, saved)
            return saved

        return self._on(AuditTag.ADMINISTRATOR_CHANGED, actor, id_or_name, work)

    def remove(self, actor: Actor, id_or_name: str) -> None:
        """Remove an account with its tokens and sessions; CONFLICT for the last owner of the gateway, and
        for one without which nobody could tell any more that others are one person's."""

        def work(entry: Entry, before: Administrator) -> None:
            _require_owner_left(entry, before, None)
            require_known_persons(entry, before, None)
            keep_counted(entry, before)
            entry.transaction.administrators.remove(before.id)
            entry.record(before=shown(before))

        self._on(AuditTag.ADMINISTRATOR_REMOVED, actor, id_or_name, work)

    def set_password(
        self, actor: Actor, authority: Authority, id_or_name: str, password: str
    ) -> Administrator:
        """Give another account a password; its sessions and its tokens end.

        Raises:
            GatewayError: MALFORMED where the password policy is broken; FORBIDDEN for an account that may do
                more than who asks; CONFLICT for one's own.
        """
        hashed = self._hashed(password)

        def work(entry: Entry, before: Administrator) -> Administrator:
            require_vouching(authority, before)
            after = replace(before, password_hash=hashed, password_until=None)
            return _became_anothers(entry, before, vouched(entry, authority, after))

        return self._on(AuditTag.PASSWORD_SET, actor, id_or_name, work)

    def reset_second_factor(self, actor: Actor, authority: Authority, id_or_name: str) -> Administrator:
        """Take another account's second factor, passkeys and recovery codes away, as when the phone is lost;
        its sessions and tokens end. It enrols a new one at its next sign-in. Errors as ``set_password``."""

        def work(entry: Entry, before: Administrator) -> Administrator:
            require_vouching(authority, before)
            entry.transaction.passkeys.remove_all(before.id)
            return _became_anothers(entry, before, vouched(entry, authority, without(before)))

        return self._on(AuditTag.SECOND_FACTOR_RESET, actor, id_or_name, work)

    def appoint(
        self, actor: Actor, authority: Authority, id_or_name: str, appointment: Appointment
    ) -> Administrator:
        """Give an account a role within a scope; FORBIDDEN for more than who asks holds."""

        def work(entry: Entry, before: Administrator) -> Administrator:
            (given,) = _placed(entry, authority, [appointment])
            if given in before.appointments:
                return before
            return _saved(entry, before, replace(before, appointments=(*before.appointments, given)))

        return self._on(AuditTag.ADMINISTRATOR_APPOINTED, actor, id_or_name, work)

    def dismiss(self, actor: Actor, id_or_name: str, appointment: Appointment) -> Administrator:
        """Take a role away; what tokens of the account had by it is gone with it.

        Raises:
            GatewayError: NOT_FOUND for a role that the account has not; CONFLICT for its only one and for
                the last owner of the gateway.
        """

        def work(entry: Entry, before: Administrator) -> Administrator:
            taken = placed(entry.transaction, appointment)
            left = tuple(each for each in before.appointments if each != taken)
            if left == before.appointments:
                raise GatewayError(Kind.NOT_FOUND, "The account has no such appointment.")
            if not left:
                raise GatewayError(
                    Kind.CONFLICT, "It is the only appointment: disable or remove the account."
                )
            return _saved(entry, before, replace(before, appointments=left))

        return self._on(AuditTag.ADMINISTRATOR_DISMISSED, actor, id_or_name, work)

    def link(self, actor: Actor, id_or_name: str, to: str) -> Administrator:
        """Say that two accounts, and all that are linked to either, belong to one person."""

        def work(entry: Entry, before: Administrator) -> Administrator:
            person = _found(entry.transaction, to).person
            for each in entry.transaction.administrators.of_person(before.person):
                entry.transaction.administrators.save(replace(each, person=person))
            return _told(entry, before, replace(before, person=person))

        return self._on(AuditTag.ADMINISTRATOR_LINKED, actor, id_or_name, work)

    def unlink(self, actor: Actor, authority: Authority, id_or_name: str) -> Administrator:
        """Say that an account belongs to a person of its own.

        Raises:
            GatewayError: CONFLICT for one's own person, or by an account that one made lately: who could then
                approve what they asked for; FORBIDDEN where an account of the person is out of reach.
        """

        def work(entry: Entry, before: Administrator) -> Administrator:
            records = entry.transaction.administrators
            if before.person in oneself(entry, authority).persons:
                raise GatewayError(Kind.CONFLICT, YOURSELF)
            others = [each for each in records.of_person(before.person) if each.id != before.id]
            if any(records.get(each.id) is None for each in others):
                raise GatewayError(Kind.FORBIDDEN, "Another account of this person is out of your reach.")
            for each in others if before.person == before.id else ():
                records.save(replace(each, person=others[0].id))
            return _saved(entry, before, replace(before, person=before.id))

        return self._on(AuditTag.ADMINISTRATOR_LINKED, actor, id_or_name, work)

    def _on(
        self,
        tag: AuditTag,
        actor: Actor,
        id_or_name: str,
        work: Callable[[Entry, Administrator], T],
    ) -> T:
        with self._store.read() as transaction:
            known = transaction.administrators.get(_key(id_or_name))
        act = Act(tag, actor, home_of(known), known.id if known else id_or_name)
        return self._acts.perform(act, lambda entry: work(entry, _found(entry.transaction, id_or_name)))

    def _hashed(self, password: str | None) -> str | None:
        if password is None:
            return None
        require_good(password)
        return self._passwords.hash(password)


def require_name(name: str) -> str:
    """A sign-in name, folded: nothing that the trail could take for somebody else."""
    folded = fold(name)
    if not _NAME.fullmatch(folded) or _ID.fullmatch(folded) or folded in RESERVED:
        raise malformed("name", NAME_FORM)
    return folded


def _key(id_or_name: str) -> str:
    return id_or_name if _ID.fullmatch(id_or_name) else fold(id_or_name)


def _found(transaction: Transaction, id_or_name: str) -> Administrator:
    account = transaction.administrators.get(_key(id_or_name))
    if account is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such administrator.")
    return account


def _placed(
    entry: Entry, authority: Authority, appointments: Sequence[Appointment]
) -> tuple[Appointment, ...]:
    if not appointments:
        raise malformed("appointments", "At least one appointment is needed.")
    given = tuple(dict.fromkeys(placed(entry.transaction, each) for each in appointments))
    require_covered(authority, given)
    return given


def _changed(account: Administrator, changes: AdministratorChanges) -> Administrator:
    if changes.display_name is not None:
        account = replace(account, display_name=require_text("display_name", changes.display_name))
    if changes.address is not None:
        account = replace(account, address=optional_address(changes.address))
    if changes.state is not None:
        account = replace(account, state=changes.state)
    issuer = account.issuer if changes.issuer is None else changes.issuer.strip()
    subject = account.subject if changes.subject is None else changes.subject.strip()
    if bool(issuer) is not bool(subject):
        raise malformed("subject", "Issuer and subject go together.")
    return replace(account, issuer=issuer, subject=subject)


def _became_anothers(entry: Entry, before: Administrator, after: Administrator) -> Administrator:
    """Whoever was in the account is not any more."""
    entry.transaction.administrators.save(after)
    oust(entry, after)
    return _told(entry, before, after)


def _saved(entry: Entry, before: Administrator, after: Administrator) -> Administrator:
    if after != before:
        _require_owner_left(entry, before, after)
        entry.transaction.administrators.save(after)
        if not after.enabled:
            entry.transaction.sessions.end_all(after.id)
        _told(entry, before, after)
    return after


def _told(entry: Entry, before: Administrator, after: Administrator) -> Administrator:
    entry.record(before=shown(before), after=shown(after))
    return after


def _require_owner_left(entry: Entry, before: Administrator, after: Administrator | None) -> None:
    loses = before.owns_everything and not (after is not None and after.owns_everything)
    owners = entry.transaction.administrators.owners_of_everything()
    if loses and not any(each.id != before.id for each in owners):
        raise GatewayError(Kind.CONFLICT, LAST_OWNER)
