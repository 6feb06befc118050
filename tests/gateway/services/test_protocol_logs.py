"""The protocol log of a device: switched by acts, over by itself, let go of after a day."""

from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.records.protocol import Exchange
from gateway.services import protocol_logs
from gateway.services.protocol_logs import KEPT, LONGEST, ProtocolLogs
from tests.support.world import ADMIN, World


@pytest.fixture
def logs(world: World) -> ProtocolLogs:
    return ProtocolLogs(world.store, world.clock)


def tags(world: World) -> list[AuditTag]:
    return [record.tag for record in world.trail()]


def test_it_is_on_for_a_while_and_ends_by_itself(world: World, logs: ProtocolLogs) -> None:
    world.organisation()
    key = world.phone(world.user()).key
    before = world.last_change()
    traced = logs.switch_on(ADMIN, key, reason="it loops")
    assert traced.until - traced.since == timedelta(minutes=30)
    assert world.last_change() > before
    record = world.trail()[-1]
    assert (record.tag, record.reason, record.actor) == (AuditTag.PROTOCOL_LOG_ON, "it loops", ADMIN)
    assert (logs.state(key), list(logs.traced())) == (traced, [traced])
    logs.round()
    assert logs.state(key) == traced
    world.clock.pass_by(minutes=30)
    assert (logs.state(key), list(logs.traced())) == (None, [])
    logs.round()
    logs.round()
    assert tags(world).count(AuditTag.PROTOCOL_LOG_OFF) == 1
    assert world.trail()[-1].actor.kind == "system"


def test_off_is_an_act(world: World, logs: ProtocolLogs) -> None:
    world.organisation()
    key = world.phone(world.user()).key
    logs.switch_on(ADMIN, key)
    logs.switch_off(ADMIN, key, "found it")
    assert (world.trail()[-1].tag, world.trail()[-1].reason) == (AuditTag.PROTOCOL_LOG_OFF, "found it")
    with pytest.raises(GatewayError) as refused:
        logs.switch_off(ADMIN, key)
    assert refused.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize("length", [timedelta(), timedelta(seconds=59), LONGEST + timedelta(seconds=1)])
def test_neither_for_nothing_nor_for_ever(world: World, logs: ProtocolLogs, length: timedelta) -> None:
    world.organisation()
    key = world.phone(world.user()).key
    with pytest.raises(GatewayError) as refused:
        logs.switch_on(ADMIN, key, length)
    assert (refused.value.kind, list(refused.value.faults)) == (Kind.MALFORMED, ["minutes"])


def test_no_more_at_once_than_can_be_written(
    world: World, logs: ProtocolLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol_logs, "TRACED_AT_ONCE", 1)
    world.organisation()
    ann = world.user()
    first, second = (world.phone(ann, name).key for name in ("ONE", "TWO"))
    logs.switch_on(ADMIN, first)
    logs.switch_on(ADMIN, first, LONGEST)
    with pytest.raises(GatewayError) as refused:
        logs.switch_on(ADMIN, second)
    assert refused.value.kind is Kind.CONFLICT


def test_what_was_written_is_read_and_gone_after_a_day(world: World, logs: ProtocolLogs) -> None:
    world.organisation()
    key = world.phone(world.user()).key
    written = len(tags(world))
    logs.write([Exchange(key, world.clock.now(), {"command": "Sync"})])
    assert [one.document for one in logs.read(key)] == [{"command": "Sync"}]
    assert len(tags(world)) == written
    world.devices.remove(ADMIN, key)
    assert len(logs.read(key)) == 1
    world.clock.time += KEPT + timedelta(seconds=1)
    logs.round()
    assert logs.read(key) == []
