"""Whether two accounts are one person's (product 5.5; T9): who approves must be another than who asked, and a
budget is a person's, however many accounts the person has.

Accounts are one person's that an owner linked, that have one mail address, or one subject at one identity
provider; whatever is one with either of two makes them one. For a day an account counts as one with whoever
gave it its password or took its second factor away, and with others that the same administrator did this to:
who makes an account could act as it. What comes from the machine itself, by the bootstrap token or the
command line on it, is all of one person, whom no account is needed for.

What makes accounts one is kept in them. So one that joins others is not changed or removed in a way that
parts them (``parts``), and what was asked for by an account that is gone is approved by nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.records.administrators import Administrator
from gateway.services.ports import Transaction

FRESH = timedelta(hours=24)
"""How long an account counts as one with whoever gave it what proves it: as long as an order waits for its
approval."""

REMEMBERED = 2 * FRESH
"""How far back it matters who vouched for whom: what was given a day before a request counts while that one
waits."""

ONESELF = "A second administrator has to approve this, not the one who asked for it."
MACHINE = (
    "A second administrator, who signs in, has to approve this: the bootstrap token and the command line are "
    "one."
)
MADE_BY = (
    "Whoever asked for this and whoever approves it have to be two persons: one of the accounts was made, or "
    "given its password, by the other one less than a day ago."
)
GONE = "The account that asked for this is not what it was then, or gone: ask for it again."

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, as the trail and the ledger name them.

    Attributes:
        name: of the account, or of what spoke for the machine.
        person: as ``Actor.person``; empty for the machine.
    """

    name: str
    person: str = ""

    @property
    def machine(self) -> bool:
        """Whether it is nobody's account."""
        return not self.person


@dataclass(frozen=True, slots=True)
class OnePerson:
    """All names and persons that are one, as far as the gateway can tell."""

    names: frozenset[str]
    persons: frozenset[str]


def one_person(accounts: Iterable[Administrator], asker: Asker, since: datetime) -> OnePerson:
    """Everybody who is one with ``asker``.

    Args:
        accounts: all that there are, whoever looks.
        since: what was given to an account after it still counts.
    """
    if asker.machine:
        return OnePerson(frozenset((_fold(asker.name),)), frozenset(("",)))
    keys: set[Key] = {("name", _fold(asker.name)), ("person", asker.person)}
    left = [(each, _keys(each, since)) for each in accounts]
    while joined := [(each, more) for each, more in left if keys & more]:
        left = [pair for pair in left if not keys & pair[1]]
        keys.update(*(more for _, more in joined))
    names = frozenset(key[1] for key in keys if key[0] == "name")
    return OnePerson(names, frozenset(key[1] for key in keys if key[0] == "person"))


def obstacle(accounts: Iterable[Administrator], requester: Asker, approver: Asker, since: datetime) -> str:
    """Why ``approver`` may not agree to what ``requester`` asked for, in words; empty where they are two."""
    known = list(accounts)
    if requester.machine and approver.machine:
        return MACHINE
    if _fold(requester.name) == _fold(approver.name) or requester.person == approver.person:
        return ONESELF
    if not requester.machine and not any(_is(each, requester) for each in known):
        return GONE
    if requester.machine or approver.machine:
        account = approver if requester.machine else requester
        return MADE_BY if _made_by_machine(known, account, since) else ""
    both = one_person(known, requester, since)
    if _fold(approver.name) not in both.names and approver.person not in both.persons:
        return ""
    lasting = one_person(known, requester, datetime.max.replace(tzinfo=since.tzinfo))
    return ONESELF if approver.person in lasting.persons else MADE_BY


def parts(
    before: Iterable[Administrator],
    after: Iterable[Administrator],
    account: Administrator,
    since: datetime,
) -> bool:
    """Whether accounts that were one with ``account`` are two persons' after its change, or without it."""
    were = one_person(before, Asker(account.name, account.person), since).names
    known = list(after)
    left = [each for each in known if _fold(each.name) in were]
    wholes = (one_person(known, Asker(each.name, each.person), since) for each in left[:1])
    return any(not whole.names.issuperset(_fold(each.name) for each in left) for whole in wholes)


def asked_by(transaction: Transaction, asker: Asker, now: datetime) -> OnePerson:
    """Whose budget a request of ``asker`` is counted in."""
    return one_person(transaction.administrators.everyone(), asker, now - FRESH)


def _is(account: Administrator, asker: Asker) -> bool:
    """A name alone may have been given to another account since."""
    return _fold(account.name) == _fold(asker.name) and asker.person in (account.person, account.id)


def _keys(account: Administrator, since: datetime) -> set[Key]:
    keys: set[Key] = {("account", account.id), ("person", account.person), ("name", _fold(account.name))}
    if account.address:
        keys.add(("address", account.address.casefold()))
    if account.subject:
        keys.add(("subject", account.issuer, account.subject))
    if account.vouched_by and account.vouched_at is not None and account.vouched_at > since:
        keys.add(("account", account.vouched_by))
    return keys


def _made_by_machine(accounts: Iterable[Administrator], asker: Asker, since: datetime) -> bool:
    """Whether the machine itself gave one of the person's accounts what proves it."""
    whole = one_person(accounts, asker, since)
    return any(
        not each.vouched_by and each.vouched_at is not None and each.vouched_at > since
        for each in accounts
        if each.person in whole.persons
    )


def _fold(name: str) -> str:
    return name.strip().casefold()
