"""How the trail names a partnership and shows its changes."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.services.partnerships import device_actor, difference, look_up, present, target_of
from gateway.store import DatabaseStore
from mdm.device import DeviceInformation, DeviceState, Wipe, WipeKind
from tests.support.stores import NOON, device


def test_only_what_differs_is_shown() -> None:
    before = device()
    after = replace(before, state=DeviceState.WIPE_REQUIRED, wipe=Wipe(WipeKind.DEVICE, NOON, "root"))
    old, new = difference(before, after)
    assert old == {"state": "Provisioning Required", "wipe": None}
    assert new["state"] == "Wipe Required"
    assert new["wipe"]["ordered_at"] == NOON.isoformat()


def test_keys_are_never_shown() -> None:
    old, new = difference(device(), device(policy_key=4711, temporary_key=4712, proof_key=4713))
    assert set(old.values()) == {"none"}
    assert set(new.values()) == {"set"}


def test_contacts_are_no_change() -> None:
    assert difference(device(), device(last_ip="::1", user_agent="x", last_sync=NOON)) == ({}, {})


def test_a_beginning_shows_everything() -> None:
    old, new = difference(None, device(information=DeviceInformation(model="X")))
    assert old == {}
    assert new["information"]["model"] == "X"
    assert new["device_type"] == "iPhone"


def test_names() -> None:
    key = device().key
    assert target_of(key) == f"{key.user}/PHONE1"
    assert device_actor(key, "::1").kind == "device"


def test_finding_nothing(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert look_up(transaction.devices, device().key) is None
        with pytest.raises(GatewayError) as caught:
            present(transaction.devices, device().key)
    assert caught.value.kind is Kind.NOT_FOUND
