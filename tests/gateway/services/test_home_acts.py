"""Changes within one organisation."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Organisation
from gateway.services.acts import Entry
from gateway.services.home_acts import HomeActs
from tests.support.world import ADMIN, World


def test_the_work_gets_the_organisation_and_the_record_stands_under_it(world: World) -> None:
    made = world.organisation()

    def work(entry: Entry, home: Organisation) -> str:
        entry.record(after={"seen": home.alias})
        return home.id

    acts = HomeActs(world.store, world.clock)
    assert acts.perform(AuditTag.GROUP_CHANGED, ADMIN, "acme", "staff", work) == made.id
    record = world.trail()[-1]
    assert (record.organisation, record.target, record.after) == (made.id, "staff", {"seen": "acme"})


def test_a_refusal_stands_under_the_organisation_too(world: World) -> None:
    made = world.organisation()

    def work(_entry: Entry, _home: Organisation) -> None:
        raise GatewayError(Kind.CONFLICT, "No.")

    with pytest.raises(GatewayError):
        HomeActs(world.store, world.clock).perform(AuditTag.GROUP_CHANGED, ADMIN, "acme", "staff", work)
    record = world.trail()[-1]
    assert (record.tag, record.organisation) == (AuditTag.ACT_REFUSED, made.id)


def test_without_the_organisation_nothing_runs(world: World) -> None:
    with pytest.raises(GatewayError) as caught:
        HomeActs(world.store, world.clock).perform(
            AuditTag.GROUP_CHANGED, ADMIN, "nobody", "staff", lambda entry, _: entry.record()
        )
    assert caught.value.kind is Kind.NOT_FOUND
    assert [record.tag for record in world.trail()] == [AuditTag.ACT_REFUSED]
