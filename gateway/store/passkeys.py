"""Rows of passkeys and of questions to browsers (product 7.7; T24). A question that was taken is gone."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from gateway.records.passkeys import Passkey, Question
from gateway.store.tables_administrators import passkeys, sign_in_questions


class PasskeyRows:
    """``administrator_ports.PasskeyRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, passkey: Passkey) -> None:
        self._connection.execute(insert(passkeys), asdict(passkey))

    def of(self, administrator: str) -> Sequence[Passkey]:
        statement = select(passkeys).where(passkeys.c.administrator == administrator)
        rows = self._connection.execute(statement.order_by(passkeys.c.created_at, passkeys.c.id)).mappings()
        return [Passkey(**row) for row in rows]

    def by_credential(self, credential: str) -> Passkey | None:
        statement = select(passkeys).where(passkeys.c.credential == credential)
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else Passkey(**row)

    def used(self, identity: str, before: int, uses: int, at: datetime) -> bool:
        same = (passkeys.c.id == identity) & (passkeys.c.uses == before)
        statement = update(passkeys).where(same).values(uses=uses, last_used_at=at)
        return self._connection.execute(statement).rowcount > 0

    def rename(self, administrator: str, identity: str, label: str) -> bool:
        theirs = (passkeys.c.administrator == administrator) & (passkeys.c.id == identity)
        return self._connection.execute(update(passkeys).where(theirs).values(label=label)).rowcount > 0

    def remove(self, administrator: str, identity: str) -> bool:
        theirs = (passkeys.c.administrator == administrator) & (passkeys.c.id == identity)
        return self._connection.execute(delete(passkeys).where(theirs)).rowcount > 0

    def remove_all(self, administrator: str) -> int:
        statement = delete(passkeys).where(passkeys.c.administrator == administrator)
        return self._connection.execute(statement).rowcount


class QuestionRows:
    """``administrator_ports.QuestionRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, question: Question, most: int) -> None:
        self._connection.execute(insert(sign_in_questions), asdict(question))
        ends = sign_in_questions.c.ends_at
        strangers = select(ends).where(sign_in_questions.c.holder == "").order_by(ends.desc())
        oldest = self._connection.execute(strangers.offset(most).limit(1)).scalar_one_or_none()
        if oldest is not None:
            over = (sign_in_questions.c.holder == "") & (ends <= oldest)
            self._connection.execute(delete(sign_in_questions).where(over))

    def take(self, digest: str) -> Question | None:
        found = select(sign_in_questions).where(sign_in_questions.c.digest == digest)
        row = self._connection.execute(found).mappings().one_or_none()
        gone = delete(sign_in_questions).where(sign_in_questions.c.digest == digest)
        if row is None or self._connection.execute(gone).rowcount == 0:
            return None
        return Question(**row)

    def prune(self, ended_before: datetime) -> int:
        statement = delete(sign_in_questions).where(sign_in_questions.c.ends_at < ended_before)
        return self._connection.execute(statement).rowcount
