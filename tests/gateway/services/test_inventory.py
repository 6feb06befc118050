"""The device list as a service, and the name that an administrator gives a device."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.backend_keys import BackendKeys
from gateway.services.inventory import ALIAS_LIMIT, Question
from mdm.device import AccessLevel, DeviceKey, WipeKind
from tests.support.world import ADMIN, World


def trail(world: World) -> list[AuditTag]:
    with world.store.read() as transaction:
        return [record.tag for record in transaction.audit.query(limit=1000)]


def test_a_question_is_answered_in_pages(world: World) -> None:
    home = world.organisation()
    ann = world.user()
    for number in range(5):
        world.phone(ann, f"PHONE{number}")
    question = Question(home.id, sort="-device_id", fields={"device_id": "phone"})
    first = world.inventory.find(question, limit=2)
    assert [each.key.device_id for each in first.devices] == ["PHONE4", "PHONE3"]
    assert first.addresses == {ann.id: ann.address}
    second = world.inventory.find(question, after=first.next, limit=9)
    assert [each.key.device_id for each in second.devices] == ["PHONE2", "PHONE1", "PHONE0"]
    assert second.next is None
    assert world.inventory.counts(question).total == 5


def test_a_mark_is_of_one_question_only() -> None:
    questions = [
        Question("m-1"),
        Question("m-2"),
        Question("m-1", "u-1"),
        Question("m-1", fields={"os": "a"}),
        Question("m-1", search="a"),
        Question("m-1", sort="os"),
        Question("m-1", sort="-os"),
    ]
    assert len({question.mark() for question in questions}) == len(questions)
    assert Question("m-1", fields={"os": "a", "model": "b"}).mark() == (
        Question("m-1", fields={"model": "b", "os": "a"}).mark()
    )


def test_a_name_is_kept_audited_and_found(world: World) -> None:
    home = world.organisation()
    phone = world.phone(world.user())
    named = world.inventory.rename(ADMIN, phone.key, "  Ann's  loan phone ", "lent")
    assert named.alias == "Ann's loan phone"
    with world.store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.DEVICE_NAMED)
    assert (record.before, record.after, record.reason) == ({"alias": ""}, {"alias": named.alias}, "lent")
    assert len(world.inventory.find(Question(home.id, search="LOAN")).devices) == 1
    before = len(trail(world))
    world.inventory.rename(ADMIN, phone.key, named.alias)
    assert len(trail(world)) == before


def test_a_tombstone_can_be_named(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT, "lost")
    world.devices.remove(ADMIN, phone.key, force=True)
    assert world.inventory.rename(ADMIN, phone.key, "gone").alias == "gone"


@pytest.mark.parametrize("name", ["x" * (ALIAS_LIMIT + 1), "red\x1b[31m", "a\0b"])
def test_a_name_that_could_do_harm_is_refused(world: World, name: str) -> None:
    world.organisation()
    phone = world.phone(world.user())
    with pytest.raises(GatewayError) as refused:
        world.inventory.rename(ADMIN, phone.key, name)
    assert (refused.value.kind, list(refused.value.faults)) == (Kind.MALFORMED, ["alias"])
    assert world.inventory.rename(ADMIN, phone.key, "x" * ALIAS_LIMIT).alias == "x" * ALIAS_LIMIT


def test_the_sheet_of_a_device_tells_its_policy_and_its_answer(world: World) -> None:
    home = world.organisation()
    phone = world.phone(world.user())
    world.policies.set_policy(ADMIN, home.id, {"settings": {"DevicePasswordEnabled": True}})
    world.devices.set_access(ADMIN, phone.key, AccessLevel.BLOCK, "lost")
    sheet = world.inventory.sheet(phone.key)
    assert (sheet.device.key, sheet.policy.names, sheet.outdated) == (phone.key, "default@1", False)
    assert sheet.decision.level is AccessLevel.BLOCK
    with pytest.raises(GatewayError) as unknown:
        world.inventory.sheet(DeviceKey(home.id, phone.key.user, "NOBODY"))
    assert unknown.value.kind is Kind.NOT_FOUND


def test_the_sheet_of_a_device_tells_how_it_stands_with_the_backends(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    assert list(world.inventory.sheet(phone.key).peers) == []
    BackendKeys(world.store, world.clock).ordered(phone.key, "exchange", WipeKind.DEVICE)
    (peer,) = world.inventory.sheet(phone.key).peers
    assert (peer.backend, peer.wipe, peer.wipe_at) == ("exchange", WipeKind.DEVICE, world.clock.time)
