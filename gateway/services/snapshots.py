"""What a process knows without asking the database (house.md 4a, the hot path).

A known and unchanged device is judged from here: no database, no thread. The change feed drops what changed;
while the feed is silent a snapshot older than ``FEED_SILENCE`` is not trusted and the caller reads the
database again. Not thread-safe on purpose: everything here runs on the event loop's thread.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf

from gateway.records import BackendKey, Change, Contact, Organisation, OrganisationState, Scope, Signal, User
from gateway.services.standing import ends_after, facts_of, standing_of
from mdm.access import AccessDecision, Standing, decide
from mdm.ashttp import Version
from mdm.criteria import Facts
from mdm.device import Device, DeviceKey
from mdm.gatekeeper import Terms
from mdm.handshake import digest_of
from mdm.policy import Policy
from mdm.rules import NOTHING, RuleSet

REMEMBERED_CHANGES = 4096
"""Changes kept to tell whether a read was overtaken; a read takes milliseconds."""

FEED_SILENCE = 2.0
"""Seconds after which a silent change feed makes every snapshot doubtful (house.md 4a)."""

NO_RULES = RuleSet(())
PER_REQUEST = frozenset({"network", "user_agent", "protocol_version"})
"""Criteria whose facts may change from one request of a device to the next."""

Source = tuple[str, str]
"""Source address and User-Agent of the request at hand."""

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

MAXIMUM_TERMS = 1000
"""Terms kept by one view: overrides and suspensions that end at a time are decisions of their own."""

MAXIMUM_SNAPSHOTS = 200_000
"""Partnerships remembered by one process, about 1 KiB each; the longest unused goes first."""


@dataclass(slots=True)
class OrganisationView:
    """An organisation, its access rules and one effective policy, with the terms that it sets.

    Terms are worked out once per protocol version and shared by all devices for which the same policies lie
    over one another.

    Attributes:
        policies: names and versions of these policies (``mdm.layers.Effective.names``).
        planning: a change is being spread over a window, and some devices may have no moment yet.
    """

    organisation: Organisation
    policy: Policy
    policies: str = ""
    rules: RuleSet = NO_RULES
    planning: bool = False
    _terms: dict[tuple[Version, AccessDecision, bool, str], Terms] = field(default_factory=dict)

    def ruled(self, organisation: Organisation, rules: RuleSet) -> "OrganisationView":
        """The same under other rules or another default."""
        return replace(self, organisation=organisation, rules=rules, _terms={})

    def alike(self, other: "OrganisationView") -> bool:
        """Whether both were read alike, so that one can stand for the other."""
        same = self.organisation == other.organisation and self.policy == other.policy
        same = same and self.planning is other.planning
        if not same or self.rules is other.rules:
            return same
        return self.rules.rules == other.rules.rules and self.rules.mode is other.rules.mode

    def terms(self, version: Version, access: AccessDecision, refresh_due: bool, current: str = "") -> Terms:
        """Terms for a device that speaks ``version`` and got ``access`` from the access rules.

        Args:
            current: digest that counts as the policy's own, for a device that is to fetch it later.
        """
        asked = (version, access, refresh_due, current)
        found = self._terms.get(asked)
        if found is None:
            if len(self._terms) >= MAXIMUM_TERMS:
                self._terms.clear()
            found = self._terms[asked] = self._draw_up(*asked)
        return found

    def _draw_up(self, version: Version, access: AccessDecision, refresh_due: bool, current: str) -> Terms:
        return Terms(
            policy_digest=current or self.policy.digest(version),
            allow_non_provisionable=self.policy.allow_non_provisionable,
            signal449=self.organisation.provisioning_signal is Signal.HTTP449,
            strict_absent_key=self.organisation.strict_absent_key,
            legacy_versions=self.organisation.legacy_versions,
            access=access,
            refresh_due=refresh_due,
        )


@dataclass(slots=True)
class Known:
    """One partnership as this process last read it.

    Attributes:
        backend: name of the backend that serves the user; without one, the organisation's.
        groups: ids of the groups that the user is in, nested ones included.
        peer: what the backend gave for the device, if it provisions on its own (product 3.5).
        untold: the device has reported something that the backend has not been told.
        access: what was decided last, for the request at hand or, before any, for the last contact.
        decided_until: seconds since the epoch at which ``access`` ends by itself.
        serving: whether the organisation is Active.
        refresh_at: seconds since the epoch from which the policy must be fetched again (Status 143).
    """

    device: Device
    user: User
    view: OrganisationView
    backend: str = ""
    groups: frozenset[str] = frozenset()
    peer: BackendKey | None = None
    untold: bool = field(init=False)
    access: AccessDecision = field(init=False)
    serving: bool = field(init=False)
    refresh_at: float = field(init=False)
    decided_until: float = field(init=False)
    _current: str = field(init=False)
    _standing: Standing = field(init=False)
    _drawn: tuple[Version, bool, Terms] | None = field(init=False, default=None)
    _asks: frozenset[str] = field(init=False)
    _asked: tuple[str, str, Version | None] = field(init=False, default=("", "", None))

    def __post_init__(self) -> None:
        organisation = self.view.organisation
        self.backend = self.backend or organisation.backend
        self.serving = organisation.state is OrganisationState.ACTIVE
        self.untold = digest_of(self.device.information) not in ("", self.peer.informed if self.peer else "")
        self.refresh_at = _refresh_at(self.device, self.view.policy)
        waits = self.view.planning or self.device.reprovision_at is not None
        self._current = self.device.policy_digest if waits else ""
        self._asks = self.view.rules.criteria & PER_REQUEST
        self._weigh(facts_of(self.device, self.user, self.groups))
        self._decide(_BEFORE_ALL)

    def terms(self, version: Version, now: float, source: Source | None = None) -> Terms:
        """Terms of this partnership for a request in ``version`` at ``now``, seconds since the epoch.

        Args:
            source: where the request comes from; without it the last contact speaks.
        """
        if self._asks and source is not None:
            self._heed(version, source)
        if now >= self.decided_until:
            self._decide(datetime.fromtimestamp(now, UTC))
        refresh_due = now >= self.refresh_at
        drawn = self._drawn
        if drawn is None or drawn[0] is not version or drawn[1] is not refresh_due:
            terms = self.view.terms(version, self.access, refresh_due, self._current)
            self._drawn = drawn = (version, refresh_due, terms)
        return drawn[2]

    def _heed(self, version: Version, source: Source) -> None:
        """Ask the rules anew if what they ask for is not what it was: this request decides, not the last."""
        ip, user_agent = source
        asked = (
            ip if "network" in self._asks else "",
            user_agent if "user_agent" in self._asks else "",
            version,
        )
        if asked == self._asked:
            return
        self._asked = asked
        facts = facts_of(self.device, self.user, self.groups, ip, user_agent=user_agent, version=version.text)
        self._weigh(facts)
        self.decided_until = -inf

    def _weigh(self, facts: Facts) -> None:
        outcome = self.view.rules.ask(facts) if self.view.rules.rules else NOTHING
        self._standing = standing_of(self.device, self.user, self.view.organisation, outcome)

    def _decide(self, now: datetime) -> None:
        """Decide anew, and note when an override or a suspension runs out."""
        self.access = decide(self._standing, now)
        self._drawn = None
        self.decided_until = ends_after(self._standing, now)


def _refresh_at(device: Device, policy: Policy) -> float:
    if not policy.refresh_hours or device.provisioned_at is None:
        return inf
    return device.provisioned_at.timestamp() + policy.refresh_hours * 3600


class Snapshots:
    """Partnerships by (user id, DeviceId), and which devices have an open wipe."""

    def __init__(self, maximum: int = MAXIMUM_SNAPSHOTS) -> None:
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._maximum = maximum
        self._contacts: dict[DeviceKey, tuple[float, str, str, Version, bool]] = {}
        self._views: dict[tuple[str, str], OrganisationView] = {}
        self._announced: set[DeviceKey] = set()
        self._retired: dict[DeviceKey, Known] = {}
        self._recent: deque[Change] = deque(maxlen=REMEMBERED_CHANGES)
        self._heard = 0
        self.open_wipes: frozenset[str] = frozenset()
        self.fresh_at = float("-inf")

    def get(self, user: str, device_id: str) -> Known | None:
        """What is known of the partnership, None for one that must be read first."""
        return self._known.get((user, device_id))

    def mark(self) -> int:
        """The present place in the change feed, to be taken before the database is read for ``put``."""
        return self._heard

    def put(self, known: Known, mark: int) -> Known:
        """Remember ``known``, unless a change that was heard since ``mark`` may have made it old already.

        Without this a read that overlaps with a change would be put back after the change dropped it, and
        stay wrong until the next one.
        """
        if self._changed_since(mark, known.device.key):
            return known
        known.view = self._shared(known.view)
        key = (known.device.key.user, known.device.key.device_id)
        self._known.pop(key, None)
        self._known[key] = known
        if len(self._known) > self._maximum:
            self._known.popitem(last=False)
        return known

    def _shared(self, view: OrganisationView) -> OrganisationView:
        """One view for all partnerships of an organisation that were read alike: a third of their memory, and
        terms that are drawn up once.
        """
        key = (view.organisation.id, view.policies)
        held = self._views.get(key)
        if held is not None and held.alike(view):
            return held
        self._views[key] = view
        return view

    def _changed_since(self, mark: int, key: DeviceKey) -> bool:
        missed = self._heard - mark
        if missed > len(self._recent):
            return True
        return any(concerns(self._recent[-1 - back], key) for back in range(missed))

    def trusted(self, monotonic: float) -> bool:
        """True while the change feed was heard within ``FEED_SILENCE`` seconds."""
        return monotonic - self.fresh_at <= FEED_SILENCE

    def drop(self, changes: Iterable[Change]) -> None:
        """Forget whatever ``changes`` may have made wrong."""
        self._retired = {}
        for change in changes:
            self._recent.append(change)
            self._heard += 1
            if change.scope is not Scope.RULES:
                self._retired = {key: one for key, one in self._retired.items() if not concerns(change, key)}
            if change.scope is Scope.DEVICE:
                self._known.pop((change.user, change.device_id), None)
            else:
                self._drop_wide(change)

    def _drop_wide(self, change: Change) -> None:
        for key in [key for key, known in self._known.items() if concerns(change, known.device.key)]:
            known = self._known.pop(key)
            if change.scope is Scope.RULES:
                self._retired[known.device.key] = known
        if not change.user:
            for name in [name for name in self._views if name[0] == change.organisation]:
                del self._views[name]

    def retired(self) -> Mapping[DeviceKey, Known]:
        """What the last ``drop`` forgot for no other reason than a change of rules; told once."""
        taken, self._retired = self._retired, {}
        return taken

    def note(self, known: Known, at: float, ip: str, user_agent: str, version: Version, synced: bool) -> None:
        """Keep what a request taught until the next batch is written; ``at`` is seconds since the epoch."""
        key = known.device.key
        before = self._contacts.get(key)
        self._contacts[key] = (at, ip, user_agent, version, synced or (before is not None and before[4]))

    def announce_once(self, key: DeviceKey) -> bool:
        """True the first time for a device: ``X-MS-RP`` twice makes some clients loop (spec 1.3)."""
        if key in self._announced:
            return False
        if len(self._announced) >= self._maximum:
            self._announced.clear()
        self._announced.add(key)
        return True

    def take_contacts(self) -> Sequence[Contact]:
        """Hand over the batch and start a new one."""
        batch, self._contacts = self._contacts, {}
        return [
            Contact(
                organisation=key.organisation,
                user=key.user,
                device_id=key.device_id,
                at=datetime.fromtimestamp(at, UTC),
                ip=ip,
                user_agent=user_agent,
                protocol_version=version.text,
                synced=synced,
            )
            for key, (at, ip, user_agent, version, synced) in batch.items()
        ]

    def clear(self) -> None:
        """Forget everything: the feed lost its place."""
        self._known.clear()
        self._views.clear()
        self._recent.clear()
        self._heard += 1

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[Known]:
        return iter(self._known.values())


def concerns(change: Change, key: DeviceKey) -> bool:
    """Whether ``change`` may alter what the partnership ``key`` is told."""
    if change.organisation != key.organisation:
        return False
    if change.user and change.user != key.user:
        return False
    return not change.device_id or change.device_id == key.device_id
