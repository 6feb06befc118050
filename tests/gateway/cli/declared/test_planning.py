"""From files to a plan: every fault of all of them, or what is to be done."""

from gateway.cli.api import Api
from gateway.cli.declared.planning import planned
from gateway.cli.declared.values import Kind
from tests.support.desk import Desk


def test_every_fault_of_every_file_before_anything_is_asked(api: Api, ann: str) -> None:
    one = b"[organisations.acme.policies.p.settings]\nColour = 1\n"
    two = b"[organisations.acme.groups.A]\nmembers = ['nobody']\n[organisations.beta.settings]\nbackend = 3\n"
    found = planned(api, [("one", one), ("two", two), ("three", b"x")])
    assert not found.plan
    assert sorted((fault.file, fault.place) for fault in found.faults) == [
        ("one", "organisations.acme.policies.p.settings.Colour"),
        ("three", ""),
        ("two", "organisations.acme.groups.A.members.0"),
        ("two", "organisations.beta.settings.backend"),
    ]


def test_what_the_api_would_refuse_is_a_fault_as_well(api: Api, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    text = b"[organisations.acme.rules.all]\neffect = 'block'\n[organisations.acme.groups.A]\n"
    (fault,) = planned(api, [("f", text)]).faults
    assert str(fault).startswith(
        "f: organisations.acme.rules.all: Nobody would be let in any more: of 1 known"
    )
    assert not planned(api, [("f", text)], rehearsed=False).faults


def test_several_organisations_one_of_them_new(api: Api, ann: str) -> None:
    text = b"[organisations.acme.settings]\nname = 'New'\n[organisations.beta.groups.A]\n"
    found = planned(api, [("f", text)]).plan
    assert [(step.item.organisation, step.item.kind) for step in found.steps] == [
        ("acme", Kind.ORGANISATION),
        ("beta", Kind.ORGANISATION),
        ("beta", Kind.GROUP),
    ]
