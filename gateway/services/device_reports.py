"""All that there is about one device, for an auditor (product 8; research/wants.md 10): what it is, its
policies, states and wipes, every record of the trail about it, and whether the trail can be believed.

A device that was removed, archived or whose user is gone has its records still, and so its report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, ArchivedDevice, AuditQuestion, AuditRecord, Organisation, User
from gateway.services.audit import AuditService
from gateway.services.audit_verifying import AuditVerifier, Report
from gateway.services.finding import Finder
from gateway.services.inventory import Inventory, Sheet
from gateway.services.partnerships import target_of
from gateway.services.ports import Clock, Store
from mdm.device import DeviceKey
from mdm.orders import WipeOrder

ORDERS = 1000
"""Wipe orders of one device at most: a phone has had a few in its life."""


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What an auditor reads.

    Attributes:
        user: None for one who is gone.
        sheet: None for a device that is not on the list.
        archived: what it was when it left the list, the youngest first.
        records: every record about it, oldest first, as far as they are not in an archive.
        trail: what a verification of the whole trail found, at most an hour ago.
    """

    at: datetime
    organisation: Organisation
    key: DeviceKey
    user: User | None
    sheet: Sheet | None
    archived: Sequence[ArchivedDevice]
    orders: Sequence[WipeOrder]
    records: Sequence[AuditRecord]
    trail: Report

    @property
    def unverified(self) -> int:
        """Records that came after the verification."""
        return sum(each.sequence > self.trail.last for each in self.records)


class DeviceReports:
    """Makes reports; each stands in the trail, as an export does."""

    def __init__(self, store: Store, clock: Clock, verifier: AuditVerifier) -> None:
        self._store = store
        self._clock = clock
        self._verifier = verifier
        self._finder = Finder(store)
        self._inventory = Inventory(store, clock)
        self._audit = AuditService(store, clock)

    def of(self, actor: Actor, organisation: str, user: str, device_id: str) -> DeviceReport:
        """The report on a device.

        Args:
            user: id, address or alias; of one who is gone the id.

        Raises:
            GatewayError: NOT_FOUND where there is neither a device nor a record of one; as
                ``AuditVerifier.lately``.
        """
        home = self._finder.organisation(organisation)
        owner = self._owner(home.id, user)
        key = DeviceKey(home.id, owner.id if owner else user, device_id.upper())
        question = AuditQuestion(home.id, target_of(key))
        if not self._audit.find(question, 1) and self._sheet(key) is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such device.")
        records = tuple(self._audit.export(actor, question))
        with self._store.read() as transaction:
            archived = [each for each in transaction.archive.of(home.id, key.device_id) if each.key == key]
            orders = transaction.wipe_orders.list(
                home.id, user=key.user, device_id=key.device_id, limit=ORDERS
            )
        trail = self._verifier.lately()
        now = self._clock.now()
        return DeviceReport(now, home, key, owner, self._sheet(key), archived, orders, records, trail)

    def _owner(self, organisation: str, user: str) -> User | None:
        try:
            return self._finder.user(organisation, user)
        except GatewayError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return None

    def _sheet(self, key: DeviceKey) -> Sheet | None:
        try:
            return self._inventory.sheet(key)
        except GatewayError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return None
