"""How a session begins, whatever was shown for it (product 7.7; T24).

Its secret is drawn when everything was right, so none that somebody brought along becomes one. The account is
looked at again in the transaction that opens it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator, Session
from gateway.records.passkeys import Means
from gateway.services.account_records import home_of
from gateway.services.acts import Act, Acts, Entry
from gateway.services.credential_checks import SessionRules
from gateway.services.drawn_secrets import SESSION, digest_of, draw_token
from gateway.services.ports import Clock, KeySource, Store


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session; ``secret`` is shown this once and nowhere kept."""

    secret: str = field(repr=False)
    session: Session
    account: Administrator


class Refused(Exception):
    """Why a sign-in failed; the trail is told, whoever asks is not."""


class Opening:
    """Opens sessions; on the whole store, since it goes by account."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, rules: SessionRules) -> None:
        self._acts = Acts(store, clock)
        self._keys = keys
        self._rules = rules

    def open(
        self,
        actor: Actor,
        account: Administrator,
        means: Means,
        proven: Callable[[Entry], Administrator],
    ) -> SignedIn:
        """Open one; ``proven`` takes what was shown, and gives the account as it is then, or raises."""
        secret, identity = draw_token(self._keys, SESSION), self._keys.identity("s-")
        known = replace(actor, name=account.name, person=account.person, credential=identity)
        act = Act(AuditTag.SIGNED_IN, known, home_of(account), account.id)

        def work(entry: Entry) -> SignedIn:
            present = proven(entry)
            now, rules = entry.now, self._rules
            times = (now, now, now, now + rules.longest)
            session = Session(
                identity, digest_of(secret), present.id, *times, actor.address, actor.user_agent, means
            )
            entry.transaction.sessions.prune(now - rules.idle, now)
            entry.transaction.sessions.add(session)
            told = {"session": identity, "second_factor": strong(present, session), "means": means.value}
            entry.record(after=told)
            return SignedIn(secret, session, present)

        return self._acts.perform(act, work)


def usable(entry: Entry, account: str) -> Administrator:
    """The account as it is now; ``Refused`` for one that may do nothing."""
    found = entry.transaction.administrators.account(account)
    if found is None or not found.enabled or not found.appointments:
        raise Refused("the account is disabled")
    return found


def strong(account: Administrator, session: Session) -> bool:
    """Whether more than a password was shown: a code, or what stands for both factors."""
    return account.enrolled or session.means is not Means.PASSWORD
