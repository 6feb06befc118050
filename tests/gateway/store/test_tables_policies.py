"""The tables of assignments and rollouts: nothing in them outlives its organisation."""

from gateway.records import Assignment, Rollout
from gateway.store import DatabaseStore
from gateway.store.tables_policies import policy_assignments, rollouts
from mdm.layers import Reach
from tests.support.stores import ACME, NOON


def test_both_go_with_their_organisation(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.assignments.save(Assignment(ACME.id, Reach.ORGANISATION, "", "strict"))
        transaction.rollouts.add(Rollout(ACME.id, 1, "strict@1", "root", NOON))
    with store.write() as transaction:
        transaction.directory.remove_organisation(ACME.id)
        assert transaction.assignments.all(ACME.id) == []
        assert transaction.rollouts.last(ACME.id) is None


def test_an_assignment_hangs_on_whom_it_names() -> None:
    parents = {key.column.table.name for key in policy_assignments.foreign_keys}
    assert parents == {"organisations", "domains", "groups", "users"}
    assert {key.column.table.name for key in rollouts.foreign_keys} == {"organisations"}
