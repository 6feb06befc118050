"""Mailbox permissions (product 1): whom a user's or a resource's mailbox is opened to.

Both sides are looked for within one organisation, so no permission can cross its border. A group can be let
in, but has no mailbox to open.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, Grant, Group, Organisation, Resource, Right, Scope, User
from gateway.services.acts import Entry
from gateway.services.directory_ports import Directory
from gateway.services.groups import find_member
from gateway.services.home_acts import HomeActs
from gateway.services.names import fold
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.tenants import found


@dataclass(frozen=True, slots=True)
class Permission:
    """A grant with the names of its two sides: addresses, or the name of a group that has none."""

    grant: Grant
    mailbox: str
    grantee: str


class Permissions:
    """Mailbox permissions of all organisations.

    A mailbox is named by id or address of a user or resource, a grantee by id, address or (a group) name.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = HomeActs(store, clock)

    def list(
        self,
        organisation: str,
        *,
        mailbox: str = "",
        grantee: str = "",
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> Sequence[Permission]:
        """Permissions of an organisation, on ``mailbox`` or of ``grantee`` where they are named."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            on = find_mailbox(transaction, home, mailbox).id if mailbox else None
            of = find_member(transaction, home, grantee).id if grantee else None
            grants = transaction.directory.grants(home.id, mailbox=on, grantee=of, after=after, limit=limit)
            return [_named(transaction.directory, grant) for grant in grants]

    def grant(
        self, actor: Actor, organisation: str, mailbox: str, grantee: str, rights: Collection[Right]
    ) -> Permission:
        """Give ``grantee`` exactly ``rights`` on ``mailbox``.

        Raises:
            GatewayError: NOT_FOUND for who is not in this organisation; MALFORMED without any right, for a
                group's mailbox and for one's own.
        """

        def work(entry: Entry, home: Organisation) -> Permission:
            return _grant(entry, home, mailbox, grantee, frozenset(rights))

        return self._acts.perform(AuditTag.PERMISSION_GRANTED, actor, organisation, mailbox, work)

    def revoke(self, actor: Actor, organisation: str, mailbox: str, grantee: str) -> None:
        """Take every right of ``grantee`` on ``mailbox`` away. Raises GatewayError NOT_FOUND without one."""

        def work(entry: Entry, home: Organisation) -> None:
            owner = find_mailbox(entry.transaction, home, mailbox)
            friend = find_member(entry.transaction, home, grantee)
            directory = entry.transaction.directory
            before = directory.grant(owner.id, friend.id)
            if before is None:
                raise GatewayError(Kind.NOT_FOUND, "There is no such permission.")
            directory.remove_grant(owner.id, friend.id)
            entry.record(target=owner.id, before=shown(before))
            _announce(entry, friend)

        self._acts.perform(AuditTag.PERMISSION_REVOKED, actor, organisation, mailbox, work)


def find_mailbox(transaction: Transaction, organisation: Organisation, named: str) -> User | Resource:
    """The organisation's user or resource with this id or address.

    Raises:
        GatewayError: NOT_FOUND, or MALFORMED for a group, which has no mailbox.
    """
    directory = transaction.directory
    there = (
        directory.user(named)
        or directory.resource(named)
        or directory.group(named)
        or directory.entity_by_address(fold(named))
    )
    if there is None or there.organisation != organisation.id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such mailbox.")
    if isinstance(there, Group):
        raise malformed("mailbox", "A group has no mailbox; name a user or a resource.")
    return there


def shown(grant: Grant) -> dict[str, Any]:
    """A permission as the audit trail shows it."""
    rights = sorted(right.value for right in grant.rights)
    return {"mailbox": grant.mailbox, "grantee": grant.grantee, "rights": rights}


def _grant(
    entry: Entry, home: Organisation, mailbox: str, grantee: str, rights: frozenset[Right]
) -> Permission:
    owner = find_mailbox(entry.transaction, home, mailbox)
    friend = find_member(entry.transaction, home, grantee)
    if not rights:
        raise malformed("rights", "Name at least one right; to take all away, revoke the permission.")
    if owner.id == friend.id:
        raise malformed("grantee", "Everybody has full access to their own mailbox.")
    directory = entry.transaction.directory
    before = directory.grant(owner.id, friend.id)
    after = Grant(home.id, owner.id, friend.id, rights)
    if after != before:
        directory.save_grant(after)
        entry.record(target=owner.id, before=shown(before) if before else {}, after=shown(after))
        _announce(entry, friend)
    return _named(directory, after)


def _announce(entry: Entry, grantee: User | Group) -> None:
    user = grantee.id if isinstance(grantee, User) else ""
    entry.announce(Scope.DIRECTORY, grantee.organisation, user)


def _named(directory: Directory, grant: Grant) -> Permission:
    owner = directory.user(grant.mailbox) or directory.resource(grant.mailbox)
    user, group = directory.user(grant.grantee), directory.group(grant.grantee)
    friend = user.address if user else (group.address or group.name) if group else ""
    return Permission(grant, owner.address if owner else "", friend)
