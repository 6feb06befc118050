"""The device list, and the name that an administrator gives a device (product 5.1).

A page's place is bound to the question that it answers: the place of one question, held against another one,
would skip devices without a word.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.errors import malformed
from gateway.records import Actor, AuditTag, BackendKey, Scope
from gateway.records.inventory import Counts, Found, Listing, Place
from gateway.services.acts import Act, Acts, Entry
from gateway.services.decisions import Decisions
from gateway.services.device_questions import fold, read_conditions, read_ordering
from gateway.services.effective import effective, outdated
from gateway.services.partnerships import difference, present, target_of
from gateway.services.ports import Clock, Store
from mdm.access import AccessDecision
from mdm.compliance import Finding, assess
from mdm.device import Device, DeviceKey
from mdm.layers import Effective

ALIAS_LIMIT = 64
"""Characters of an administrator's name for a device."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of the list, as texts.

    Attributes:
        organisation, user: ids, None for all.
        fields: by the names of ``records.inventory.FIELDS``; ``device_questions`` says how they are read.
        search: text that one of the names contains.
        sort: a field, ``-`` before it for descending; empty for the order of the keys.
    """

    organisation: str | None = None
    user: str | None = None
    fields: Mapping[str, str] | None = None
    search: str = ""
    sort: str = ""

    def mark(self) -> str:
        """What a place is bound to: the same for the same question only."""
        asked = (self.organisation, self.user, sorted((self.fields or {}).items()), self.search, self.sort)
        return hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that there is to say of one device at this moment.

    Attributes:
        policy: what it is asked for. outdated: True where it acknowledged something else.
        decision: whether its mail commands are served, and why. finding: how it stands to its policy.
        peers: how it stands with the mail servers that provision on their own (product 3.5).
    """

    device: Device
    policy: Effective
    outdated: bool
    decision: AccessDecision
    finding: Finding
    peers: Sequence[BackendKey] = ()


class Inventory:
    """The devices of all organisations as a list."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)
        self._decisions = Decisions(store, clock)

    def sheet(self, key: DeviceKey) -> Sheet:
        """A partnership or its tombstone, with its policy and the answer it would get now; NOT_FOUND."""
        with self._store.read() as transaction:
            device = present(transaction.devices, key)
            policy = effective(transaction, key)
            peers = transaction.backend_keys.of(key)
        decision = self._decisions.of_device(key.organisation, key).answer
        finding = assess(device, policy.policy, self._clock.now())
        return Sheet(device, policy, outdated(device, policy.policy), decision, finding, peers)

    def find(self, question: Question, *, after: Place | None = None, limit: int = 100) -> Found:
        """A page; GatewayError MALFORMED with a fault for each part of the question that is none."""
        listing = self._listing(question)
        with self._store.read() as transaction:
            return transaction.devices.find(replace(listing, after=after, limit=limit))

    def counts(self, question: Question) -> Counts:
        """How many devices answer the question, by state, family and protocol; MALFORMED as for ``find``."""
        listing = self._listing(question)
        with self._store.read() as transaction:
            return transaction.devices.counts(listing)

    def rename(self, actor: Actor, key: DeviceKey, alias: str, reason: str = "") -> Device:
        """Give a device a name beside what it reports; an empty one takes it away.

        Raises:
            GatewayError: NOT_FOUND; MALFORMED for a name that is too long or holds what is not printable.
        """
        act = Act(AuditTag.DEVICE_NAMED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, lambda entry: _renamed(entry, key, alias))

    def _listing(self, question: Question) -> Listing:
        return Listing(
            organisation=question.organisation,
            user=question.user,
            conditions=read_conditions(question.fields or {}, self._clock.now()),
            search=fold(question.search),
            ordering=read_ordering(question.sort),
        )


def _renamed(entry: Entry, key: DeviceKey, alias: str) -> Device:
    name = " ".join(alias.split())
    if len(name) > ALIAS_LIMIT or not name.isprintable():
        raise malformed("alias", f"At most {ALIAS_LIMIT} characters, without control characters.")
    devices = entry.transaction.devices
    before = present(devices, key)
    after = replace(before, alias=name)
    if after == before:
        return before
    buried = devices.tombstone(key) is not None
    saved = devices.save_tombstone(after) if buried else devices.save(after)
    old, new = difference(before, after)
    entry.record(before=old, after=new)
    entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)
    return saved
