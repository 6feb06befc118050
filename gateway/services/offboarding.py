"""Off-boarding a user: one action in the right order (product 5.6; research/wants.md 1, 9).

    wipe      order a wipe of every device of the user
    wait      until each was acknowledged, or the deadline
    block     no device of the user is let in any more
    disable   the user may not sign in
    report    what became of every device

Each step is one transaction that does its work and names the next step, so whatever dies between two of them
finds the job where it stood (``jobs.JobRunner`` goes on). A device that cannot be given the chosen wipe is
blocked and reported, never erased otherwise. What was not acknowledged by the deadline stays ordered: a wipe
outranks the block and the disabled user (product 5.4).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, Job, JobState, Scope, User, UserState
from gateway.services.acts import Act, Acts, Entry
from gateway.services.keeping import keep
from gateway.services.partnerships import pages
from gateway.services.ports import Clock, KeySource, Store
from gateway.services.tenants import found
from gateway.services.users import find_user, shown
from gateway.services.wipe_guards import Halted, Wanted, require_sensible
from gateway.services.wipes import cancel_in, request_in
from mdm.device import AccessLevel, Device, DeviceState, WipeKind
from mdm.orders import ENDED, Progress, WipeOrder, in_words

KIND = "offboarding"
MINIMUM_WAIT, MAXIMUM_WAIT = timedelta(minutes=1), timedelta(days=90)
DEFAULT_WAIT = timedelta(days=2)
"""How long devices have to acknowledge: a phone in use comes within minutes, one in a drawer never."""

WAIT_RANGE = "A deadline is from one minute to 90 days ahead."

Step = Callable[[Entry, Job, KeySource], Job]


def _begun(entry: Entry, identity: str, person: User, kind: WipeKind, wait: timedelta) -> Job:
    return Job(
        identity,
        person.organisation,
        KIND,
        person.id,
        FIRST,
        entry.now,
        entry.act.actor.name,
        entry.now + wait,
        entry.now,
        entry.act.reason,
        note="begins",
        document={"kind": kind.value, "address": person.address},
        created_person=entry.act.actor.person,
    )


class Offboarding:
    """Starts, shows and cancels off-boardings."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys

    def start(
        self,
        actor: Actor,
        user: User,
        wait: timedelta = DEFAULT_WAIT,
        kind: WipeKind = WipeKind.ACCOUNT,
        reason: str = "",
    ) -> Job:
        """Begin; one that runs for this user already is given back.

        Raises:
            GatewayError: MALFORMED for a deadline out of range or a full wipe without reason, FORBIDDEN where
                accounts only are erased, CONFLICT while wipes are frozen.
        """
        if not MINIMUM_WAIT <= wait <= MAXIMUM_WAIT:
            raise malformed("deadline", WAIT_RANGE)
        identity = self._keys.identity("j-")

        def work(entry: Entry) -> Job:
            person = find_user(entry.transaction, user.id)
            for running in entry.transaction.jobs.running(kind=KIND, user=person.id):
                return running
            require_sensible(found(entry.transaction, person.organisation), Wanted(kind, reason))
            job = _begun(entry, identity, person, kind, wait)
            entry.transaction.jobs.add(job)
            entry.record(after={"job": job.id, "kind": kind.value, "deadline": job.deadline.isoformat()})
            return job

        return self._acts.perform(
            Act(AuditTag.OFFBOARDING_STARTED, actor, user.organisation, user.id, reason), work
        )

    def cancel(self, actor: Actor, organisation: str, job: str, reason: str = "") -> Job:
        """Stop before the next step, and take back what no device has fetched.

        Raises:
            GatewayError: NOT_FOUND, and CONFLICT for a job that has ended.
        """
        known = self.get(organisation, job)

        def work(entry: Entry) -> Job:
            present = entry.transaction.jobs.get(known.id) or known
            if present.state is not JobState.RUNNING:
                raise GatewayError(Kind.CONFLICT, f"This off-boarding is {present.state.value}.")
            taken_back = [
                cancel_in(entry, order)
                for order in _orders(entry, present)
                if order.job == present.id and order.progress in (Progress.AWAITING, Progress.QUEUED)
            ]
            note = f"cancelled by {actor.name} before: {present.step}; {len(taken_back)} wipes taken back"
            over = replace(present, state=JobState.CANCELLED, note=note, updated_at=entry.now)
            entry.transaction.jobs.save(over)
            entry.record(before={"step": present.step}, after={"taken_back": len(taken_back)})
            return over

        act = Act(AuditTag.OFFBOARDING_CANCELLED, actor, known.organisation, known.user, reason)
        return self._acts.perform(act, work)

    def get(self, organisation: str, job: str) -> Job:
        """Raises GatewayError NOT_FOUND, for a job of another organisation as well (T35)."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            known = transaction.jobs.get(job)
        if known is None or known.organisation != home.id:
            raise GatewayError(Kind.NOT_FOUND, "There is no such job.")
        return known

    def list(
        self, organisation: str, *, before: tuple[datetime, str] | None = None, limit: int = 100
    ) -> Sequence[Job]:
        """Jobs of an organisation, the youngest first."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return transaction.jobs.list(home.id, before=before, limit=limit)


def _wipe(entry: Entry, job: Job, keys: KeySource) -> Job:
    """Order a wipe of every device that can be given one; over a budget nothing moves until it is lifted."""
    wanted = Wanted(WipeKind(job.document["kind"]), job.reason or "off-boarding", job=job.id)
    try:
        require_sensible(found(entry.transaction, job.organisation), wanted)
    except GatewayError as error:
        return replace(job, note=f"waits: {error.public}")
    orders, unable = dict(job.document.get("orders", {})), {}
    for device in _devices(entry, job):
        name = device.key.device_id
        outcome = _ordered(entry, device, wanted, keys)
        if isinstance(outcome, WipeOrder):
            orders[name] = outcome.id
        elif isinstance(outcome, str):
            unable[name] = outcome
        else:
            document = {**job.document, "orders": orders}
            return replace(job, note=f"waits: {outcome.why}", document=document)
    note = f"{len(orders)} wipes ordered, {len(unable)} devices cannot be wiped so and are blocked later"
    return replace(job, step="wait", note=note, document={**job.document, "orders": orders, "unable": unable})


def _ordered(entry: Entry, device: Device, wanted: Wanted, keys: KeySource) -> WipeOrder | Halted | str:
    """The order of one device; in words, why it can have none."""
    if device.state is DeviceState.WIPE_SUCCEEDED:
        return "it was wiped before, and is again when it comes back"
    try:
        return request_in(entry, device.key, wanted, keys.identity("w-"))
    except GatewayError as error:
        return error.public


def _wait(entry: Entry, job: Job, _: KeySource) -> Job:
    """Go on when every order has ended, or at the deadline."""
    open_still = [order for order in _orders(entry, job) if order.progress not in ENDED]
    if not open_still:
        return replace(job, step="block", note="every device has answered")
    if entry.now >= job.deadline:
        note = f"the deadline has come; {len(open_still)} wipes stay ordered"
        return replace(job, step="block", note=note)
    return replace(job, note=f"waits for {len(open_still)} of {len(_orders(entry, job))} devices")


def _block(entry: Entry, job: Job, _: KeySource) -> Job:
    blocked = 0
    for device in list(_devices(entry, job)):
        after = replace(
            device, access=AccessLevel.BLOCK, access_reason="the user was off-boarded", access_until=None
        )
        keep(entry, device, after, AuditTag.ACCESS_CHANGED)
        blocked += 1
    return replace(job, step="disable", note=f"{blocked} devices blocked")


def _disable(entry: Entry, job: Job, _: KeySource) -> Job:
    before = entry.transaction.directory.user(job.user)
    if before is not None and before.state is not UserState.DISABLED:
        after = replace(before, state=UserState.DISABLED)
        entry.transaction.directory.save_user(after)
        entry.record(tag=AuditTag.USER_CHANGED, before=shown(before), after=shown(after, before))
        entry.announce(Scope.USER, after.organisation, after.id)
    return replace(job, step="report", note="the user may not sign in any more")


def _report(entry: Entry, job: Job, _: KeySource) -> Job:
    orders = _orders(entry, job)
    devices = {order.key.device_id: in_words(order) for order in orders}
    unable = {name: f"no wipe ordered: {why}" for name, why in job.document.get("unable", {}).items()}
    obeyed = sum(order.acknowledged_at is not None for order in orders)
    note = f"done: {obeyed} of {len(devices | unable)} devices acknowledged their wipe"
    document = {**job.document, "devices": unable | devices}
    return replace(job, state=JobState.DONE, note=note, document=document)


STEPS: Mapping[str, Step] = MappingProxyType(
    {"wipe": _wipe, "wait": _wait, "block": _block, "disable": _disable, "report": _report}
)
"""In order; a step that has nothing to do yet leaves the job where it is."""

FIRST = "wipe"


def progress(job: Job) -> str:
    """How far a job has come, as one line for people."""
    place = list(STEPS).index(job.step) + 1 if job.step in STEPS else 0
    return f"{job.state.value}, step {place} of {len(STEPS)} ({job.step}): {job.note}"


def _devices(entry: Entry, job: Job) -> Sequence[Device]:
    return [
        device for page in pages(entry.transaction.devices, job.organisation, job.user) for device in page
    ]


def _orders(entry: Entry, job: Job) -> Sequence[WipeOrder]:
    """The orders of the job's devices, those that somebody had given before it as well."""
    ledger = entry.transaction.wipe_orders
    found_orders = (ledger.get(identity) for identity in job.document.get("orders", {}).values())
    return [order for order in found_orders if order is not None]
