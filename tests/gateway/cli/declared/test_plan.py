"""Plans by example (``tests/corpus/apply``): what is there, what is described, and what is to be done.

A first line ``prune`` asks for removals.
"""

from pathlib import Path

import pytest

from gateway.cli.declared import texts
from gateway.cli.declared.plan import plan
from gateway.cli.declared.values import Plan
from tests.support.described import state

CORPUS = Path(__file__).parents[3] / "corpus" / "apply"
EXAMPLES = sorted(path.name for path in CORPUS.glob("*.txt"))


def planned(name: str) -> tuple[Plan, str]:
    """The plan of an example, and what is expected of it."""
    text = (CORPUS / name).read_text()
    prune = text.startswith("prune\n")
    present, described, expected = text.removeprefix("prune\n").split("----\n")
    return plan(state(described), state(present), prune=prune), expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    found, expected = planned(name)
    assert texts.told(found) + "\n" == expected


def test_a_rule_set_is_one_step() -> None:
    found, _ = planned("every-kind-changes.txt")
    (rules,) = [step for step in found.steps if step.item.kind.value.startswith("rule")]
    assert [change.item.label for change in rules.changes] == ["", "old", "none"]


def test_a_second_plan_is_empty() -> None:
    for name in EXAMPLES:
        described = (CORPUS / name).read_text().removeprefix("prune\n").split("----\n")[1]
        assert not plan(state(described), state(described), prune=True)


def test_members_of_one_group_go_by_the_hundreds() -> None:
    groups = "".join(f"[organisations.acme.groups.m{number}]\n" for number in range(520))
    names = [f"m{number}" for number in range(520)]
    wanted = f"{groups}[organisations.acme.groups.A]\nmembers = {names}\n"
    wanted += "[organisations.acme.groups.B]\nmembers = ['m1']\n"
    found = plan(state(wanted), state(groups))
    assert [len(step.changes) for step in found.steps] == [1, 1, 500, 20, 1]
    back = plan(state(f"{groups}[organisations.acme.groups.A]\nmembers = []\n"), state(wanted), prune=True)
    assert [len(step.changes) for step in back.steps] == [500, 20]
