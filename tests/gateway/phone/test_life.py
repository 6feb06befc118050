"""The usual life, lived against a server that enforces policy; what it says is what happened."""

import asyncio

import pytest

from gateway.phone import life
from gateway.phone.identity import STUBBORN, QueryForm, Temper
from gateway.phone.life import Ending, Life
from mdm.access import AccessDecision
from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.codepages import tag
from mdm.device import AccessLevel, DeviceState
from mdm.status import refusal
from mdm.wbxml import element, encode

VERSIONS = (Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_0, Version.V16_1)


@pytest.mark.parametrize("form", QueryForm)
@pytest.mark.parametrize("version", VERSIONS)
async def test_once_is_one_complete_synchronisation(world, version, form):
    phone = world.phone(version=version, form=form)
    assert await Life(phone, once=True, patience=0).run() is Ending.SYNCED
    assert sum(len(items) for items in phone.items.values()) == 6
    assert ("Settings" in world.checkpoint.seen) == (version <= Version.V14_0)
    assert world.checkpoint.devices["ABC123"].state is DeviceState.PROVISIONING_SUCCEEDED


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_wipe_reaches_a_phone_in_ping_within_a_second(world, version):
    living = await _in_ping(world, world.phone(version=version))
    began = asyncio.get_running_loop().time()
    world.checkpoint.order_wipe()
    assert await asyncio.wait_for(living, 10) is Ending.WIPED
    assert asyncio.get_running_loop().time() - began < 1
    assert "its folders have to be read again" in world.texts()
    assert "has wiped itself and said so" in world.texts()


async def test_mail_wakes_a_phone_which_fetches_it_and_waits_again(world):
    phone = world.phone(version=Version.V16_1)
    living = await _in_ping(world, phone)
    bob = world.phone(
        address="bob@example.test", password="battery staple", device_id="BOB1", version=Version.V16_1
    )
    await bob.provision()
    await bob.send_mail("alice@example.test", "News", "text")
    await _until(lambda: "has 4 items in Inbox, +1" in world.texts())
    await _until(lambda: world.checkpoint.seen.count("Ping") == 2)
    living.cancel()


async def test_a_policy_change_makes_a_waiting_phone_provision_again(world):
    phone = world.phone(version=Version.V14_1)
    living = await _in_ping(world, phone)
    key = phone.policy_key
    world.checkpoint.policy = type(world.checkpoint.policy)({"DevicePasswordEnabled": True})
    world.checkpoint.wake()
    await _until(lambda: world.checkpoint.seen.count("Ping") == 2)
    assert phone.policy_key != key
    assert phone.policy["DevicePasswordEnabled"] == "1"
    living.cancel()


async def test_a_stubborn_phone_gets_no_data(world):
    phone = world.phone(version=Version.V16_1, temper=STUBBORN)
    assert await Life(phone, once=True, patience=0).run() is Ending.REFUSED
    assert not phone.folders
    assert "Provision" not in world.checkpoint.seen


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_a_phone_that_does_not_apply_the_policy_gets_no_data(world, status):
    phone = world.phone(version=Version.V16_1, temper=Temper(policy_status=status))
    assert await Life(phone, once=True, patience=0).run() is Ending.REFUSED
    assert not phone.folders


async def test_a_stubborn_phone_that_stays_comes_back(world, monkeypatch):
    monkeypatch.setattr(life, "RETRY_SECONDS", 0.01)
    phone = world.phone(version=Version.V16_1, temper=STUBBORN)
    assert await Life(phone, patience=3).run() is Ending.FAILED
    assert world.checkpoint.seen == ["FolderSync"] * 4


async def test_a_wrong_password_ends_a_life_at_once(world):
    phone = world.phone(password="wrong")
    assert await Life(phone, patience=0).run() is Ending.FAILED
    assert "OPTIONS: HTTP 401" in world.texts()
    later = world.phone(password="wrong", version=Version.V16_1)
    later.options = _nothing
    assert await Life(later, patience=0).run() is Ending.REFUSED
    assert "password is not accepted" in world.texts()


async def test_a_blocked_phone_leaves(world):
    world.checkpoint.access = AccessDecision(AccessLevel.BLOCK, "test")
    for version in (Version.V16_1, Version.V12_1):
        phone = world.phone(version=version)
        assert await Life(phone, once=True, patience=0).run() is Ending.REFUSED


async def test_an_endless_demand_to_provision_is_not_followed_for_ever(world):
    world.checkpoint.override = lambda request: (
        None if request.command is Command.PROVISION else refusal(request.command, request.version, 142)
    )
    phone = world.phone(version=Version.V16_1)
    assert await Life(phone, once=True).run() is Ending.REFUSED
    assert world.checkpoint.seen.count("Provision") == 2 * life.PROVISIONING_ROUNDS


async def test_retry_after_is_obeyed(world):
    answers = iter([Reply(503, (("Retry-After", "0"),)), Reply(503, (("Retry-After", "0"),))])
    world.checkpoint.override = lambda _: next(answers, None)
    phone = world.phone(version=Version.V16_1)
    assert await Life(phone, once=True).run() is Ending.SYNCED
    assert world.texts().count("rests 0 s: HTTP 503") == 2


async def test_451_moves_a_phone_three_times_at_most(world):
    there = (("X-MS-Location", world.url),)
    world.checkpoint.override = lambda _: Reply(451, there)
    phone = world.phone(version=Version.V16_1)
    assert await Life(phone, once=True).run() is Ending.FAILED
    assert len(world.checkpoint.seen) == life.MAXIMUM_MOVES + 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (((5, "HeartbeatInterval", "60"),), "waits up to 60 s for news of 3 folders"),
        (((6, "MaxFolders", "1"),), "waits up to 480 s for news of 1 folder"),
        (((1, None, ""),), "nothing new"),
    ],
)
async def test_ping_limits_are_adopted(world, answer, expected):
    answers = iter(answer)

    def override(request):
        said = next(answers, None) if request.command is Command.PING else None
        return None if said is None else _ping(*said)

    world.checkpoint.override = override
    living = asyncio.ensure_future(Life(world.phone(version=Version.V16_1)).run())
    await _until(lambda: expected in world.texts())
    living.cancel()


async def test_an_unusable_ping_answer_makes_a_phone_rest(world):
    world.checkpoint.override = lambda request: Reply(200) if request.command is Command.PING else None
    assert await Life(world.phone(version=Version.V16_1), patience=0).run() is Ending.FAILED
    assert "an unusable answer" in world.texts()


async def test_a_folder_hierarchy_that_changed_is_read_again(world):
    phone = world.phone(version=Version.V16_1)
    await phone.options()
    await phone.provision()
    phone.folder_key = "999"
    assert await Life(phone, once=True, patience=0).run() is Ending.SYNCED
    assert "read its folders anew" in world.texts()


async def test_a_server_that_cannot_be_reached(world):
    phone = world.phone(version=Version.V16_1)
    phone.server = "https://localhost:1/Microsoft-Server-ActiveSync"
    assert await Life(phone, patience=0).run() is Ending.FAILED
    assert "gives up: localhost" in world.texts()


async def _nothing():
    return None


def _ping(status, name, value):
    more = [element(tag("Ping", name), value)] if name else []
    document = element(tag("Ping", "Ping"), element(tag("Ping", "Status"), str(status)), *more)
    return Reply(200, body=encode(document), media_type=WBXML_TYPE)


async def _in_ping(world, phone):
    living = asyncio.ensure_future(Life(phone).run())
    await _until(lambda: "Ping" in world.checkpoint.seen)
    await asyncio.sleep(0.05)
    return living


async def _until(true, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # what is waited for is another's state, which sets no event
            await asyncio.sleep(0.01)
