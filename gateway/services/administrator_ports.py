"""What the services ask of the store about administrators (``ports``; product 7.6, 7.7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gateway.records.administrators import Administrator, ApiToken, SavedView, Session
from gateway.records.passkeys import Means, Passkey, Question


class AdministratorRecords(Protocol):
    """Accounts; ``get`` and ``list`` keep to the reach, the others do not."""

    def add(self, administrator: Administrator) -> None: ...
    def save(self, administrator: Administrator) -> None: ...
    def remove(self, identity: str) -> None:
        """Remove it with its appointments, tokens and sessions."""
        ...

    def get(self, id_or_name: str) -> Administrator | None: ...
    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[Administrator]:
        """By name, after that name."""
        ...

    def of_person(self, person: str) -> Sequence[Administrator]:
        """All accounts of one person, whoever asks."""
        ...

    def account(self, identity: str) -> Administrator | None:
        """The account with this id, for itself: whoever shows its token is it."""
        ...

    def named(self, name: str) -> Administrator | None:
        """The account with this folded name, whoever asks: a name is unique on the gateway."""
        ...

    def everyone(self) -> Sequence[Administrator]:
        """All accounts, whoever asks: who is one person is no matter of reach."""
        ...

    def owners_of_everything(self) -> Sequence[Administrator]:
        """Enabled owners of the whole gateway, whoever asks."""
        ...


class ApiTokenRecords(Protocol):
    """Tokens; ``get`` and ``list`` keep to the reach, the others do not."""

    def add(self, token: ApiToken) -> None: ...
    def get(self, identity: str) -> ApiToken | None: ...
    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[ApiToken]:
        """By id, after that id."""
        ...

    def of(self, administrator: str) -> Sequence[ApiToken]:
        """All of one account."""
        ...

    def by_digest(self, digest: str) -> ApiToken | None: ...
    def used(self, identity: str, at: datetime) -> None:
        """Note a use, unless a later one is noted."""
        ...

    def revoke(self, identity: str) -> None: ...


class SessionRecords(Protocol):
    """Sessions; whoever asks."""

    def add(self, session: Session) -> None: ...
    def get(self, identity: str) -> Session | None: ...
    def by_digest(self, digest: str) -> Session | None: ...
    def of(self, administrator: str) -> Sequence[Session]:
        """The oldest first."""
        ...

    def seen(self, identity: str, at: datetime) -> None:
        """Note a request, unless a later one is noted; an ended session stays ended."""
        ...

    def confirm(self, identity: str, at: datetime) -> None: ...
    def strengthen(self, identity: str, means: Means) -> None:
        """Keep that more than a password was shown in it."""
        ...

    def end(self, identity: str) -> bool:
        """Returns whether there was one."""
        ...

    def end_all(self, administrator: str, *, but: str = "") -> int:
        """End those of an account, one apart where it is given; returns how many."""
        ...

    def prune(self, seen_before: datetime, ended_before: datetime) -> int:
        """Remove those that are over; returns how many."""
        ...


class PasskeyRecords(Protocol):
    """Passkeys; whoever asks."""

    def add(self, passkey: Passkey) -> None: ...
    def of(self, administrator: str) -> Sequence[Passkey]:
        """The oldest first."""
        ...

    def by_credential(self, credential: str) -> Passkey | None: ...
    def used(self, identity: str, before: int, uses: int, at: datetime) -> bool:
        """Note a use, unless another one was noted since the count was ``before``; returns whether."""
        ...

    def rename(self, administrator: str, identity: str, label: str) -> bool: ...
    def remove(self, administrator: str, identity: str) -> bool: ...
    def remove_all(self, administrator: str) -> int: ...


class SavedViewRecords(Protocol):
    """Saved views; whoever asks."""

    def add(self, view: SavedView) -> None: ...
    def of(self, administrator: str) -> Sequence[SavedView]:
        """By name."""
        ...

    def save(self, view: SavedView) -> None:
        """Keep it as it is now, in place of what its account has under its id."""
        ...

    def remove(self, administrator: str, identity: str) -> bool:
        """Returns whether there was one."""
        ...


class QuestionRecords(Protocol):
    """What browsers were asked; whoever asks."""

    def add(self, question: Question, most: int) -> None:
        """Keep it; of those that strangers were asked no more than the newest ``most`` stay."""
        ...

    def take(self, digest: str) -> Question | None:
        """The question, which is gone then: nobody takes it twice."""
        ...

    def prune(self, ended_before: datetime) -> int:
        """Remove those that are over; returns how many."""
        ...
