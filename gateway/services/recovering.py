"""Getting back into an account from the machine itself (product 7.7; T2).

Whoever may write the gateway's database is its owner, whatever is locked, lost or disabled; this is the way
for them to become one again through the front door, and it stands in the trail. No surface but the command on
the machine calls it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import AdministratorState
from gateway.services.account_records import home_of, shown
from gateway.services.acts import Act, Acts, Entry
from gateway.services.drawn_secrets import draw_password
from gateway.services.names import fold
from gateway.services.ousting import oust
from gateway.services.ports import Clock, KeySource, PasswordHasher, Store
from gateway.services.second_factors import without

GOOD_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A password for one sign-in; it is shown this once and nowhere kept."""

    name: str
    password: str = field(repr=False)
    good_until: datetime


class Recovering:
    """Makes an account usable again."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, passwords: PasswordHasher) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys
        self._passwords = passwords

    def recover(self, actor: Actor, name: str) -> Recovered:
        """Enable the account, take its second factor away, end its sessions and tokens, and give it a
        password that is good for one sign-in within the hour, at which nothing but a new one can be set.
        NOT_FOUND."""
        password = draw_password(self._keys)
        hashed = self._passwords.hash(password)
        with self._store.read() as transaction:
            known = transaction.administrators.named(fold(name))
        if known is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such administrator.")

        def work(entry: Entry) -> Recovered:
            before = entry.transaction.administrators.account(known.id)
            if before is None:
                raise GatewayError(Kind.NOT_FOUND, "There is no such administrator.")
            until = entry.now + GOOD_FOR
            after = replace(
                without(before),
                state=AdministratorState.ENABLED,
                password_hash=hashed,
                password_until=until,
                vouched_by="",
                vouched_at=entry.now,
            )
            entry.transaction.administrators.save(after)
            entry.transaction.passkeys.remove_all(after.id)
            oust(entry, after)
            entry.record(before=shown(before), after=shown(after))
            return Recovered(after.name, password, until)

        act = Act(AuditTag.ADMINISTRATOR_RECOVERED, actor, home_of(known), known.id)
        return self._acts.perform(act, work)
