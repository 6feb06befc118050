"""Devices that provision round after round (product 5.8; spec/eas-protocol.md 6.3; AOSP has no limit of its
own).

A round begins with an offer. Their number stands in the record, so that all processes and a restart share it;
one is forgotten for each share of the window that passes quietly. From the threshold on the device is told to
stay away for a while after each round, longer every time, and the record says in words what seems to be
wrong. An acknowledgement is always heard, and a key that is in force always serves: what is paused is only
asking anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from mdm.device import Device
from mdm.families import family_of
from mdm.lifecycle import Effect
from mdm.misbehaviour import Behaviour, Crossing, Measure

LONGEST_PAUSE: Final = timedelta(hours=1)
RECOVERED: Final = timedelta(minutes=15)
"""A looping device that uses its key this long after it was given has recovered."""

NEVER_ACKNOWLEDGES: Final = "asks for the policy again and again and never acknowledges"
COMES_WITHOUT: Final = "acknowledges the policy and comes back without its key"
DECLINES: Final = "asks for the policy again and again and says each time that it cannot apply it"

_CAUSES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("ios", NEVER_ACKNOWLEDGES): "its user may be putting off the choice of a passcode",
        ("ios", COMES_WITHOUT): "iOS 16 and 17 do so when an account was added twice or restored in part: "
        "remove the account from the phone and add it again",
        ("android", NEVER_ACKNOWLEDGES): "its user may have refused the device administrator",
        ("android", DECLINES): "RequireDeviceEncryption is refused by phones that encrypt but do not say so",
        ("gmail", NEVER_ACKNOWLEDGES): "its user may have refused the device administrator",
        ("gmail", DECLINES): "a setting that Gmail cannot apply, encryption of the storage card above all",
        (
            "samsung",
            DECLINES,
        ): "a setting that this model cannot apply, encryption of the storage card above all",
        ("outlook-desktop", NEVER_ACKNOWLEDGES): "Outlook for Windows does not apply policies",
    }
)
"""Likely causes by family (spec/eas-protocol.md 6.1, 6.3; research/wants.md 16, 25)."""

_CAUSE: Mapping[str, str] = MappingProxyType(
    {
        NEVER_ACKNOWLEDGES: "its user may not have agreed to the policy yet",
        COMES_WITHOUT: "it may not store the key, or two devices share this DeviceId",
        DECLINES: "a setting of the policy that it cannot apply",
    }
)


def after_round(before: Device, after: Device, effect: Effect, measure: Measure, now: datetime) -> Device:
    """The record after a Provision request, with its rounds counted and judged."""
    if effect is Effect.GRANT_KEY and before.diagnosis.startswith((NEVER_ACKNOWLEDGES, DECLINES)):
        return recovered(after)
    if effect is not Effect.OFFER_POLICY:
        return after
    rounds = _left(before, measure, now) + 1
    counted = replace(after, offers=rounds, offers_since=now)
    if not measure.slow or rounds < measure.slow:
        return counted if rounds > 1 else replace(counted, diagnosis="")
    diagnosed = replace(counted, diagnosis=_diagnosis(before))
    if not measure.suspend or rounds < measure.suspend or _suspended(before, now):
        return diagnosed
    reason = Crossing(Behaviour.PROVISIONING_LOOP, True, measure).words
    until = now + timedelta(seconds=measure.suspend_s)
    return replace(diagnosed, suspended_until=until, suspended_reason=reason)


def paused_until(device: Device, measure: Measure) -> datetime | None:
    """Until when the device is not to ask again, None for no pause."""
    if not measure.slow or device.offers < measure.slow or device.offers_since is None:
        return None
    longer = min(device.offers - measure.slow, 12)
    pause = min(timedelta(seconds=measure.slow_s * 2**longer), LONGEST_PAUSE)
    return device.offers_since + pause


def recovered(device: Device) -> Device:
    """The record without its loop."""
    return replace(device, offers=0, offers_since=None, diagnosis="")


def uses_its_key(device: Device, now: datetime) -> bool:
    """Whether a looping device that was let through with its key just now has recovered."""
    since = device.provisioned_at
    return bool(device.diagnosis) and since is not None and now - since >= RECOVERED


def _left(device: Device, measure: Measure, now: datetime) -> int:
    """Rounds that still count; a looping device has to be quiet for the whole window."""
    if device.offers_since is None:
        return 0
    passed = (now - device.offers_since).total_seconds()
    if passed >= measure.window_s:
        return 0
    if device.diagnosis or not measure.slow:
        return device.offers
    return max(device.offers - int(passed * measure.slow // measure.window_s), 0)


def _diagnosis(before: Device) -> str:
    if before.policy_key:
        what = COMES_WITHOUT
    elif before.temporary_key or before.acknowledged_status in (None, 1):
        what = NEVER_ACKNOWLEDGES
    else:
        what = DECLINES
    family = family_of(before.user_agent, before.device_type).name
    return f"{what}: {_CAUSES.get((family, what), _CAUSE[what])}"


def _suspended(device: Device, now: datetime) -> bool:
    return device.suspended_until is not None and device.suspended_until > now
