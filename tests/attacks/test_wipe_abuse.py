"""Wipes as a weapon (T9; the Stryker case): an administrator's session is stolen, or is the thief's own.

Everything is tried through the service that API and CLI use, on both databases, and what counts is what the
devices would be told. Twenty at once are threads with connections of their own.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.services.tenants import Settings
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore
from mdm.device import Device, DeviceState, WipeKind
from mdm.orders import OPEN, Progress
from tests.support.stores import Clock, device
from tests.support.wipes import ROOT, SECOND, WipeWorld

AT_ONCE = 20
FLEET = 50
ACCOUNT = Wanted(WipeKind.ACCOUNT, "all of them")


@pytest.fixture
def world(store: DatabaseStore) -> WipeWorld:
    made = WipeWorld(store, Clock())
    made.organisation(settings=Settings(device_limit=FLEET))
    return made


def fleet(world: WipeWorld, size: int) -> list[Device]:
    """Devices in compliance, written at once."""
    owner = world.user()
    state = DeviceState.PROVISIONING_SUCCEEDED
    phones = [
        device(f"PHONE{number}", owner, state=state, policy_key=7, proof_key=7) for number in range(size)
    ]
    with world.store.write() as transaction:
        for phone in phones:
            transaction.devices.add(phone)
    return phones


def due(world: WipeWorld) -> int:
    return len(world.devices.list(state=DeviceState.WIPE_REQUIRED, limit=1000))


def full(device: Device) -> Wanted:
    return Wanted(WipeKind.DEVICE, "lost", device.key.device_id)


def refusals(calls: Sequence[Callable[[], object]]) -> list[Kind]:
    """Make the calls one after another; the kinds of refusal."""
    kinds = []
    for call in calls:
        try:
            call()
        except GatewayError as error:
            kinds.append(error.kind)
    return kinds


def at_once(calls: Sequence[Callable[[], object]]) -> list[Kind]:
    """Make the calls in threads that begin together."""
    barrier = Barrier(len(calls))

    def one(call: Callable[[], object]) -> list[Kind]:
        barrier.wait(30)
        return refusals([call])

    with ThreadPoolExecutor(len(calls)) as pool:
        return [kind for kinds in pool.map(one, calls) for kind in kinds]


def admin(number: int) -> Actor:
    return Actor("admin", f"admin{number}", "127.0.0.1")


def test_fifty_in_a_row_end_at_the_budget_and_nobody_goes_on(world: WipeWorld) -> None:
    """The sixth order freezes the organisation: for the thief, for other accounts, and for approvals."""
    world.guard(wipes_per_day_percent=100)
    phones = fleet(world, FLEET)
    kinds = refusals([lambda each=each: world.wipes.request(ROOT, each.key, ACCOUNT) for each in phones])
    assert kinds == [Kind.CONFLICT] * (FLEET - 5)
    assert due(world) == 5
    assert refusals([lambda: world.wipes.request(SECOND, phones[-1].key, ACCOUNT)]) == [Kind.CONFLICT]
    assert [record.tag for record in world.trail()].count(AuditTag.WIPES_FROZEN) == 1
    world.panic.stop(SECOND, "acme")
    assert due(world) == 0


def test_many_accounts_share_the_budget_of_the_day(world: WipeWorld) -> None:
    """Ten accounts of one thief: two of a hundred devices a day, whoever asks."""
    phones = fleet(world, FLEET)
    world.guard(wipes_per_day_percent=4)
    calls = [
        lambda number=number, each=each: world.wipes.request(admin(number % 10), each.key, ACCOUNT)
        for number, each in enumerate(phones)
    ]
    refusals(calls)
    assert due(world) == 2


def test_twenty_at_once_do_not_pass_the_budget_of_an_hour(world: WipeWorld) -> None:
    world.guard(wipes_per_day_percent=100)
    phones = fleet(world, AT_ONCE)
    kinds = at_once([lambda each=each: world.wipes.request(ROOT, each.key, ACCOUNT) for each in phones])
    assert kinds == [Kind.CONFLICT] * (AT_ONCE - 5)
    assert due(world) == len([order for order in world.orders() if order.progress in OPEN]) == 5


def test_twenty_accounts_at_once_do_not_pass_the_budget_of_a_day(world: WipeWorld) -> None:
    world.guard(wipes_per_day_percent=10)
    phones = fleet(world, AT_ONCE)
    at_once(
        [
            lambda number=number, each=each: world.wipes.request(admin(number), each.key, ACCOUNT)
            for number, each in enumerate(phones)
        ]
    )
    assert due(world) == 2


@pytest.mark.parametrize("name", ["root", "ROOT", " root ", "Root"])
def test_nobody_approves_their_own(world: WipeWorld, name: str) -> None:
    (phone,) = fleet(world, 1)
    order = world.wipes.request(ROOT, phone.key, full(phone))
    me = Actor("admin", name, "198.51.100.9")
    calls = [lambda: world.wipes.approve(me, "acme", order.id)] * 3
    assert refusals(calls) == [Kind.FORBIDDEN] * 3
    script = Actor("token", "second", "127.0.0.1")
    assert refusals([lambda: world.wipes.approve(script, "acme", order.id)]) == [Kind.FORBIDDEN]
    assert due(world) == 0
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED


def test_of_twenty_approvals_at_once_one_counts(world: WipeWorld) -> None:
    (phone,) = fleet(world, 1)
    order = world.wipes.request(ROOT, phone.key, full(phone))
    calls = [
        lambda number=number: world.wipes.approve(admin(number), "acme", order.id) for number in range(20)
    ]
    assert at_once(calls) == [Kind.CONFLICT] * 19
    tags = [record.tag for record in world.trail()]
    assert (tags.count(AuditTag.WIPE_APPROVED), tags.count(AuditTag.WIPE_REQUIRED)) == (1, 1)
    assert due(world) == 1


def test_approval_rejection_and_cancellation_at_once_agree(world: WipeWorld) -> None:
    """Whoever comes first: the order and the device say the same afterwards."""
    world.guard(wipes_per_day_percent=100, wipes_per_hour=100)
    for phone in fleet(world, 8):
        order = world.wipes.request(ROOT, phone.key, full(phone))
        at_once(
            [
                lambda order=order: world.wipes.approve(SECOND, "acme", order.id),
                lambda order=order: world.wipes.reject(SECOND, "acme", order.id),
                lambda order=order: world.wipes.cancel(ROOT, "acme", order.id),
                lambda phone=phone: world.wipes.cancel_for(ROOT, phone.key),
            ]
        )
        stored = world.devices.get(phone.key)
        assert stored is not None
        progress = world.wipes.get("acme", order.id).progress
        assert (stored.state is DeviceState.WIPE_REQUIRED) is (progress in OPEN), progress
        assert progress is not Progress.AWAITING


def test_an_approval_is_not_replayed(world: WipeWorld) -> None:
    """After the end of its order, for another order, in another organisation."""
    world.guard(wipes_per_day_percent=100, wipes_per_hour=100)
    first, second = fleet(world, 2)
    world.organisation("globex")
    order = world.wipes.request(ROOT, first.key, full(first))
    world.wipes.approve(SECOND, "acme", order.id)
    world.wipes.cancel(ROOT, "acme", order.id)
    again = world.wipes.request(ROOT, second.key, full(second))
    calls = [
        lambda: world.wipes.approve(SECOND, "acme", order.id),
        lambda: world.wipes.approve(SECOND, "globex", again.id),
    ]
    assert refusals(calls) == [Kind.CONFLICT, Kind.NOT_FOUND]
    world.wipes.approve(SECOND, "acme", again.id)
    world.obey(second.key)
    assert refusals([lambda: world.wipes.approve(SECOND, "acme", again.id)]) == [Kind.CONFLICT]
    assert due(world) == 0


def test_a_frozen_organisation_approves_nothing_that_waits(world: WipeWorld) -> None:
    """Orders that wait when the brake is pulled do not come back with the thaw."""
    (phone,) = fleet(world, 1)
    order = world.wipes.request(ROOT, phone.key, full(phone))
    world.panic.stop(SECOND, "acme")
    assert refusals([lambda: world.wipes.approve(SECOND, "acme", order.id)]) == [Kind.CONFLICT]
    world.safeguards.lift(SECOND, "acme", "it was a drill")
    assert refusals([lambda: world.wipes.approve(SECOND, "acme", order.id)]) == [Kind.CONFLICT]
    assert due(world) == 0
