"""A wipe reaches a device whose password no longer works (product 5.4; T7, T31).

The request has to prove the last policy key that the device was given. Whoever cannot gets what any stranger
gets. A key is 31 bits: twenty wrong ones an hour, then the lane is closed for that partnership, to the right
key as well, or the count would tell a guesser when to stop. Five of them are kept for the networks that the
device was last served in, so that nobody elsewhere can hold the lane shut for a phone that is where it was.
The count is in the row, so restarts and other nodes do not reset it.
"""

import hmac
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.records import AuditTag
from gateway.services.acts import Act, Acts, Entry
from gateway.services.partnerships import device_actor, look_up, target_of
from gateway.services.ports import Clock, Store
from gateway.services.throttle import range_of
from mdm.device import Device, DeviceKey
from mdm.lifecycle import WIPING

MAXIMUM_FAILURES = 20
"""Wrong keys an hour and partnership: a guesser needs twelve thousand years for all of them."""

MAXIMUM_STRANGERS = 15
"""Those of them that may come from anywhere but the range of the device's last address."""

WINDOW = timedelta(hours=1)


class WipeLane:
    """Proofs of a policy key where the password is wrong, the user disabled or the backend silent."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)

    def prove(
        self, key: DeviceKey, policy_key: int | None, *, ip: str = "", user_agent: str = ""
    ) -> Device | None:
        """The device when a wipe is open for it and ``policy_key`` is the last one it was given; else None.

        None means the 401 of a stranger. A wrong key is counted and recorded, and nothing else changes.
        """
        with self._store.read() as transaction:
            device = look_up(transaction.devices, key)
        if device is None or device.state not in WIPING or _is_closed(device, self._clock.now(), ip):
            return None
        if _matches(device, policy_key):
            return device
        act = Act(AuditTag.WIPE_UNPROVEN, device_actor(key, ip, user_agent), key.organisation, target_of(key))
        self._acts.perform(act, lambda entry: _count(entry, key))
        return None


def _matches(device: Device, policy_key: int | None) -> bool:
    expected = device.proof_key.to_bytes(8, "big")
    offered = (policy_key or 0).to_bytes(8, "big", signed=True)
    return hmac.compare_digest(expected, offered) and device.proof_key != 0


def _is_closed(device: Device, now: datetime, ip: str) -> bool:
    at_home = range_of(ip) == range_of(device.last_ip)
    return _failures(device, now) >= (MAXIMUM_FAILURES if at_home else MAXIMUM_STRANGERS)


def _failures(device: Device, now: datetime) -> int:
    young = device.proof_window is not None and now - device.proof_window < WINDOW
    return device.proof_failures if young else 0


def _count(entry: Entry, key: DeviceKey) -> None:
    devices = entry.transaction.devices
    device = look_up(devices, key)
    if device is None or device.state not in WIPING:
        return
    failures = _failures(device, entry.now) + 1
    window = entry.now if failures == 1 else device.proof_window
    counted = replace(device, proof_failures=failures, proof_window=window)
    if devices.tombstone(key) is None:
        devices.save(counted)
    else:
        devices.save_tombstone(counted)
    entry.record(before={"proof_failures": device.proof_failures}, after={"proof_failures": failures})
