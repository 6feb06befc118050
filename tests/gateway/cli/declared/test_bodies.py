"""Items as the API takes them."""

from gateway.cli.declared.bodies import assignment_of, default_of, document_of, mode_of, rules_after
from gateway.cli.declared.values import Change, Item, Kind, Step
from gateway.services.policies import read_document
from mdm.layers import said_by


def test_a_policy_is_the_document_it_came_from() -> None:
    document = read_document({"settings": {"AllowCamera": None}, "accept_partial": False, "refresh_hours": 3})
    assert document_of(said_by(document)) == document


def test_an_assignment_and_a_default() -> None:
    name = ("strict", "device", "u-1", "ABC")
    assert assignment_of(Item("acme", Kind.ASSIGNMENT, name)) == {
        "policy": "strict",
        "reach": "device",
        "target": "u-1",
        "device_id": "ABC",
    }
    assert default_of(Item("acme", Kind.DEFAULT, (), {"default": "block"})) == {
        "level": "block",
        "spare_known": False,
    }


def test_rules_keep_their_places() -> None:
    def rule(identity: str, effect: str) -> Item:
        return Item("acme", Kind.RULE, (identity,), {"effect": effect})

    present = {"a": {"effect": "allow"}, "b": {"effect": "allow"}, "c": {"effect": "allow"}}
    mode = Item("acme", Kind.MODE, (), {"mode": "usher"})
    step = Step(
        (
            Change(None, mode),
            Change(rule("a", "allow"), rule("a", "block")),
            Change(None, rule("d", "block")),
            Change(rule("b", "allow"), None),
        )
    )
    assert rules_after(present, step) == [
        {"id": "a", "effect": "block"},
        {"id": "c", "effect": "allow"},
        {"id": "d", "effect": "block"},
    ]
    assert mode_of(step) == "usher"
    assert mode_of(Step(step.changes[1:])) is None
