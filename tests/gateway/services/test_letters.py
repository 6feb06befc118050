"""Who is told what by mail, how many at most, and what becomes of each (product 7.9)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records import Actor, AuditRecord, AuditTag, EntityState
from gateway.records.administrators import Administrator, AdministratorState
from gateway.records.authority import Appointment, Permission, Role, reach_of
from gateway.records.events import LetterKind, Message, NoticeKind, Progress, Sent, Subscription
from gateway.services.groups import GroupChanges
from gateway.services.letters import KEPT, LEASE, STALE, Letters
from gateway.services.retrying import LIFETIME
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, Clock
from tests.support.world import World

ADMIN = Actor("admin", "root")
DESK, WATCH = "desk@acme.example", "watch@example.org"
PER_HOUR = 3


class Office:
    """A mail room without a mail server."""

    def __init__(self, store: DatabaseStore) -> None:
        self.store, self.clock = store, Clock()
        self.letters = Letters(store, self.clock, lambda: 0.5, per_hour=PER_HOUR)
        with store.write() as transaction:
            for each in (ACME, GLOBEX):
                transaction.directory.add_organisation(each)
        self.tell(ACME.id, DESK, *NoticeKind)
        self.letters.advance()

    def tell(self, organisation: str, address: str, *kinds: NoticeKind) -> None:
        with self.store.write() as transaction:
            transaction.subscriptions.put(Subscription(organisation, address, kinds))

    def happen(
        self,
        tag: AuditTag = AuditTag.WIPE_CONFIRMED,
        home: str = ACME.id,
        times: int = 1,
        target: str = "u-1/PHONE1",
    ) -> None:
        record = AuditRecord(tag, self.clock.now(), ADMIN, home, target, reason="lost")
        with self.store.write() as transaction:
            transaction.audit.append_all([record] * times)

    def take(self) -> list[Message]:
        self.letters.advance()
        self.letters.summarise()
        return list(self.letters.claim())

    def to(self) -> list[str]:
        """Addresses of what is due, which is sent."""
        found = self.take()
        self.letters.finish([Sent(each.letter) for each in found])
        return sorted(each.letter.address for each in found)


@pytest.fixture
def office(store: DatabaseStore) -> Office:
    return Office(store)


def test_who_subscribed_is_told(office: Office) -> None:
    office.tell("", WATCH, NoticeKind.WIPE)
    office.happen()
    office.happen(AuditTag.DEVICE_HELD)
    office.happen(AuditTag.USER_CREATED)
    office.happen(home=GLOBEX.id)
    assert office.to() == [DESK, DESK, WATCH, WATCH]
    assert office.to() == []


def test_an_address_is_told_once_of_one_event(office: Office) -> None:
    office.tell("", DESK, *NoticeKind)
    office.happen()
    assert office.to() == [DESK]


def administrator(name: str, role: Role, organisation: str, **values: object) -> Administrator:
    appointment = (Appointment(role, organisation),)
    made = Administrator(
        f"a-{name}", name, name.title(), Clock().now(), "test", f"a-{name}", f"{name}@example.org"
    )
    return replace(made, appointments=appointment, **values)  # type: ignore[arg-type]


def test_whoever_may_approve_is_told_but_not_who_asked(office: Office) -> None:
    people = (
        administrator("approver", Role.APPROVER, ACME.id),
        administrator("owner", Role.OWNER, ""),
        administrator("root", Role.OWNER, ""),
        administrator("viewer", Role.VIEWER, ACME.id),
        administrator("other", Role.APPROVER, GLOBEX.id),
        administrator("gone", Role.APPROVER, ACME.id, state=AdministratorState.DISABLED),
        administrator("silent", Role.APPROVER, ACME.id, address=""),
    )
    with office.store.write() as transaction:
        for each in people:
            transaction.administrators.add(each)
    office.happen(AuditTag.WIPE_REQUESTED)
    assert office.to() == ["approver@example.org", DESK, "owner@example.org"]
    office.happen(AuditTag.WIPE_CONFIRMED)
    assert office.to() == [DESK]


def test_who_may_approve_for_a_part_is_told_of_that_part_alone(office: Office) -> None:
    world = World(office.store, office.clock)
    home = world.organisation("initech")
    world.tenants.add_domain(ADMIN, "initech", "initech.test")
    ann = world.user("ann@initech.example")
    outer, inner, closed = (
        world.groups.create(ADMIN, "initech", name) for name in ("outer", "inner", "closed")
    )
    world.groups.add_member(ADMIN, "initech", outer.id, inner.id)
    for group in (inner, closed):
        world.groups.add_member(ADMIN, "initech", group.id, ann.id)
    world.groups.change(ADMIN, "initech", closed.id, GroupChanges(state=EntityState.DISABLED))
    parts = {
        "domain": Appointment(Role.APPROVER, home.id, domain="initech.example"),
        "outer": Appointment(Role.APPROVER, home.id, group=outer.id),
        "elsewhere": Appointment(Role.APPROVER, home.id, domain="initech.test"),
        "closed": Appointment(Role.APPROVER, home.id, group=closed.id),
        "operator": Appointment(Role.OPERATOR, home.id, domain="initech.example"),
        "other": Appointment(Role.APPROVER, ACME.id),
    }
    with office.store.write() as transaction:
        for name, part in parts.items():
            made = administrator(name, Role.APPROVER, home.id)
            transaction.administrators.add(replace(made, appointments=(part,)))
    office.take()
    office.happen(AuditTag.WIPE_REQUESTED, home.id, target=f"{ann.id}/PHONE1")
    assert office.to() == ["domain@example.org", "outer@example.org"]
    office.happen(AuditTag.WIPE_REQUESTED, home.id, target="u-gone/PHONE1")
    assert office.to() == []
    for name, part in parts.items():
        reach = reach_of((part,), Permission.WIPE_APPROVE)
        with office.store.within(reach).read() as transaction:
            assert (transaction.directory.user(ann.id) is not None) is (name in ("domain", "outer"))


def test_a_flood_is_told_in_one_summary(office: Office) -> None:
    office.happen(times=10)
    assert office.to() == [DESK] * PER_HOUR
    assert office.to() == []
    office.clock.pass_by(minutes=61)
    (summary,) = office.take()
    assert summary.letter.kind is LetterKind.SUMMARY
    assert (len(summary.facts), summary.more) == (10 - PER_HOUR, 0)
    office.letters.finish([Sent(summary.letter)])
    assert office.to() == []
    office.happen()
    assert office.to() == [DESK]


def test_a_mail_says_what_people_know_things_by(office: Office) -> None:
    world = World(office.store, office.clock)
    world.organisation("initech")
    owner = world.user("ann@initech.example")
    phone = world.provisioned_phone(owner)
    office.tell("", WATCH, NoticeKind.DEVICE)
    record = AuditRecord(
        AuditTag.DEVICE_SUSPENDED,
        office.clock.now(),
        ADMIN,
        owner.organisation,
        f"{owner.id}/PHONE1",
        after={"reason": "too many requests"},
    )
    with office.store.write() as transaction:
        transaction.audit.append(record)
    (message,) = office.take()
    (facts,) = message.facts
    assert (facts.organisation, facts.user) == (world.tenants.organisation("initech").name, owner.address)
    assert (facts.device_id, facts.reason) == (phone.key.device_id, "too many requests")
    assert facts.title == "A device that misbehaves is suspended."


def test_what_is_in_hand_is_nobody_elses(office: Office) -> None:
    office.happen()
    assert len(office.take()) == 1
    assert office.take() == []
    office.clock.time += LEASE
    assert len(office.take()) == 1


def test_a_server_that_is_down_loses_nothing(office: Office) -> None:
    office.happen()
    (message,) = office.take()
    office.letters.finish([Sent(message.letter, "Connection refused")])
    assert office.take() == []
    office.clock.pass_by(seconds=10)
    (again,) = office.take()
    assert again.letter.attempts == 1
    office.letters.finish([Sent(again.letter)])
    with office.store.read() as transaction:
        (kept,) = transaction.letters.recent(ACME.id, 10)
    assert (kept.state, kept.attempts, kept.error) == (Progress.DELIVERED, 2, "")


def test_it_is_dead_after_a_day_or_when_nobody_has_the_address(office: Office) -> None:
    office.happen(times=2)
    first, second = office.take()
    office.letters.finish([Sent(first.letter, "refused (550)", final=True), Sent(second.letter, "down")])
    office.clock.time += LIFETIME
    (late,) = office.take()
    office.letters.finish([Sent(late.letter, "down")])
    with office.store.read() as transaction:
        kept = transaction.letters.recent(ACME.id, 10)
    assert {each.state for each in kept} == {Progress.DEAD}


def test_nobody_is_told_what_was_long_ago(office: Office) -> None:
    office.happen()
    office.clock.time += STALE + timedelta(seconds=1)
    assert office.to() == []
    office.happen()
    assert office.to() == [DESK]


def test_who_subscribes_later_is_not_told_what_was(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        record = AuditRecord(AuditTag.WIPE_CONFIRMED, Clock().now(), ADMIN, ACME.id, "u-1/PHONE1")
        transaction.audit.append(record)
        transaction.subscriptions.put(Subscription(ACME.id, DESK, tuple(NoticeKind)))
    letters = Letters(store, Clock(), lambda: 0.5, per_hour=PER_HOUR)
    assert letters.advance() == 0
    assert letters.claim() == ()


def test_two_nodes_write_each_letter_once(office: Office) -> None:
    other = Letters(office.store, office.clock, lambda: 0.5, per_hour=PER_HOUR)
    office.happen(times=2)
    assert office.letters.advance() + other.advance() == 2
    assert len(office.letters.claim()) + len(other.claim()) == 2


def test_what_ended_long_ago_is_forgotten(office: Office) -> None:
    office.happen()
    assert office.to() == [DESK]
    assert office.letters.prune() == 0
    office.clock.time += KEPT + timedelta(seconds=1)
    assert office.letters.prune() == 1
