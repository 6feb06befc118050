"""Reading the audit trail, and taking it elsewhere (product 8); writing it is part of every change
(``acts``).

An export is an act and stands in the trail itself (research/wants.md 10). It ends at the record that was the
last when it began, so it ends on a gateway that is never idle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from gateway.records import Actor, AuditQuestion, AuditRecord, AuditTag
from gateway.services.acts import Act, Acts
from gateway.services.ports import Clock, Store

MAXIMUM_PAGE = 1000
"""Records in one answer."""


class AuditService:
    """What happened, in order."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def query(
        self,
        *,
        organisation: str | None = None,
        target: str | None = None,
        tag: AuditTag | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditRecord]:
        """Records by sequence number.

        Args:
            target: as recorded: ``USER/DEVICEID`` for a partnership, else the id or the domain name.
            after: sequence number of the last record that is known already.
        """
        return self.find(AuditQuestion(organisation, target, tag=tag, after=after), limit)

    def find(self, question: AuditQuestion, limit: int = 100) -> Sequence[AuditRecord]:
        """A page of the records that are asked for."""
        with self._store.read() as transaction:
            return transaction.audit.find(question, min(limit, MAXIMUM_PAGE))

    def export(self, actor: Actor, question: AuditQuestion) -> Iterator[AuditRecord]:
        """All records that are asked for, oldest first, a page at a time: no transaction waits for who
        reads them."""
        with self._store.read() as transaction:
            last, _ = transaction.audit_chain.last()
        asked = replace(question, before=min(question.before or last + 1, last + 1), newest_first=False)
        act = Act(AuditTag.AUDIT_EXPORTED, actor, question.organisation or "", question.target or "")
        self._acts.perform(act, lambda entry: entry.record(after=_told(asked)))
        return self.all(asked)

    def all(self, question: AuditQuestion) -> Iterator[AuditRecord]:
        """Every record that is asked for, oldest first."""
        while page := self.find(question, MAXIMUM_PAGE):
            yield from page
            question = replace(question, after=page[-1].sequence)


def _told(question: AuditQuestion) -> dict[str, Any]:
    """What was asked for, as JSON values."""
    values = {field.name: getattr(question, field.name) for field in fields(question)}
    given = {name: value for name, value in values.items() if value or name == "refused"}
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, AuditTag):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value
