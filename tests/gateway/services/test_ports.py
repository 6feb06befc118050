"""The store keeps the agreement of ``ports`` to the letter; neither may see the other, so a test compares."""

import pytest

from gateway.services import ports
from gateway.store import DatabaseStore
from gateway.store.assignments import AssignmentRows
from gateway.store.changes import ChangeRows
from gateway.store.figures import FigureRows
from gateway.store.history import HistoryRows
from gateway.store.policies import PolicyRows
from gateway.store.profile_links import ProfileLinkRows
from gateway.store.rollouts import RolloutRows
from gateway.store.rules import RuleRows
from tests.support.agreement import assert_kept

PAIRS = [
    (ports.Policies, PolicyRows),
    (ports.Assignments, AssignmentRows),
    (ports.Rollouts, RolloutRows),
    (ports.Rules, RuleRows),
    (ports.ProfileLinks, ProfileLinkRows),
    (ports.Changes, ChangeRows),
    (ports.Figures, FigureRows),
    (ports.History, HistoryRows),
    (ports.Store, DatabaseStore),
]


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    assert_kept(port, rows)


def test_a_missing_method_and_another_default_are_seen() -> None:
    class Forgetful:
        def current(self, organisation: str, name: str = "default") -> None: ...

    class Other(PolicyRows):
        def versions(self, organisation: str, name: str = "other") -> list[ports.PolicyVersion]:
            return [*super().versions(organisation, name)]

    for rows in (Forgetful, Other):
        with pytest.raises((AttributeError, AssertionError)):
            assert_kept(ports.Policies, rows)
