"""Reading the audit trail (product 8); writing it is part of every change (``acts``)."""

from collections.abc import Sequence

from gateway.records import AuditRecord, AuditTag
from gateway.services.ports import Store

MAXIMUM_PAGE = 1000
"""Records in one answer."""


class AuditService:
    """What happened, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
        with self._store.read() as transaction:
            return transaction.audit.query(
                organisation=organisation, target=target, tag=tag, after=after, limit=min(limit, MAXIMUM_PAGE)
            )
