"""gateway.proxy.longpolls."""

import asyncio
from dataclasses import replace

import pytest

from gateway.proxy.longpolls import LongPoll, LongPolls
from mdm.ashttp import Command, Reply, Version
from mdm.device import DeviceKey
from mdm.gatekeeper import farewell
from mdm.query import CommandRequest

PING = CommandRequest(Command.PING, "DEV1", "iPhone", Version.V16_1)
SYNC = replace(PING, command=Command.SYNC)
KEY = DeviceKey("m-1", "u-1", "DEV1")
WIPE = Reply(449)


@pytest.fixture
def polls() -> LongPolls:
    return LongPolls({"sogo": 3, "exchange": 100})


async def test_open_and_close(polls):
    poll = polls.open(KEY, PING, "sogo")
    assert poll is not None
    assert (len(polls), polls.counts()) == (1, {"sogo": 1, "exchange": 0})
    polls.close(poll)
    polls.close(poll)
    assert (len(polls), polls.counts()["sogo"]) == (0, 0)


async def test_a_newer_wait_replaces_the_older(polls):
    older = polls.open(KEY, PING, "sogo")
    newer = polls.open(KEY, PING, "sogo")
    assert older is not None
    assert newer is not None
    assert older.cut.result() == farewell(PING)
    assert not newer.cut.done()
    assert (len(polls), polls.replaced) == (1, 1)
    polls.close(older)
    assert len(polls) == 1


async def test_ping_and_sync_of_a_device_wait_side_by_side(polls):
    ping, sync = polls.open(KEY, PING, "sogo"), polls.open(KEY, SYNC, "sogo")
    assert ping is not None
    assert sync is not None
    assert not ping.cut.done()
    assert len(polls) == 2


async def test_the_budget(polls):
    keys = [DeviceKey("m-1", "u-1", f"DEV{number}") for number in range(4)]
    first, *_ = [polls.open(key, PING, "sogo") for key in keys[:3]]
    assert polls.open(keys[3], PING, "sogo") is None
    assert polls.refused == 1
    assert polls.open(keys[3], PING, "exchange") is not None
    assert polls.open(keys[0], PING, "sogo") is not None, "replaces its own, so there is room"
    assert first is not None
    assert polls.counts() == {"sogo": 3, "exchange": 1}


async def test_a_recheck_ends_what_the_decision_ends(polls):
    other = DeviceKey("m-1", "u-2", "DEV2")
    mine, theirs = polls.open(KEY, PING, "sogo"), polls.open(other, SYNC, "exchange")
    assert mine is not None
    assert theirs is not None

    def decide(poll: LongPoll) -> Reply | None:
        assert poll.request is (PING if poll.key == KEY else SYNC)
        return WIPE if poll.key == KEY else None

    assert polls.recheck(decide) == 1
    assert mine.cut.result() is WIPE
    assert not theirs.cut.done()
    assert polls.recheck(decide) == 0, "ended already"
    assert polls.cuts == 1


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ({}, 4),
        ({"organisation": "m-1"}, 3),
        ({"organisation": "m-1", "user": "u-1"}, 2),
        ({"organisation": "m-1", "user": "u-1", "device_id": "D1"}, 1),
        ({"organisation": "m-3"}, 0),
        ({"organisation": "m-1", "user": "u-1", "device_id": "D9"}, 0),
    ],
)
async def test_a_recheck_asks_only_about_what_it_covers(polls, scope, asked):
    for triple in (("m-1", "u-1", "D1"), ("m-1", "u-1", "D2"), ("m-1", "u-2", "D1"), ("m-2", "u-1", "D1")):
        polls.open(DeviceKey(*triple), PING, "exchange")
    seen = []
    polls.recheck(seen.append, **scope)
    assert len(seen) == asked


async def test_a_stop_ends_every_wait_in_its_own_way(polls):
    ping, sync = polls.open(KEY, PING, "sogo"), polls.open(KEY, SYNC, "sogo")
    assert polls.drain() == 2
    assert ping is not None
    assert sync is not None
    assert ping.cut.result() == farewell(PING)
    assert sync.cut.result() == farewell(SYNC)
    assert polls.drain() == 0


async def test_a_wait_that_was_cancelled_is_left_alone(polls):
    poll = polls.open(KEY, PING, "sogo")
    assert poll is not None
    poll.cut.cancel()
    assert not poll.end(WIPE)
    await asyncio.sleep(0)


async def test_a_wait_ends_with_the_password_that_began_it(polls: LongPolls) -> None:
    old, unknown = polls.open(KEY, PING, "sogo", "hash-1"), polls.open(KEY, SYNC, "sogo")
    assert old is not None
    assert unknown is not None
    assert polls.proofs(KEY) == {"hash-1"}
    assert polls.disprove(KEY, {"hash-2"}, WIPE) == 0
    assert polls.disprove(KEY, {"hash-1", "hash-2"}, WIPE) == 1
    assert old.cut.result() is WIPE
    assert not unknown.cut.done()


async def test_only_waits_at_another_backend_are_sent_away(polls):
    ping, sync = polls.open(KEY, PING, "sogo"), polls.open(KEY, SYNC, "exchange")
    other = polls.open(replace(KEY, device_id="DEV2"), PING, "sogo")
    assert polls.leave(KEY, "exchange") == 1
    assert ping.cut.result() == farewell(PING)
    assert not sync.cut.done()
    assert not other.cut.done()
    assert polls.cuts == 1
    assert polls.leave(KEY, "exchange") == 0


async def test_whoever_wants_to_know_hears_of_each_new_wait(polls):
    heard = []
    polls.opened = heard.append
    poll = polls.open(KEY, PING, "sogo", source=("192.0.2.7", "iOS"))
    assert heard == [poll]
    assert poll.source == ("192.0.2.7", "iOS")
