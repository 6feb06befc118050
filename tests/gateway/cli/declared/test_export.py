"""An exported state, applied, changes nothing: whatever the state is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.declared import documents, export
from gateway.cli.declared.plan import plan
from gateway.cli.declared.resolving import Present, resolve
from gateway.cli.declared.values import Item, Kind, Section, State
from tests.support.described_states import presents


@settings(max_examples=60)
@given(presents(), st.booleans())
def test_applied_it_changes_nothing(present: Present, complete: bool) -> None:
    text = export.text(export.document("acme", present, list(Section), complete=complete))
    described = documents.read([("f", text.encode())])
    assert described.faults == ()
    assert text.replace("\n", "").isprintable()
    desired, missing = resolve(described, {"acme": present})
    assert missing == ()
    found = plan(desired, present.state, prune=True)
    assert not found, (text, found)
    assert set(desired.items) == set(present.state.items)


def test_only_the_sections_that_were_asked_for() -> None:
    present = Present(
        State(
            {
                item.key: item
                for item in (
                    Item("acme", Kind.ORGANISATION, (), {"name": "Acme"}),
                    Item("acme", Kind.POLICY, ("default",), {}),
                    Item("acme", Kind.RULE, ("r",), {"name": "r", "effect": "block", "conditions": []}),
                )
            }
        )
    )
    written = export.document("acme", present, [Section.RULES, Section.POLICIES], complete=True)
    home = written["organisations"]["acme"]
    rule = {"name": "r", "effect": "block", "conditions": []}
    assert home == {"complete": ["policies", "rules"], "rules": {"r": rule}}
