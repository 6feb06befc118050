"""The job that brings policy changes to the devices: its rounds, and accidents in them."""

import logging
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import RolloutState
from gateway.rollout_watch import RolloutWatch
from gateway.store import migrate, open_store
from tests.support.fleet_policies import STRICT, Office, furnish_office
from tests.support.world import ADMIN, World


@pytest.fixture
def office(tmp_path: Path) -> Office:
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    return furnish_office(World(open_store(url)), 2)


async def test_a_round_does_what_is_due(office: Office) -> None:
    watch = RolloutWatch(office.world.rollouts)
    await watch.round()
    office.world.policies.set_policy(ADMIN, "acme", STRICT, minutes=10)
    await watch.round()
    assert office.outdated() == set()
    office.world.clock.pass_by(minutes=10)
    await watch.round()
    assert len(office.outdated()) == 2
    assert office.last().state is RolloutState.DONE


@pytest.mark.parametrize(
    "accident", [GatewayError(Kind.UNAVAILABLE), RuntimeError("boom")], ids=["gone", "bug"]
)
async def test_one_organisation_s_accident_is_not_the_others(
    office: Office,
    accident: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    office.world.policies.set_policy(ADMIN, "acme", STRICT, minutes=10)
    office.world.clock.pass_by(minutes=10)
    real = office.world.rollouts.advance

    def advance(organisation: str) -> bool:
        if organisation == "m-broken":
            raise accident
        return real(organisation)

    monkeypatch.setattr(office.world.rollouts, "advance", advance)
    monkeypatch.setattr(
        office.world.rollouts, "under_way", lambda: ["m-broken", office.phones[0].organisation]
    )
    with caplog.at_level(logging.WARNING):
        await RolloutWatch(office.world.rollouts).round()
    assert len(office.outdated()) == 2
    assert "a policy change waits" in caplog.text
