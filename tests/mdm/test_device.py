"""The values of a partnership."""

import dataclasses
from dataclasses import replace

import pytest

from mdm.device import Device, DeviceInformation, DeviceKey, DeviceState, Wipe, WipeKind, WipeProgress
from tests.support import partnership


def test_the_four_states_carry_the_names_that_administrators_read() -> None:
    assert [state.value for state in DeviceState] == [
        "Provisioning Required",
        "Provisioning Succeeded",
        "Wipe Required",
        "Wipe Succeeded",
    ]


def test_a_new_partnership_must_provision_and_holds_no_key() -> None:
    device = partnership.device()
    assert device.state is DeviceState.PROVISIONING_REQUIRED
    assert (device.policy_key, device.temporary_key, device.proof_key) == (0, 0, 0)
    assert device.wipe is None
    assert device.information == DeviceInformation()


def test_one_phone_with_two_users_is_two_partnerships() -> None:
    first, second = DeviceKey("m-1", "u-1", "PHONE"), DeviceKey("m-1", "u-2", "PHONE")
    assert len({first, second}) == 2


@pytest.mark.parametrize("kind", [Device, DeviceKey, DeviceInformation, Wipe])
def test_values_are_frozen(kind: type) -> None:
    assert dataclasses.fields(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_wipe_kinds_have_the_names_of_the_interface() -> None:
    assert {kind.value for kind in WipeKind} == {"device", "account"}


def test_how_far_a_wipe_is() -> None:
    ordered = Wipe(WipeKind.DEVICE, partnership.NOON, "ann")
    delivered = replace(ordered, delivered_at=partnership.NOON)
    told = replace(delivered, acknowledged_at=partnership.NOON)
    assert ordered.progress is WipeProgress.ORDERED
    assert delivered.progress is WipeProgress.DELIVERED
    assert replace(delivered, failures=1).progress is WipeProgress.FAILED
    assert told.progress is WipeProgress.ACKNOWLEDGED
    assert replace(told, unverified=True).progress is WipeProgress.UNVERIFIED
