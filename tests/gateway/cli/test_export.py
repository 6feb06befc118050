"""``usher export`` (product 7.5)."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.api import on_this_machine
from gateway.cli.export import SECTIONS
from gateway.records.authority import MACHINE, Authority
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN, PASSWORD

ACME = "/organisations/acme"
ODD = 'In/side "out" \u202e\u00fc'
OLD = [{"criterion": "os", "is": ["<16"]}, {"criterion": "user", "is_not": ["a.b@second.example"]}]
GROUP = [{"criterion": "group", "is": ["sales@acme.example"]}]
STEPS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("PUT", f"{ACME}/access/default", {"level": "quarantine", "spare_known": True}),
    ("PATCH", f"{ACME}/safeguards", {"stale_days": 40}),
    ("POST", f"{ACME}/domains", {"name": "second.example"}),
    ("PATCH", f"{ACME}/domains/second.example", {"backend": "other", "default": True}),
    ("POST", f"{ACME}/users", {"address": "bob@acme.example", "password": PASSWORD}),
    ("PATCH", f"{ACME}/users/ann@acme.example", {"aliases": ["a.b@second.example"]}),
    ("POST", f"{ACME}/groups", {"name": "Sales", "address": "sales@acme.example", "priority": 4}),
    ("POST", f"{ACME}/groups", {"name": "ann@acme.example", "state": "disabled"}),
    ("PUT", f"{ACME}/groups/Sales/members/ann@acme.example", None),
    ("PUT", f"{ACME}/groups/Sales/members/bob@acme.example", None),
    ("POST", f"{ACME}/resources", {"address": "room@acme.example", "kind": "equipment"}),
    ("PUT", f"{ACME}/permissions/room@acme.example/Sales", {"rights": ["send_as", "full_access"]}),
    ("PUT", f"{ACME}/permissions/bob@acme.example/ann@acme.example", {"rights": ["send_on_behalf"]}),
    ("PUT", f"{ACME}/policy", {"settings": {"AllowCamera": False}, "refresh_hours": 3}),
    ("POST", f"{ACME}/policies", {"name": "strict", "document": {"settings": {"AllowWiFi": None}}}),
    ("POST", f"{ACME}/policies", {"name": "idle"}),
    *(
        ("PUT", f"{ACME}/policy_assignments", {"policy": "strict", **whom})
        for whom in (
            {"reach": "organisation"},
            {"reach": "domain", "target": "second.example"},
            {"reach": "group", "target": "Sales", "priority": -2},
            {"reach": "user", "target": "bob@acme.example"},
            {"reach": "device", "target": "ann@acme.example", "device_id": "phone1"},
        )
    ),
    ("POST", f"{ACME}/access/rules", {"name": "Old \u2026", "effect": "block", "conditions": OLD}),
    ("POST", f"{ACME}/access/rules", {"name": "Sales", "effect": "allow", "conditions": GROUP}),
    ("PATCH", f"{ACME}/access/rules/sales", {"description": "one\ntwo", "enabled": False}),
)


@pytest.fixture
def furnished(desk: Desk, ann: str) -> str:
    """An organisation with everything that a file knows, oddly named."""
    root = Authority("root", appointments=MACHINE, confirmed=True)
    with on_this_machine(desk.services, root) as api:
        for method, path, body in STEPS:
            api.send(method, path, body)
    desk.services.groups.create(ADMIN, "acme", ODD)
    desk.services.groups.add_member(ADMIN, "acme", "Sales", ODD)
    return "acme"


def test_applied_it_changes_nothing(usher: Usher, furnished: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    for more in ((), ("--complete",), *((f"--{name}",) for name in SECTIONS)):
        file.write_text(usher("export", furnished, *more).stdout)
        assert usher("drift", str(file)).stdout == "everything is as it is described\n"


def test_what_was_changed_by_hand_comes_back(usher: Usher, furnished: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    written = usher("export", furnished, "--complete").stdout
    file.write_text(written)
    usher("policy", "set", "acme", "--set", "AllowCamera=true")
    usher("policy", "unassign", "acme", "strict", "--group", "Sales")
    usher("rule", "remove", "acme", "sales")
    usher("group", "drop", "acme", "Sales", "bob@acme.example")
    usher("group", "create", "acme", "More")
    usher("permission", "revoke", "acme", "room@acme.example", "Sales")
    told = usher("apply", str(file), "--yes", "--prune").stdout
    assert len(told.splitlines()) == 6
    usher("drift", str(file))
    assert tomllib.loads(usher("export", furnished, "--complete").stdout) == tomllib.loads(written)


def test_only_what_was_asked_for(usher: Usher, furnished: str) -> None:
    home = tomllib.loads(usher("export", furnished, "--rules", "--settings").stdout)["organisations"]["acme"]
    assert set(home) == {"settings", "safeguards", "access", "rules"}
    shown = json.loads(usher("export", furnished, "--policies", "--json").stdout)["organisations"]["acme"]
    assert set(shown["policies"]) == {"default", "idle", "strict"}
    assert usher("export", "nobody", code=3).stdout == ""


def test_no_secret_is_in_it(usher: Usher, furnished: str) -> None:
    assert PASSWORD not in usher("export", furnished).stdout
