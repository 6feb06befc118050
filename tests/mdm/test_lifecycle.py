"""The state table of house.md 3: every pair, every key, and what a device alone can reach."""

import importlib.util
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.device import Device, DeviceState, WipeKind
from mdm.lifecycle import DEVICE_INPUTS, FORBIDDEN, TRANSITIONS, WIPING, Effect, Forbidden, Input, step
from tests.support.partnership import KEY, NOON, device, wipe, wiping

REQUIRED = DeviceState.PROVISIONING_REQUIRED
SUCCEEDED = DeviceState.PROVISIONING_SUCCEEDED
WIPE_REQUIRED = DeviceState.WIPE_REQUIRED
WIPE_SUCCEEDED = DeviceState.WIPE_SUCCEEDED
COLUMNS = (REQUIRED, SUCCEEDED, WIPE_REQUIRED, WIPE_SUCCEEDED)
LATER = NOON + timedelta(minutes=3)

TABLE = """
policy requested    | same OFFER_POLICY | same OFFER_POLICY     | same DIRECT_WIPE     | same DIRECT_WIPE
policy acknowledged | -> S GRANT_KEY    | same GRANT_KEY        | same DIRECT_WIPE     | same DIRECT_WIPE
policy declined     | same REFUSE       | -> R REFUSE           | same DIRECT_WIPE     | same DIRECT_WIPE
policy changed      | same REVOKE_KEYS  | -> R REVOKE_KEYS      | same NOTHING         | same NOTHING
wipe required       | -> W ORDER_WIPE   | -> W ORDER_WIPE       | same NOTHING         | -> W ORDER_WIPE
wipe cancelled      | forbidden         | forbidden             | -> R CANCEL_WIPE     | forbidden
wipe confirmed      | forbidden         | forbidden             | -> X RECORD_WIPE     | same RECORD_WIPE
wipe failed         | forbidden         | forbidden             | same REPEAT_WIPE     | forbidden
removed             | gone FORGET       | gone FORGET           | forbidden            | gone FORGET
removed by force    | gone FORGET       | gone FORGET           | same BURY            | gone FORGET
"""
LETTERS = {"R": REQUIRED, "S": SUCCEEDED, "W": WIPE_REQUIRED, "X": WIPE_SUCCEEDED}
PAIRS = [
    (Input(cells[0]), state, cell)
    for cells in ([cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines())
    for state, cell in zip(COLUMNS, cells[1:], strict=True)
]


def settled(state: DeviceState) -> Device:
    """A device in a state, with everything in its record that it can have there."""
    if state in WIPING:
        return wiping(state=state)
    held = {"policy_key": KEY, "proof_key": KEY, "policy_digest": "old"} if state is SUCCEEDED else {}
    return device(state, temporary_key=77, offered_at=NOON, offered_digest="new", **held)


def happen(subject: Device, event: Input) -> tuple[Device | None, Effect]:
    return step(subject, event, now=LATER, new_key=42, digest="asked", status=1, wipe=wipe())


def test_every_pair_is_listed_once() -> None:
    every = set(product(Input, DeviceState))
    assert set(TRANSITIONS) | FORBIDDEN == every
    assert not set(TRANSITIONS) & FORBIDDEN
    assert {(event, state) for event, state, _ in PAIRS} == every


@pytest.mark.parametrize(("event", "state", "cell"), PAIRS, ids=lambda v: getattr(v, "value", None))
def test_the_table_is_the_one_of_the_house(event: Input, state: DeviceState, cell: str) -> None:
    if cell == "forbidden":
        with pytest.raises(Forbidden) as caught:
            happen(settled(state), event)
        assert (caught.value.input, caught.value.state) == (event, state)
        return
    moved, effect = happen(settled(state), event)
    words = cell.split()
    where = {"same": state, "gone": None}.get(words[0], LETTERS.get(words[-2]))
    assert (moved and moved.state, effect.name) == (where, words[-1])


@pytest.mark.parametrize("state", [REQUIRED, SUCCEEDED])
def test_a_request_gets_a_temporary_key_and_leaves_the_final_one(state: DeviceState) -> None:
    before = settled(state)
    after, _ = happen(before, Input.POLICY_REQUESTED)
    assert after == replace(before, temporary_key=42, offered_at=LATER, offered_digest="asked")


@pytest.mark.parametrize("state", [REQUIRED, SUCCEEDED])
def test_an_acknowledgement_spends_the_temporary_key(state: DeviceState) -> None:
    after, _ = happen(settled(state), Input.POLICY_ACKNOWLEDGED)
    assert after is not None
    assert (after.policy_key, after.proof_key, after.policy_digest) == (42, 42, "new")
    assert (after.temporary_key, after.offered_at, after.offered_digest) == (0, None, "")
    assert (after.acknowledged_status, after.provisioned_at) == (1, LATER)


@pytest.mark.parametrize("event", [Input.POLICY_CHANGED, Input.POLICY_DECLINED, Input.WIPE_REQUIRED])
def test_what_ends_compliance_clears_every_key_but_the_proof(event: Input) -> None:
    after, _ = happen(settled(SUCCEEDED), event)
    assert after is not None
    assert (after.policy_key, after.temporary_key, after.policy_digest, after.offered_digest) == (
        0,
        0,
        "",
        "",
    )
    assert after.proof_key == KEY


def test_an_open_order_is_kept_against_a_second_one() -> None:
    first = wiping(WipeKind.ACCOUNT)
    after, effect = step(first, Input.WIPE_REQUIRED, now=LATER, wipe=wipe(WipeKind.DEVICE))
    assert (after, effect) == (first, Effect.NOTHING)


def test_a_wiped_device_can_be_ordered_to_wipe_again() -> None:
    again = wipe(WipeKind.ACCOUNT)
    after, _ = step(wiping(state=WIPE_SUCCEEDED), Input.WIPE_REQUIRED, now=LATER, wipe=again)
    assert after is not None
    assert after.wipe == again


def test_the_first_delivery_is_remembered() -> None:
    once, _ = step(wiping(), Input.POLICY_REQUESTED, now=NOON)
    assert once is not None
    twice, _ = step(once, Input.POLICY_REQUESTED, now=LATER)
    assert twice is not None
    assert twice.wipe is not None
    assert twice.wipe.delivered_at == NOON


def test_failures_are_counted() -> None:
    after, _ = step(wiping(), Input.WIPE_FAILED, now=LATER)
    assert after is not None
    after, _ = step(after, Input.WIPE_FAILED, now=LATER)
    assert after is not None
    assert after.wipe is not None
    assert after.wipe.failures == 2


def test_the_first_confirmation_is_the_one_that_counts() -> None:
    once, _ = step(wiping(), Input.WIPE_CONFIRMED, now=NOON)
    assert once is not None
    twice, _ = step(once, Input.WIPE_CONFIRMED, now=LATER)
    assert twice == once
    assert once.wipe is not None
    assert once.wipe.acknowledged_at == NOON


def test_a_cancelled_wipe_leaves_a_device_that_must_provision() -> None:
    after, _ = step(wiping(), Input.WIPE_CANCELLED, now=LATER)
    assert after is not None
    assert (after.state, after.wipe, after.policy_key, after.proof_key) == (REQUIRED, None, 0, KEY)


@pytest.mark.parametrize("state", sorted(WIPING, key=lambda s: s.value))
@pytest.mark.parametrize("event", [Input.POLICY_REQUESTED, Input.WIPE_CONFIRMED, Input.WIPE_FAILED])
def test_a_record_without_its_order_breaks_nothing(state: DeviceState, event: Input) -> None:
    bare = replace(wiping(state=state), wipe=None)
    if (event, state) not in FORBIDDEN:
        after, _ = step(bare, event, now=LATER)
        assert after is not None
        assert after.wipe is None


@pytest.mark.parametrize("key", [0, -1, 2**31])
@pytest.mark.parametrize("event", [Input.POLICY_REQUESTED, Input.POLICY_ACKNOWLEDGED])
def test_a_key_that_no_device_may_hold_is_a_fault_of_the_caller(event: Input, key: int) -> None:
    with pytest.raises(ValueError, match="policy key"):
        step(device(), event, now=NOON, new_key=key)


@pytest.mark.parametrize("key", [1, 2**31 - 1])
def test_the_smallest_and_largest_key(key: int) -> None:
    after, _ = step(device(), Input.POLICY_REQUESTED, now=NOON, new_key=key)
    assert after is not None
    assert after.temporary_key == key


def test_an_order_must_say_what_to_wipe() -> None:
    with pytest.raises(ValueError, match="order"):
        step(device(), Input.WIPE_REQUIRED, now=NOON)


@given(st.lists(st.sampled_from(sorted(DEVICE_INPUTS, key=lambda event: event.value)), max_size=30))
def test_a_device_alone_leads_from_wipe_required_to_wipe_succeeded_only(events: list[Input]) -> None:
    subject, seen = wiping(), [WIPE_REQUIRED]
    for event in events:
        if (event, subject.state) not in FORBIDDEN:
            moved, effect = step(subject, event, now=LATER, new_key=9, status=1)
            assert moved is not None
            assert effect in {Effect.DIRECT_WIPE, Effect.REPEAT_WIPE, Effect.RECORD_WIPE}
            subject = moved
            seen.append(subject.state)
    assert set(seen) <= WIPING
    assert seen == sorted(seen, key=COLUMNS.index)
    assert (subject.policy_key, subject.temporary_key) == (0, 0)


@given(st.lists(st.sampled_from(list(Input)), max_size=30))
def test_only_provisioning_succeeded_ever_holds_a_final_key(events: list[Input]) -> None:
    subject: Device | None = device()
    for event in events:
        if subject is None or (event, subject.state) in FORBIDDEN:
            break
        subject, _ = happen(subject, event)
        if subject is not None:
            assert (subject.policy_key != 0) == (subject.state is SUCCEEDED)
            assert (subject.state in WIPING) == (subject.wipe is not None)


def generator() -> ModuleType:
    path = Path(__file__).parents[2] / "docs" / "generate_lifecycle.py"
    spec = importlib.util.spec_from_file_location("generate_lifecycle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_in_the_documentation_is_the_table_that_runs() -> None:
    made = generator()
    assert made.DOCUMENT.read_text(encoding="utf-8") == made.document()
