"""Devices to look at, and who shares a DeviceId, on every database (product 5.7, 5.8; T4)."""

from dataclasses import replace
from datetime import timedelta

from gateway.records.notices import Notice
from gateway.services.identity import Identities
from gateway.services.misbehaviour import Misbehaviour
from gateway.store import DatabaseStore
from mdm.device import Device
from mdm.misbehaviour import DEFAULTS, Behaviour, Crossing
from tests.support import stores
from tests.support.stores import ACME, GLOBEX, NOON
from tests.support.world import ADMIN, World

FLOOD = Crossing(Behaviour.COMMAND_FLOOD, True, DEFAULTS[Behaviour.COMMAND_FLOOD])


def fleet(store: DatabaseStore) -> list[Device]:
    """Three devices of each of two users of each of two organisations."""
    made = []
    with store.write() as transaction:
        for home, domain in ((ACME, "acme.example"), (GLOBEX, "globex.example")):
            transaction.directory.add_organisation(home)
            for name in ("ann", "bob"):
                owner = stores.user(name, home, domain)
                transaction.directory.add_user(owner)
                for number in range(3):
                    device = stores.device(f"P{number}", owner, family="ios", claimed="a/b")
                    transaction.devices.add(device)
                    made.append(device)
    return made


def noted(
    store: DatabaseStore, notice: Notice, after: tuple[str, str] = ("", ""), limit: int = 100
) -> list[tuple[str, str]]:
    with store.read() as transaction:
        found = transaction.devices.noted(ACME.id, notice, NOON, after=after, limit=limit)
    return [(each.key.user, each.key.device_id) for each in found]


def test_each_notice_finds_its_own_and_no_neighbour_s(store: DatabaseStore) -> None:
    ann = [device for device in fleet(store) if device.key.organisation == ACME.id][:3]
    names = [(device.key.user, device.key.device_id) for device in ann]
    with store.write() as transaction:
        transaction.devices.save(replace(ann[0], conflict="copied"))
        transaction.devices.save(replace(ann[1], suspended_until=NOON + timedelta(hours=1)))
        transaction.devices.save(
            replace(ann[2], suspended_until=NOON, diagnosis="loops", last_seen=NOON - timedelta(days=1))
        )
    assert noted(store, Notice.CONFLICT) == names[:1]
    assert noted(store, Notice.SUSPENDED) == names[1:2]
    assert noted(store, Notice.LOOPING) == names[2:]
    assert noted(store, Notice.SILENT) == names[2:]


def test_pages_go_on_after_the_last(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        owner = stores.user()
        transaction.directory.add_user(owner)
        for number in range(5):
            transaction.devices.add(stores.device(f"P{number}", owner, conflict="copied"))
    seen: list[tuple[str, str]] = []
    while page := noted(store, Notice.CONFLICT, seen[-1] if seen else ("", ""), 2):
        seen += page
    assert [device_id for _, device_id in seen] == [f"P{number}" for number in range(5)]


def test_who_shares_a_device_id(store: DatabaseStore) -> None:
    everybody = fleet(store)
    with store.read() as transaction:
        found = transaction.devices.sharing(ACME.id, "P1")
        assert transaction.devices.sharing(ACME.id, "P9") == []
    wanted = [each.key for each in everybody if each.key.organisation == ACME.id]
    assert [each.key for each in found] == [key for key in wanted if key.device_id == "P1"]
    assert (found[0].family, found[0].claimed) == ("ios", "a/b")


def test_suspension_dispute_and_release_are_durable(store: DatabaseStore) -> None:
    world = World(store)
    world.organisation()
    phone = world.provisioned_phone(world.user())
    conduct, identities = Misbehaviour(store, world.clock), Identities(store, world.clock)
    conduct.set_thresholds(ADMIN, "acme", {"errors": "off"})
    assert conduct.thresholds("acme").ordinary[Behaviour.ERRORS].slow == 0
    conduct.suspend(phone.key, FLOOD)
    identities.dispute(phone.key, "it jumped", ADMIN, "samsung/S21")
    held = world.devices.get(phone.key)
    assert held is not None
    assert (held.suspended_reason, held.conflict, held.claimed) == (FLOOD.words, "it jumped", "samsung/S21")
    assert conduct.release(ADMIN, phone.key).suspended_until is None
