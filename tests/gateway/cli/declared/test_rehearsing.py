"""What a plan says beforehand of its consequences."""

from collections.abc import Sequence

import pytest

from gateway.cli.api import Api
from gateway.cli.declared.planning import Planned, planned
from gateway.cli.declared.rehearsing import LATER, UNASSIGNED
from tests.support.desk import Desk
from tests.support.world import ADMIN

HOME = "organisations.acme"


def rehearsed(api: Api, text: str) -> Planned:
    return planned(api, [("f", text.encode())], prune=True)


def notes(api: Api, text: str) -> Sequence[str]:
    found = rehearsed(api, text)
    assert found.faults == ()
    return found.plan.steps[-1].notes


def test_a_policy_says_how_many_devices_it_touches(api: Api, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    text = f"[{HOME}.policies.default.settings]\nRequireStorageCardEncryption = true\n"
    said = notes(api, text)
    assert said[0] == "touches 1 of 1 devices; 1 are under this policy"
    assert "known to ignore it" in said[1]
    assert notes(api, f"[{HOME}.policies.strict]\n") == (UNASSIGNED,)


def test_an_assignment_and_its_end(api: Api, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    strict = {"settings": {"DevicePasswordEnabled": True}}
    desk.services.policies.create(ADMIN, "acme", "strict", strict)
    assigned = f"[{HOME}.policies.strict]\nassigned = [{{ user = '{ann}' }}]\n"
    settings = f"[{HOME}.policies.strict.settings]\nDevicePasswordEnabled = true\n"
    assert notes(api, assigned + settings)[0].startswith("touches 1 of 1 devices")
    api.send(
        "PUT",
        "/organisations/acme/policy_assignments",
        {"policy": "strict", "reach": "user", "target": ann},
    )
    end = f"[{HOME}.policies.strict]\nassigned = []\n" + settings
    assert notes(api, end)[0] == "touches 0 of 1 devices; 0 are under this policy"


@pytest.mark.parametrize("whom", ["group = 'New'", "domain = 'new.example'"])
def test_what_is_yet_to_be_made_is_not_rehearsed(api: Api, desk: Desk, acme: str, whom: str) -> None:
    desk.services.policies.create(ADMIN, acme, "strict", {})
    new = f"[{HOME}.groups.New]\n[{HOME}.domains.'new.example']\n"
    assert notes(api, f"{new}[{HOME}.policies.strict]\nassigned = [{{ {whom} }}]\n") == (LATER,)
    criterion, _, value = whom.partition(" = ")
    rule = f"[{HOME}.rules.r]\neffect='block'\nconditions=[{{ criterion='{criterion}', is=[{value}] }}]\n"
    assert notes(api, new + rule)[0] == LATER


def test_rules_say_whom_they_cut_off_and_what_is_odd(api: Api, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    desk.phone(ann, "PHONE2")
    desk.services.access_rules.create(ADMIN, "acme", {"name": "a", "effect": "allow"}, force=True)
    rule = f"[{HOME}.rules.r]\neffect='block'\nconditions=[{{ criterion='os', is=['zz'] }}]\n"
    said = notes(api, rule)
    assert said[0].startswith("2 known devices: 2 are let in now, 2 would be")


def test_a_set_that_cuts_everybody_off_is_refused_and_a_wrong_value_has_its_place(
    api: Api, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    (fault,) = rehearsed(api, f"[{HOME}.rules.all]\neffect = 'block'\n").faults
    assert fault.text.startswith("Nobody would be let in any more")
    wrong = (
        f"[{HOME}.rules.a]\neffect='allow'\nconditions=[{{ criterion='os', is=['<16'] }}]\n"
        f"[{HOME}.rules.b]\neffect='block'\nconditions=[{{ criterion='mood', is=['bad'] }}]\n"
    )
    (fault,) = rehearsed(api, wrong).faults
    assert (fault.file, fault.place.startswith(f"{HOME}.rules.b.conditions.0")) == ("f", True)
    unknown = (
        f"[{HOME}.rules.c]\neffect='block'\nconditions=[{{ criterion='user', is=['x@acme.example'] }}]\n"
    )
    (fault,) = rehearsed(api, unknown).faults
    assert fault.place == f"{HOME}.rules.c.conditions.0.values"


def test_a_default_that_cuts_everybody_off(api: Api, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    access = f"[{HOME}.access]\ndefault = 'block'\n"
    (fault,) = rehearsed(api, access).faults
    assert (fault.place, "spare_known = true" in fault.text) == (f"{HOME}.access.default", True)
    assert notes(api, access + "spare_known = true\n") == ("1 known devices: 1 are let in now, 1 would be",)
    rule = f"[{HOME}.rules.r]\neffect='allow'\nconditions=[{{ criterion='user', is=['{ann}'] }}]\n"
    assert notes(api, access + rule)[0] == "with the rules as they are now:"


def test_a_safeguard_that_guards_less_says_what_it_takes(api: Api, acme: str) -> None:
    said = notes(api, f"[{HOME}.safeguards]\napprove_full_wipes = false\nstale_days = 40\n")
    assert said == ("guards less by approve_full_wipes: takes safeguards:loosen",)
    assert notes(api, f"[{HOME}.safeguards]\nstale_days = 40\n") == ()


def test_of_a_new_organisation_nothing_is_asked(api: Api) -> None:
    found = rehearsed(api, "[organisations.beta.policies.default.settings]\nAllowCamera = false\n")
    assert [step.notes for step in found.plan.steps] == [(), ()]


def test_a_fault_of_a_rule_that_no_file_has(api: Api, desk: Desk, acme: str) -> None:
    """It names a group that is gone, and stands in the way of every change of the set."""
    desk.services.groups.create(ADMIN, acme, "Gone")
    is_gone = [{"criterion": "group", "is": ["Gone"]}]
    desk.services.access_rules.create(ADMIN, acme, {"name": "x", "effect": "block", "conditions": is_gone})
    desk.services.groups.remove(ADMIN, acme, "Gone")
    text = (
        f"[{HOME}.groups.New]\n[{HOME}.rules.n]\neffect='block'\n"
        "conditions=[{ criterion='group', is=['New'] }]\n"
        f"[{HOME}.rules.o]\neffect='block'\nconditions=[{{ criterion='mood', is=['bad'] }}]\n"
    )
    gone, odd = rehearsed(api, text).faults
    assert str(gone).startswith(f"{HOME}.rule.x.conditions.0.values: the organisation has no group")
    assert (odd.file, odd.place) == ("f", f"{HOME}.rules.o.conditions.0.criterion")
