"""Plans and outcomes as people and programs read them; plans by example are in ``test_plan``."""

from gateway.cli.declared import texts
from gateway.cli.declared.values import Change, Fault, Item, Kind, Plan, Step
from gateway.errors import GatewayError
from gateway.errors import Kind as Refusal

GROUP = Item("acme", Kind.GROUP, ("Sales",), {"priority": 1}, "Sales")
POLICY = Item("acme", Kind.POLICY, ("strict",), {"AllowCamera": True}, "strict", version=4)
WANTED = Item("acme", Kind.POLICY, ("strict",), {"AllowCamera": None}, "strict")
STEP = Step((Change(POLICY, WANTED),), ("touches 3 of 4 devices\x1b[2J",))
PLAN = Plan((STEP,), (Change(GROUP, None),))


def test_a_plan_with_versions_and_notes() -> None:
    assert texts.told(PLAN).splitlines() == [
        "acme",
        "  ~ policy strict (version 4)",
        "      AllowCamera: yes -> no value",
        "      # touches 3 of 4 devices\\x1b[2J",
        "acme: - group Sales (left out without --prune)",
        "",
        "0 to add, 1 to change, 0 to remove, 1 left out without --prune",
    ]


def test_a_plan_for_programs() -> None:
    shown = texts.document(PLAN)
    assert shown["changes"] == [
        {
            "organisation": "acme",
            "action": "change",
            "kind": "policy",
            "name": "strict",
            "fields": {"AllowCamera": {"before": True, "after": None}},
            "notes": ["touches 3 of 4 devices\x1b[2J"],
        }
    ]
    (withheld,) = shown["withheld"]
    assert (withheld["action"], withheld["name"], withheld["fields"]) == ("remove", "Sales", {})


def test_a_refusal_for_programs() -> None:
    shown = texts.refusal(GatewayError(Refusal.CONFLICT, "No.", faults={"name": "taken"}))
    assert shown == {"title": "conflict", "detail": "No.", "errors": {"name": "taken"}}
    assert texts.changes((STEP, STEP)) == texts.document(PLAN)["changes"] * 2


def test_a_fault_does_not_reach_the_terminal_as_it_is() -> None:
    told = texts.faults([Fault("f.toml", "organisations.\x1b", "no"), Fault("", "", "that")])
    assert told == "f.toml: organisations.\\x1b: no\nthat"


def test_a_step_on_one_line() -> None:
    assert texts.headlines(STEP) == "acme: ~ policy strict (version 4)"
    added = Change(None, GROUP)
    assert texts.headlines(Step((added,) * 5)) == f"acme: {'; '.join(['+ group Sales'] * 3)}; and 2 more"
