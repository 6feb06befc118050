"""What a change is about, and which of its fields differ."""

import pytest

from gateway.cli.declared.values import Change, Item, Kind, Verb


def item(kind: Kind, **values: object) -> Item:
    return Item("acme", kind, ("x",), values)


def test_what_is_not_said_stays_but_a_document_is_whole() -> None:
    now, wanted = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3}
    group = Change(item(Kind.GROUP, **now), item(Kind.GROUP, **wanted))
    assert group.fields == {"b": (2, 3)}
    policy = Change(item(Kind.POLICY, **now), item(Kind.POLICY, **wanted))
    assert policy.fields == {"b": (2, 3), "c": (3, None)}


def test_no_value_is_something_else_than_nothing_said() -> None:
    cleared = Change(item(Kind.POLICY), item(Kind.POLICY, AllowCamera=None))
    assert cleared.fields == {"AllowCamera": (None, None)}


def test_how_a_default_is_changed_is_no_difference() -> None:
    now, wanted = item(Kind.DEFAULT, default="block"), item(Kind.DEFAULT, default="block", spare_known=True)
    assert Change(now, wanted).fields == {}


def test_its_verb_and_its_item() -> None:
    here, there = item(Kind.GROUP, a=1), item(Kind.GROUP, a=2)
    changes = [Change(None, there), Change(here, there), Change(here, None)]
    assert [each.verb for each in changes] == [Verb.ADD, Verb.CHANGE, Verb.REMOVE]
    assert [each.item for each in changes] == [there, there, here]
    with pytest.raises(ValueError, match="about something"):
        _ = Change(None, None).item


def test_members_and_assignments_have_a_parent() -> None:
    assert Item("acme", Kind.MEMBER, ("Staff", "u-ann")).parent == "Staff"
    assert Item("acme", Kind.GROUP, ("Staff",)).parent == ""
