"""Orders of wipes: what they follow, their words for people, and what stands against one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mdm.device import DeviceInformation, WipeKind
from mdm.families import OTHER, family_of
from mdm.orders import (
    ENDED,
    OPEN,
    Progress,
    WipeOrder,
    ended,
    erased,
    followed,
    in_words,
    is_called,
    names_of,
    obstacle,
    placed,
)
from tests.support.partnership import device

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
ORDER = WipeOrder("w-1", device().key, WipeKind.DEVICE, AT, "root", "lost", expires_at=AT + timedelta(days=1))
QUEUED = replace(ORDER, progress=Progress.QUEUED, ordered_at=AT)
OUTLOOK = family_of("Outlook-iOS-Android/1.0", "Outlook")

WORDS = [
    (ORDER, "wipe (device) awaits the approval of a second administrator, until 2026-03-02 12:00:00Z"),
    (replace(ORDER, expires_at=None), "wipe (device) awaits the approval of a second administrator"),
    (QUEUED, "wipe (device) ordered at 2026-03-01 12:00:00Z, waiting for the device"),
    (
        replace(QUEUED, progress=Progress.DELIVERED, delivered_at=LATER),
        "wipe (device) delivered at 2026-03-01 12:05:00Z, not acknowledged yet",
    ),
    (
        replace(QUEUED, progress=Progress.FAILED, delivered_at=AT, failures=3, failed_status=2),
        "wipe (device) failed on the device 3 times, last with Status 2, and is sent again",
    ),
    (
        replace(QUEUED, progress=Progress.ACKNOWLEDGED, kind=WipeKind.ACCOUNT, acknowledged_at=LATER),
        "wipe (account) acknowledged at 2026-03-01 12:05:00Z",
    ),
    (
        replace(QUEUED, progress=Progress.UNVERIFIED, acknowledged_at=LATER),
        "wipe (device) acknowledged at 2026-03-01 12:05:00Z; no password stood behind it",
    ),
    (
        ended(QUEUED, Progress.CANCELLED, LATER, "eve", "found"),
        "wipe (device) cancelled at 2026-03-01 12:05:00Z by eve: found",
    ),
    (
        ended(replace(QUEUED, delivered_at=AT), Progress.CANCELLED, LATER, "eve"),
        "wipe (device) cancelled at 2026-03-01 12:05:00Z by eve; it had been delivered at "
        "2026-03-01 12:00:00Z, so the device may have obeyed",
    ),
    (
        ended(ORDER, Progress.REJECTED, LATER, "eve", "not his phone"),
        "wipe (device) rejected at 2026-03-01 12:05:00Z by eve: not his phone",
    ),
    (
        ended(ORDER, Progress.EXPIRED, LATER, "gateway"),
        "wipe (device) expired at 2026-03-02 12:00:00Z: nobody approved it",
    ),
]


@pytest.mark.parametrize(("order", "words"), WORDS, ids=lambda value: getattr(value, "progress", None))
def test_progress_in_words(order: WipeOrder, words: str) -> None:
    assert in_words(order) == words


def test_every_progress_has_its_words() -> None:
    assert {order.progress for order, _ in WORDS} == set(Progress)
    assert OPEN | ENDED | {Progress.AWAITING} == set(Progress)
    assert not OPEN & ENDED


def test_an_order_follows_its_device() -> None:
    due, wipe = placed(replace(ORDER, approved_by="eve"), AT)
    assert (due.progress, due.ordered_at, wipe.approved_by) == (Progress.QUEUED, AT, "eve")
    steps = [
        (wipe, Progress.QUEUED),
        (replace(wipe, delivered_at=LATER), Progress.DELIVERED),
        (replace(wipe, delivered_at=LATER, failures=1, failed_status=2), Progress.FAILED),
        (replace(wipe, delivered_at=LATER, failures=1, acknowledged_at=LATER), Progress.ACKNOWLEDGED),
        (replace(wipe, delivered_at=LATER, acknowledged_at=LATER, unverified=True), Progress.UNVERIFIED),
    ]
    for seen, progress in steps:
        told = followed(due, device(wipe=seen))
        assert told.progress is progress
        assert (told.delivered_at, told.failures) == (seen.delivered_at, seen.failures)
        assert told.failed_status == seen.failed_status


def test_an_order_that_has_ended_follows_nothing() -> None:
    _, wipe = placed(ORDER, AT)
    for progress in ENDED | {Progress.AWAITING}:
        order = replace(ORDER, progress=progress)
        assert followed(order, device(wipe=replace(wipe, delivered_at=LATER))) == order
    assert followed(QUEUED, device()) == QUEUED


@pytest.mark.parametrize("version", ["2.5", "12.1", "14.1", "16.0"])
def test_below_16_1_an_account_wipe_is_never_a_full_one(version: str) -> None:
    told = obstacle(WipeKind.ACCOUNT, device(protocol_version=version), OTHER)
    assert all(word in told for word in ("16.1", version, "block", "remove", OTHER.erases))
    assert obstacle(WipeKind.DEVICE, device(protocol_version=version), OTHER) == ""


def test_a_family_that_obeys_only_a_full_wipe_is_offered_it_with_what_it_erases() -> None:
    told = obstacle(WipeKind.ACCOUNT, device(), OUTLOOK)
    assert all(word in told for word in (OUTLOOK.label, "block", "full wipe", "every installation"))
    assert obstacle(WipeKind.DEVICE, device(), OUTLOOK) == ""
    assert "every installation" in erased(WipeKind.DEVICE, OUTLOOK)


def test_16_1_may_have_either() -> None:
    assert [obstacle(kind, device(), OTHER) for kind in WipeKind] == ["", ""]
    assert "everything else on it stays" in erased(WipeKind.ACCOUNT, OTHER)


def test_a_device_is_called_by_alias_name_or_id() -> None:
    told = DeviceInformation(friendly_name="Ann's phone")
    phone = device(alias="Board 7", information=told)
    assert names_of(phone) == ("Board 7", "Ann's phone", "ABCDEF0123456789")
    assert all(is_called(phone, typed) for typed in (" board 7", "ANN'S PHONE", "abcdef0123456789 "))
    assert not any(is_called(phone, typed) for typed in ("", " ", "Board", "ann"))
    assert not is_called(device(), "")
