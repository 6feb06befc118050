"""Which device is meant at a terminal."""

import pytest

from gateway.cli.device_named import Named
from tests.support.desk import Desk, Usher


def test_its_place_in_the_api_is_quoted_part_by_part() -> None:
    device = Named("m-1", "u-1", "../X")
    assert device.place("wipe", "cancel") == "/organisations/m-1/devices/u-1/..%2FX/wipe/cancel"


@pytest.mark.parametrize("case", ["phone1", "PHONE1", "Phone1"])
def test_either_case_is_the_same_device(usher: Usher, desk: Desk, ann: str, case: str) -> None:
    desk.phone(ann)
    assert "PHONE1" in usher("device", "show", ann, case).stdout


def test_one_device_needs_no_name_and_several_are_listed(usher: Usher, desk: Desk, ann: str) -> None:
    assert "has no device" in usher("device", "show", ann, code=3).stderr
    desk.phone(ann)
    assert "PHONE1" in usher("device", "show", ann).stdout
    desk.phone(ann, "PHONE2")
    refused = usher("device", "show", ann, code=2).stderr
    assert "PHONE1" in refused and "2 devices: which DEVICEID?" in refused
