"""``usher policy assign`` and what belongs to it (product 4.2)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.desk import Desk, Usher


@pytest.fixture
def strict(usher: Usher, acme: str) -> str:
    usher("policy", "create", acme, "strict", "--set", "DevicePasswordEnabled=true")
    return "strict"


def test_assign_look_and_take_away(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str, strict: str
) -> None:
    desk.phone(ann)
    whom = ("acme", strict, "--user", ann)
    assert asked("policy", "assign", *whom, "--dry-run")["touched"] == 1
    assert "touches 1 of 1" in usher("policy", "assign", *whom, "--dry-run").stdout
    done = usher("policy", "assign", *whom, "--priority", "3").stdout
    assert done == "strict holds for user ann@acme.example; 1 devices provision again\n"
    shown = usher("policy", "effective", ann, "PHONE1").stdout
    assert shown.startswith("strict@1\n") and "DevicePasswordEnabled" in shown and "(user u-" in shown
    assert "built-in default" in usher("policy", "effective", ann, "PHONE1", "--all").stdout
    assert asked("policy", "effective", ann, "PHONE1")["policies"] == "strict@1"
    assert "ann@acme.example" in usher("policy", "assignments", "acme").stdout
    assert asked("policy", "uses", "acme", "--policy", strict)["items"][0]["priority"] == 3
    usher("policy", "delete", "acme", strict, code=4)
    assert "touches 0 of 1" in usher("policy", "unassign", *whom, "--dry-run").stdout
    assert asked("policy", "unassign", *whom)["policy"] == "strict"
    assert asked("policy", "assignments", "acme") == {"items": []}


@pytest.mark.parametrize(
    "whom",
    [
        ("--organisation",),
        ("--domain", "acme.example"),
        ("--group", "Sales"),
        ("--device", "ann@acme.example", "phone1"),
    ],
    ids=lambda whom: whom[0][2:],
)
def test_every_kind_of_target(
    usher: Usher, asked: Callable[..., Any], ann: str, strict: str, whom: tuple[str, ...]
) -> None:
    usher("group", "create", "acme", "Sales")
    done = asked("policy", "assign", "acme", strict, *whom)
    assert done["reach"] == whom[0][2:]
    assert len(asked("policy", "assignments", "acme")["items"]) == 1


def test_exactly_one_target(usher: Usher, ann: str, strict: str) -> None:
    usher("policy", "assign", "acme", strict, code=2)
    usher("policy", "assign", "acme", strict, "--organisation", "--user", ann, code=2)
    usher("policy", "assign", "acme", "other", "--organisation", code=3)
    usher("policy", "effective", ann, "NOTHING", code=3)
