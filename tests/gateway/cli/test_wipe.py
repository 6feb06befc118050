"""``usher wipe``: orders, approvals, the emergency brake (product 5.5)."""

from collections.abc import Callable
from typing import Any

from mdm.ashttp import Version
from tests.support import partnership
from tests.support.desk import Desk, Usher
from tests.support.wipes import SECOND

FULL = ("--kind", "device", "--reason", "stolen", "--name", "PHONE1")


def test_a_full_wipe_is_approved_by_another(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    assert "awaits the approval" in usher("device", "wipe", ann, *FULL).stdout
    (order,) = asked("wipe", "list", "acme")["items"]
    assert "second administrator" in usher("wipe", "approve", "acme", order["id"], code=4).stderr
    desk.services.wipes.approve(SECOND, "acme", order["id"])
    assert "waiting for the device" in usher("wipe", "show", "acme", order["id"]).stdout
    usher("wipe", "approve", "acme", order["id"], code=4)
    lines = usher("wipe", "list", "acme", "--user", ann, "--progress", "ordered").stdout.splitlines()
    assert lines[1].split()[:3] == [order["id"], ann, "PHONE1"]
    assert asked("wipe", "show", "acme", order["id"])["approved_by"] == "second"
    assert "cancelled" in usher("wipe", "cancel", "acme", order["id"], "--reason", "found").stdout
    usher("wipe", "show", "acme", "w-none", code=3)


def test_an_order_is_turned_down(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    usher("device", "wipe", ann, *FULL)
    (order,) = asked("wipe", "list", "acme")["items"]
    assert "rejected" in usher("wipe", "reject", "acme", order["id"]).stdout


def test_the_brake_asks_and_tells(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    usher("device", "wipe", ann)
    usher("wipe", "panic", "--org", "acme", code=1, typed="n\n")
    assert len(desk.services.devices.open_wipes()) == 1
    assert "1 wipes taken back" in usher("wipe", "panic", "--org", "acme", typed="y\n").stdout
    assert "frozen" in usher("device", "wipe", ann, code=4).stderr
    usher("wipe", "lift", "acme", "--reason", "settled")
    usher("device", "wipe", ann)
    world = desk.world
    world.provision(phone.key, partnership.initial(Version.V16_1))
    told = usher("wipe", "panic", "--yes", "--reason", "again").stdout
    assert "1 delivered: PHONE1. Wipes that were delivered cannot be taken back" in told
    assert usher("wipe", "freeze", "acme", "--reason", "odd").stdout.startswith("frozen: ")
