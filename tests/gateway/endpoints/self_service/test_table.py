"""The table of what a person may do at ``/self/``: deny by default (product 7.8; T25)."""

import pytest

from gateway.endpoints.self_service.table import NOTHING, THINGS, find


@pytest.mark.parametrize(
    ("method", "path", "does", "named"),
    [
        ("GET", "/self/devices/X", "device", "X"),
        ("HEAD", "/self/devices/X", "device", "X"),
        ("POST", "/self/devices/X/wipe", "wipe", "X"),
        ("POST", "/self/devices/X", "nothing", ""),
        ("GET", "/self/devices/", "nothing", ""),
        ("GET", "/self/devices/X/Y", "nothing", ""),
        ("GET", "/self/devices", "nothing", ""),
        ("GET", "/self/devices/X/wipe", "nothing", ""),
        ("DELETE", "/self/devices/X", "nothing", ""),
    ],
)
def test_a_request_is_about_one_line_and_an_id_is_one_part_of_its_path(
    method: str, path: str, does: str, named: str
) -> None:
    thing, found = find(method, path)
    assert (thing.does, found) == (does, named)
    assert (thing is NOTHING) == (does == "nothing")


def test_only_signing_in_is_open() -> None:
    assert {thing.path for thing in THINGS if thing.open} == {"/self/sign-in", "/self/style.css"}
    assert {thing.does for thing in THINGS if thing.proved} == {"wipe", "remove", "make_app_password"}
