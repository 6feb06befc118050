"""Every section, and every fault of it by its place, in the API's own words."""

from typing import Any

import pytest

from gateway.cli.declared.values import Kind
from tests.support.described import state, told_faults

HOME = "organisations.acme"


def values(text: str) -> dict[tuple[str, ...], Any]:
    """Kind and name to values, organisations apart."""
    items = state(text).items.values()
    return {
        (item.kind.value, *item.name): dict(item.values)
        for item in items
        if item.kind is not Kind.ORGANISATION or item.values
    }


def test_settings_safeguards_and_access() -> None:
    text = f"""
[{HOME}.settings]
name = " Acme  "
state = "Inactive"
device_limit = 3
[{HOME}.safeguards]
never_full_wipe = true
[{HOME}.access]
default = "block"
mode = "usher"
spare_known = true
"""
    assert values(text) == {
        ("settings",): {"name": "Acme", "state": "Inactive", "device_limit": 3},
        ("safeguards",): {"never_full_wipe": True},
        ("default access",): {"default": "block", "spare_known": True},
        ("rules mode",): {"mode": "usher"},
    }


def test_names_are_folded_as_the_api_folds_them() -> None:
    text = f"""
[{HOME}.domains."Münch.Example"]
default = true
[{HOME}.groups."  Staff "]
address = "Staff@Acme.Example"
members = ["ANN.B@acme.example"]
[{HOME}.resources."Room@Acme.Example"]
kind = "equipment"
[{HOME}.permissions."ANN@acme.example"]
Staff = ["send_as", "full_access", "send_as"]
[{HOME}.policies.strict]
assigned = [{{ domain = "Acme.Example" }}, {{ user = "ann.b@acme.example", device = "abc" }}]
[{HOME}.rules.r1]
effect = "block"
conditions = [
    {{ criterion = "user", is = ["Ann.B@Acme.Example"] }},
    {{ criterion = "domain", is_not = ["Acme.Example"] }},
    {{ criterion = "group", is = ["staff@acme.example"] }},
]
"""
    found = values(text)
    assert found["domain", "xn--mnch-0ra.example"] == {"default": True}
    assert found["group", "Staff"] == {"address": "staff@acme.example"}
    assert found["member", "Staff", "u-ann"] == {}
    assert found["resource", "room@acme.example"] == {"kind": "equipment"}
    assert found["permission", "u-ann", "g-staff"] == {"rights": ["full_access", "send_as"]}
    assert found["assignment", "strict", "domain", "acme.example", ""] == {"priority": 0}
    assert found["assignment", "strict", "device", "u-ann", "ABC"] == {"priority": 0}
    assert found["rule", "r1"] == {
        "name": "r1",
        "description": "",
        "effect": "block",
        "enabled": True,
        "conditions": [
            {"criterion": "user", "is": ["ann@acme.example"]},
            {"criterion": "domain", "is_not": ["acme.example"]},
            {"criterion": "group", "is": ["Staff"]},
        ],
    }


def test_a_policy_says_what_it_says_and_no_more() -> None:
    text = f"""
[{HOME}.policies.strict]
accept_partial = false
cleared = ["AllowCamera"]
[{HOME}.policies.strict.settings]
ApprovedApplicationList = []
MinDevicePasswordLength = 6
"""
    assert values(text)["policy", "strict"] == {
        "MinDevicePasswordLength": 6,
        "AllowCamera": None,
        "ApprovedApplicationList": [],
        "accept_partial": False,
    }


def test_what_a_list_has_is_all_there_is() -> None:
    text = f"""
[{HOME}]
complete = ["rules", "domains"]
[{HOME}.groups.A]
members = []
[{HOME}.groups.B]
[{HOME}.policies.p]
assigned = []
"""
    assert state(text).whole == {
        ("acme", Kind.RULE, ""),
        ("acme", Kind.DOMAIN, ""),
        ("acme", Kind.MEMBER, "A"),
        ("acme", Kind.ASSIGNMENT, "p"),
    }


FAULTS = {
    "colour = 1": "colour: There is no such section; known: complete, settings,",
    "complete = ['settings']": "complete: must be a list of sections: domains,",
    "complete = [['a']]": "complete: must be a list of sections",
    "settings = 1": "settings: must be a table",
    "settings.colour = 1": "settings.colour: This field is not known.",
    "settings.device_limit = '3'": "settings.device_limit: Input should be a valid integer",
    "settings.legacy_versions = 1": "settings.legacy_versions: Input should be a valid boolean",
    "settings.default_access = 'allow'": "settings.default_access: stands in access as default",
    'settings.name = "\\u0000"': "settings.name: 1 to 256 characters",
    "safeguards.stale_days = 0": "safeguards.stale_days: From 1 to 3650.",
    "safeguards.frozen = ''": "safeguards.frozen: This field is not known.",
    "access.default = 'perhaps'": "access.default: Input should be 'allow', 'block' or 'quarantine'",
    "domains.'a b' = {}": "domains.a b: A domain is labels",
    "domains.'a.example'.default = false": "domains.a.example.default: Input should be True",
    "domains = { 'a.example' = { default = true }, 'b.example' = { default = true } }": (
        "domains.b.example.default: Only one domain is the default."
    ),
    "groups.' ' = {}": "groups. : 1 to 256 characters",
    "groups.A = 1": "groups.A: must be a table",
    "groups.A.name = 'B'": "groups.A.name: The name is the key of the table.",
    "groups.A.members = 1": "groups.A.members: Input should be a valid list",
    "groups.A.members = ['nobody']": "groups.A.members.0: There is no user or group nobody.",
    "groups.A.members = ['ann@acme.example', 'ann.b@acme.example']": "groups.A.members.1: stands twice",
    "groups = { A = { members = ['B'] }, B = { members = ['A'] } }": (
        "groups.B.members: The group would be a member of itself."
    ),
    "resources.room = {}": "resources.room: An address is a name, @ and a mail domain",
    "resources.'r@acme.example'.address = 'x'": "resources.r@acme.example.address: The address is the key",
    "permissions.'ann@acme.example'.Staff = []": "permissions.ann@acme.example.Staff.rights: List should",
    "permissions.'ann@acme.example'.nobody = ['send_as']": (
        "permissions.ann@acme.example.nobody: There is no user or group nobody."
    ),
    "permissions.Staff.'ann@acme.example' = ['send_as']": (
        "permissions.Staff.ann@acme.example: There is no mailbox Staff."
    ),
    "policies.'a b' = {}": "policies.a b: 1 to 64 letters",
    "policies.p.settings = 1": "policies.p.settings: must be a table",
    "policies.p.settings.Colour = 1": "policies.p.settings.Colour: is not a setting",
    "policies.p.settings.MinDevicePasswordLength = 99": "policies.p.settings.MinDevicePasswordLength: ",
    "policies.p.settings.MinDevicePasswordLength = nan": "policies.p.settings.MinDevicePasswordLength: ",
    "policies.p.settings.MinDevicePasswordLength = 2000-01-01": (
        "policies.p.settings.MinDevicePasswordLength: "
    ),
    "policies.p.refresh_hours = -1": "policies.p.refresh_hours: must be from 0",
    "policies.p.colour = 1": "policies.p.colour: is not known",
    "policies.p.cleared = 'AllowCamera'": "policies.p.cleared: must be a list of settings",
    "policies.p.cleared = ['Colour']": "policies.p.Colour: is not a setting",
    "policies.p = { cleared = ['AllowCamera'], settings = { AllowCamera = true } }": (
        "policies.p.cleared: AllowCamera is set as well"
    ),
    "policies.p.assigned = 1": "policies.p.assigned: must be a list of tables",
    "policies.p.assigned = [1]": "policies.p.assigned.0: must be a table",
    "policies.p.assigned = [{}]": "policies.p.assigned.0: Exactly one of organisation, domain,",
    "policies.p.assigned = [{ user = 'ann@acme.example', group = 'Staff' }]": "policies.p.assigned.0: Exact",
    "policies.p.assigned = [{ group = 'Staff', device = 'A' }]": "policies.p.assigned.0: Exactly one of",
    "policies.p.assigned = [{ organisation = true, priority = 2000000 }]": "policies.p.assigned.0.priority: ",
    "policies.p.assigned = [{ group = 'nobody' }]": "policies.p.assigned.0: There is no group nobody.",
    "policies.p.assigned = [{ domain = 'b.example' }]": "policies.p.assigned.0: There is no domain b.",
    "policies.p.assigned = [{ user = 'x', device = 'A' }]": "policies.p.assigned.0: There is no user x.",
    "policies.default.assigned = [{ organisation = true }]": "policies.default.assigned: The organisation's",
    "rules.r = {}": "rules.r.effect: must be one of",
    "rules.'a b'.effect = 'block'": "rules.a b.id: 1 to 64",
    "rules.r = { effect = 'block', id = 'x' }": "rules.r.id: The id is the key of the table.",
    "rules.r = { effect = 'block', enabled = 1 }": "rules.r.enabled: must be true or false",
    "rules.r = { effect = 'block', conditions = [{ criterion = 'os' }] }": "rules.r.conditions.0: must have",
    "rules.r = { effect = 'block', conditions = [{ criterion = 'os', is = [1] }] }": (
        "rules.r.conditions.0.values: must be a list of texts"
    ),
}


@pytest.mark.parametrize("line", FAULTS)
def test_what_is_wrong_is_named_by_its_place(line: str) -> None:
    told = told_faults(f"[{HOME}]\n{line}\n")
    assert any(each.startswith(f"{HOME}.{FAULTS[line]}") for each in told), told


def test_every_fault_is_named_at_once() -> None:
    wrong = [
        line for line in FAULTS if line.startswith(("settings.c", "groups.A.n", "rules.r =", "policies.p.c"))
    ]
    keys = {line.split(" ")[0]: line for line in wrong}
    told = told_faults(f"[{HOME}]\n" + "\n".join(keys.values()))
    assert len(told) >= len(keys) > 4
