"""Who could act as an account that is not their own, because they gave it what proves it (product 7.6; T9).

Kept in the account itself (``services.persons``), so no change of accounts may make it vanish.
"""

from dataclasses import replace

from gateway.errors import GatewayError, Kind
from gateway.records.administrators import Administrator
from gateway.records.authority import Authority
from gateway.services.acts import Entry
from gateway.services.appointing import require_no_more_than
from gateway.services.persons import REMEMBERED, Asker, OnePerson, asked_by, parts

JOINS_OTHERS = (
    "By this account others are known as one person's. Disable it instead, or link them first; who made whom "
    "is forgotten after two days."
)
YOURSELF = "Your own password, second factor and person are not set this way."


def hands_over(authority: Authority, before: Administrator, after: Administrator) -> bool:
    """Whether somebody else's account gets another address while it names no user of a provider: by
    ``link_by_email`` it may take the one with that address."""
    return after.address != before.address and not after.issuer and authority.account != before.id


def require_vouching(authority: Authority, account: Administrator) -> None:
    """GatewayError CONFLICT for one's own account, FORBIDDEN for one that may do more than who asks."""
    if account.id == authority.account:
        raise GatewayError(Kind.CONFLICT, YOURSELF)
    require_no_more_than(authority, account)


def require_known_persons(entry: Entry, before: Administrator, after: Administrator | None) -> None:
    """GatewayError CONFLICT for what would make two persons of one without anybody saying so (T9)."""
    known = entry.transaction.administrators.everyone()
    left = [after if each.id == before.id else each for each in known]
    since = entry.now - REMEMBERED
    if parts(known, [each for each in left if each is not None], before, since):
        raise GatewayError(Kind.CONFLICT, JOINS_OTHERS)


def oneself(entry: Entry, authority: Authority) -> OnePerson:
    """Everybody who is one person with who asks."""
    return asked_by(entry.transaction, Asker(authority.name, authority.person), entry.now)


def vouched(entry: Entry, authority: Authority, account: Administrator) -> Administrator:
    """The account with who gave it what proves it, and when."""
    return replace(account, vouched_by=authority.account, vouched_at=entry.now)
