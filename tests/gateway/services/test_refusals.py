"""Refused calls stand in the trail, and fill it for nobody (product 8)."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.services import refusals
from gateway.services.refusals import Refusal, Refusals
from gateway.store import DatabaseStore
from tests.support.world import World

CLERK = Actor("admin", "clerk", "192.0.2.7", "curl", "r1", "a-1", "t-1")
ASKED = Refusal(
    CLERK,
    "POST /organisations/{organisation}/wipes/panic",
    "acme",
    "wipe:panic",
    "This needs the permission wipe:panic.",
)


@pytest.fixture
def world(store: DatabaseStore) -> World:
    world = World(store)
    world.organisation()
    return world


@pytest.fixture
def noted(world: World) -> Refusals:
    return Refusals(world.store, world.clock)


def test_a_refusal_is_on_record_with_what_was_missing(world: World, noted: Refusals) -> None:
    assert noted.note(ASKED)
    record = world.trail()[-1]
    assert (record.tag, record.target, record.outcome) == (
        AuditTag.ACT_REFUSED,
        ASKED.route,
        "refused: This needs the permission wipe:panic.",
    )
    assert record.actor == CLERK
    assert record.organisation == world.tenants.organisation("acme").id
    assert dict(record.after) == {"permission": "wipe:panic", "untold_before": 0}


def test_an_organisation_that_is_none_is_no_place_in_the_trail(world: World, noted: Refusals) -> None:
    for organisation in ("", "nobody"):
        noted.note(replace(ASKED, organisation=organisation, route=organisation or "x"))
        assert world.trail()[-1].organisation == ""


def test_a_flood_is_a_record_a_minute_with_the_number_of_the_others(world: World, noted: Refusals) -> None:
    before = len(world.trail())
    assert [noted.note(ASKED) for _ in range(500)] == [True] + [False] * 499
    world.clock.pass_by(minutes=1)
    assert noted.note(ASKED)
    assert [each.after["untold_before"] for each in world.trail()[before:]] == [0, 499]


def test_another_asker_and_another_route_have_records_of_their_own(noted: Refusals) -> None:
    assert noted.note(ASKED)
    assert noted.note(replace(ASKED, route="GET /scp"))
    assert noted.note(replace(ASKED, actor=replace(CLERK, credential="t-2")))
    assert noted.note(replace(ASKED, actor=replace(CLERK, credential="", name="bootstrap")))


def test_what_is_remembered_is_bounded(noted: Refusals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "KEPT", 2)
    for route in "abc":
        noted.note(replace(ASKED, route=route))
    assert not noted.note(replace(ASKED, route="c"))
    assert noted.note(replace(ASKED, route="a")), "forgotten"


class Broken:
    """A store that does not answer."""

    def write(self) -> object:
        raise GatewayError(Kind.UNAVAILABLE)


def test_a_database_that_does_not_answer_is_asked_again(noted: Refusals) -> None:
    working, noted._store = noted._store, Broken()  # type: ignore[assignment]
    with pytest.raises(GatewayError):
        noted.note(ASKED)
    noted._store = working
    assert noted.note(ASKED)
