"""Approvals and budgets under attack, through the REST API and on every database (product 5.5; T9): at once,
again, by somebody who is the same, too late, from a clock that is ahead. One order is one wipe at most.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.app import Services, services
from gateway.config import Backend, Limits
from gateway.endpoints.api import create_api
from gateway.records import Actor
from gateway.records.administrators import Administrator
from gateway.records.authority import MACHINE, Appointment, Authority, Permission, Role
from gateway.services.administrators import AdministratorChanges, NewAdministrator
from gateway.services.tokens import Wanted
from mdm.device import WipeKind
from mdm.orders import Progress
from tests.support.asgi import App
from tests.support.inhabited import configured
from tests.support.scopes import call
from tests.support.world import ADMIN, PASSWORD, World

AT_ONCE = 20
HOME = "/organisations/acme"
FULL = {"kind": "device", "reason": "stolen", "name": "PHONE1"}
BOOTSTRAP = Authority("bootstrap", appointments=MACHINE, confirmed=True)
CLI = Authority("cli:root", appointments=MACHINE, confirmed=True)
MACHINE_ACTOR = Actor("admin", "bootstrap")
LONG_AGO = timedelta(days=30)


ON_ONE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""Who is whom is no question of the database."""


@dataclass
class Office:
    """Services of a gateway on which accounts are made and asked for by real tokens."""

    use: Services
    app: App
    world: World

    def hire(
        self, name: str, by: Authority = BOOTSTRAP, *, fresh: bool = False, **values: Any
    ) -> Administrator:
        """An account that may do everything; of long ago unless it is ``fresh``."""
        owner = (Appointment(Role.OWNER, full_wipe=True),)
        actor = Actor("admin", by.name, person=by.person)
        made = self.use.administrators.create(actor, by, NewAdministrator(name, owner, **values))
        if not fresh:
            moment = made.created_at - LONG_AGO
            made = replace(made, created_at=moment, vouched_at=moment)
            with self.use.store.write() as transaction:
                transaction.administrators.save(made)
        return made

    def token(self, account: Administrator, *, destructive: bool = True) -> Authority:
        """Who shows a new token of the account."""
        until = account.created_at + LONG_AGO + timedelta(days=1)
        wanted = Wanted(
            "a test", until, frozenset(Permission), networks=["192.0.2.0/24"], destructive=destructive
        )
        minted = self.use.tokens.mint(MACHINE_ACTOR, BOOTSTRAP, account.id, wanted)
        who = self.use.recognition.of(minted.secret, "192.0.2.99")
        assert who is not None
        return who

    async def post(self, who: Authority, path: str, body: Any = None) -> int:
        return (await call(self.app, who, "POST", f"{HOME}{path}", body)).status

    async def order(self, who: Authority) -> str:
        """The id of a full wipe of PHONE1 that waits for its approval."""
        heard = await call(self.app, who, "POST", f"{HOME}/devices/ann@acme.example/PHONE1/wipe", FULL)
        order = json.loads(heard.body)["order"]
        assert order["progress"] == Progress.AWAITING.value
        return str(order["id"])

    def wipes(self) -> int:
        return len(self.use.devices.open_wipes())


@pytest.fixture
def office(tmp_path: Path, store_url: str) -> Iterator[Office]:
    config = configured(tmp_path, Backend("default", "http://127.0.0.1:1/"), Limits(), store_url)
    use = services(config)
    world = World(use.store)
    use.tenants.create_organisation(ADMIN, "acme")
    use.tenants.add_domain(ADMIN, "acme", "acme.example")
    ann = use.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    phone = world.phone(ann)
    with use.store.write() as transaction:
        for number in range(2, AT_ONCE + 1):
            key = replace(phone.key, device_id=f"PHONE{number}")
            transaction.devices.add(replace(phone, key=key, revision=0))
    guard(use, wipes_per_hour=1000, wipes_per_day_percent=100)
    yield Office(use, create_api(use), world)
    use.store.close()


def guard(use: Services, **values: Any) -> None:
    with use.store.write() as transaction:
        home = transaction.directory.organisation("acme")
        assert home is not None
        transaction.directory.save_organisation(replace(home, safeguards=replace(home.safeguards, **values)))


async def test_twenty_approvals_at_once_are_one_wipe(office: Office) -> None:
    asker, approver = office.token(office.hire("ann")), office.hire("bob")
    order = await office.order(asker)
    tokens = [office.token(approver) for _ in range(2)]
    path = f"/wipes/{order}/approve"
    told = await asyncio.gather(*(office.post(tokens[n % 2], path) for n in range(AT_ONCE)))
    assert sorted(told) == [200] + [409] * (AT_ONCE - 1)
    assert office.wipes() == 1
    approved = office.use.wipes.get("acme", order)
    assert (approved.approved_by, approved.approved_person) == ("bob", approver.id)


async def test_a_replay_of_an_approval_is_nothing(office: Office) -> None:
    """Not after the wipe was taken back either: what was approved is used up."""
    asker, approver = (office.token(office.hire(name)) for name in ("ann", "bob"))
    order = await office.order(asker)
    assert await office.post(approver, f"/wipes/{order}/approve") == 200
    assert await office.post(asker, f"/wipes/{order}/cancel") == 200
    told = await asyncio.gather(*(office.post(approver, f"/wipes/{order}/approve") for _ in range(AT_ONCE)))
    assert set(told) == {409}
    assert office.wipes() == 0


async def test_twenty_requests_at_once_stay_within_the_budget(office: Office) -> None:
    """Of one person with two accounts; the first one over it freezes everything."""
    guard(office.use, wipes_per_hour=3)
    one = office.hire("ann")
    two = office.hire("ann.second")
    office.use.administrators.link(MACHINE_ACTOR, two.id, one.id)
    askers = [office.token(one), office.token(office.use.administrators.get(two.id))]
    paths = [f"/devices/ann@acme.example/PHONE{number}/wipe" for number in range(1, AT_ONCE + 1)]
    told = await asyncio.gather(*(office.post(askers[n % 2], path, {}) for n, path in enumerate(paths)))
    assert sorted(told) == [202] * 3 + [409] * (AT_ONCE - 3)
    assert office.wipes() == 3
    assert office.use.safeguards.get("acme").frozen


async def test_approvals_and_a_freeze_at_once(office: Office) -> None:
    """Whichever comes first: a wipe that was approved before, or none."""
    asker, approver = (office.token(office.hire(name)) for name in ("ann", "bob"))
    order = await office.order(asker)
    path = f"/wipes/{order}/approve"
    calls = [office.post(approver, path) for _ in range(10)]
    frozen, *told = await asyncio.gather(office.post(asker, "/safeguards/freeze"), *calls)
    assert frozen == 200
    assert told.count(200) == office.wipes() <= 1
    assert await office.post(approver, path) == 409


async def test_an_order_that_was_frozen_in_between(office: Office) -> None:
    asker, approver = (office.token(office.hire(name)) for name in ("ann", "bob"))
    order = await office.order(asker)
    assert await office.post(asker, "/safeguards/freeze") == 200
    assert await office.post(approver, f"/wipes/{order}/approve") == 409
    assert office.wipes() == 0


async def refused(office: Office, asker: Authority, approver: Authority) -> None:
    order = await office.order(asker)
    assert await office.post(approver, f"/wipes/{order}/approve") == 403
    assert office.wipes() == 0
    assert await office.post(asker, f"/wipes/{order}/cancel") == 200


@ON_ONE
async def test_a_second_token_is_no_second_person(office: Office) -> None:
    ann = office.hire("ann")
    await refused(office, office.token(ann), office.token(ann))


@ON_ONE
async def test_a_second_account_is_no_second_person(office: Office) -> None:
    ann, linked = office.hire("ann", address="ann@acme.example"), office.hire("linked")
    same_address = office.hire("mailing", address="Ann@ACME.example")
    same_subject = office.hire("federated")
    office.use.administrators.link(MACHINE_ACTOR, linked.id, ann.id)
    whose = AdministratorChanges(issuer="https://idp.example", subject="7")
    for each in (ann, same_subject):
        office.use.administrators.change(MACHINE_ACTOR, BOOTSTRAP, each.id, whose)
        settled = office.use.administrators.get(each.id)
        with office.use.store.write() as transaction:
            transaction.administrators.save(replace(settled, vouched_at=ann.vouched_at))
    asker = office.token(ann)
    for other in (linked, same_address, same_subject):
        approver = office.token(office.use.administrators.get(other.id))
        await refused(office, asker, approver)
        await refused(office, approver, asker)


@ON_ONE
async def test_a_puppet_is_no_second_person(office: Office) -> None:
    """An account that the requester made, or gave a password, a moment ago; and two of them."""
    ann = office.hire("ann")
    asker = office.token(ann)
    puppets = [office.hire(name, asker, fresh=True) for name in ("puppet", "other.puppet")]
    await refused(office, asker, office.token(puppets[0]))
    await refused(office, office.token(puppets[0]), asker)
    await refused(office, *(office.token(each) for each in puppets))
    old = office.hire("old")
    taken = office.use.administrators.set_password(
        Actor("admin", "ann", person=ann.person), asker, old.id, "Another-Horse-2"
    )
    await refused(office, asker, office.token(taken))
    for name, changes in (
        ("renamed", AdministratorChanges(address="ann.again@acme.example")),
        ("adopted", AdministratorChanges(issuer="https://login.example", subject="ann-again")),
    ):
        other = office.hire(name)
        actor = Actor("admin", "ann", person=ann.person)
        taken = office.use.administrators.change(actor, asker, other.id, changes)
        await refused(office, asker, office.token(taken))


@ON_ONE
async def test_a_puppet_that_is_removed_is_no_second_person(office: Office) -> None:
    """With it would go what tells that it was one: it asked and is gone, or it made the one that approves."""
    ann = office.token(office.hire("ann"))
    puppet = office.hire("puppet", ann, fresh=True)
    order = await office.order(office.token(puppet))
    assert (await call(office.app, ann, "DELETE", f"/administrators/{puppet.id}")).status == 204
    assert await office.post(ann, f"/wipes/{order}/approve") == 403
    assert await office.post(ann, f"/wipes/{order}/cancel") == 200
    between = office.hire("between", ann, fresh=True)
    last = office.hire("last", office.token(between), fresh=True)
    for who in (ann, office.token(between), BOOTSTRAP):
        assert (await call(office.app, who, "DELETE", f"/administrators/{between.id}")).status == 409
    await refused(office, ann, office.token(last))


@ON_ONE
async def test_puppets_that_are_removed_have_spent_the_budget_of_who_made_them(office: Office) -> None:
    """Each is linked to nobody, linked to its maker, or removes its maker; a stranger's budget is whole."""
    guard(office.use, wipes_per_hour=4, wipes_per_day_percent=100)
    ann, other = (office.token(office.hire(name)) for name in ("ann", "other"))
    phones = iter(range(2, AT_ONCE))

    async def wipe(who: Authority) -> int:
        place = f"/devices/ann@acme.example/PHONE{next(phones)}/wipe"
        return await office.post(who, place, {"kind": "account"})

    for name in ("first", "second"):
        puppet = office.hire(name, ann, fresh=True)
        assert await wipe(office.token(puppet)) == 202
        if name == "second":
            office.use.administrators.link(MACHINE_ACTOR, puppet.id, ann.account)
        assert (await call(office.app, ann, "DELETE", f"/administrators/{puppet.id}")).status == 204
    assert await wipe(ann) == 202
    heir = office.hire("heir", ann, fresh=True)
    speaks = office.token(heir)
    assert await wipe(ann) == 202
    assert (await call(office.app, speaks, "DELETE", f"/administrators/{ann.account}")).status == 204
    assert await wipe(other) == 202
    assert await wipe(speaks) == 409
    assert "heir asked for more than 4" in office.use.safeguards.get("acme").frozen


@ON_ONE
async def test_nobody_makes_two_persons_of_their_accounts(office: Office) -> None:
    """Neither by another mail address, nor by a puppet that says that they are two."""
    first = office.hire("ann", address="ann@acme.example")
    second, linked = office.hire("second", address="ann@acme.example"), office.hire("linked")
    office.use.administrators.link(MACHINE_ACTOR, linked.id, first.id)
    ann = office.token(office.use.administrators.get(first.id))
    puppet = office.token(office.hire("puppet", ann, fresh=True))
    for who in (ann, puppet, office.token(second)):
        for each in (first, second):
            path, body = f"/administrators/{each.id}", {"address": "else@acme.example"}
            assert (await call(office.app, who, "PATCH", path, body)).status == 409
        assert (await call(office.app, who, "DELETE", f"/administrators/{linked.id}/person")).status == 409
    same = [office.hire(name) for name in ("third", "fourth")]
    identity = AdministratorChanges(issuer="https://login.example", subject="ann")
    for each in same:
        office.use.administrators.change(MACHINE_ACTOR, BOOTSTRAP, each.id, identity)
    for who in (ann, puppet, office.token(same[1])):
        path, body = f"/administrators/{same[0].id}", {"subject": "else"}
        assert (await call(office.app, who, "PATCH", path, body)).status == 409
    for other in (second, linked):
        await refused(office, ann, office.token(office.use.administrators.get(other.id)))


@ON_ONE
async def test_an_account_that_was_made_long_ago_is_somebody(office: Office) -> None:
    asker = office.token(office.hire("ann"))
    approver = office.token(office.hire("bob", asker))
    order = await office.order(asker)
    assert await office.post(approver, f"/wipes/{order}/approve") == 200


@ON_ONE
async def test_the_machine_does_not_approve_what_it_asked_for(office: Office) -> None:
    await refused(office, CLI, BOOTSTRAP)
    await refused(office, BOOTSTRAP, CLI)
    await refused(office, BOOTSTRAP, BOOTSTRAP)
    await refused(office, CLI, office.token(office.hire("puppet", CLI, fresh=True)))
    somebody = office.token(office.hire("ann"))
    order = await office.order(CLI)
    assert await office.post(somebody, f"/wipes/{order}/approve") == 200


@ON_ONE
async def test_a_token_that_is_not_for_it_approves_nothing(office: Office) -> None:
    asker, approver = office.hire("ann"), office.hire("bob")
    order = await office.order(office.token(asker))
    weak = office.token(approver, destructive=False)
    assert await office.post(weak, f"/wipes/{order}/approve") == 403
    assert office.wipes() == 0


@pytest.mark.parametrize(
    ("moved", "progress"),
    [
        ({"expires_at": -timedelta(seconds=1)}, Progress.EXPIRED),
        ({"requested_at": timedelta(hours=2), "expires_at": timedelta(hours=26)}, Progress.AWAITING),
    ],
    ids=["expired", "from a clock that is ahead"],
)
async def test_an_order_out_of_its_time(
    office: Office, moved: dict[str, timedelta], progress: Progress
) -> None:
    asker, approver = (office.token(office.hire(name)) for name in ("ann", "bob"))
    identity = await office.order(asker)
    with office.use.store.write() as transaction:
        order = transaction.wipe_orders.get(identity)
        assert order is not None
        times = {name: order.requested_at + by for name, by in moved.items()}
        transaction.wipe_orders.save(replace(order, **times))  # type: ignore[arg-type]
    told = await asyncio.gather(*(office.post(approver, f"/wipes/{identity}/approve") for _ in range(5)))
    assert set(told) == {409}
    assert office.use.wipes.get("acme", identity).progress is progress
    assert office.wipes() == 0


@ON_ONE
async def test_off_boarding_orders_in_the_name_of_who_began_it(office: Office) -> None:
    ann = office.hire("ann")
    second = office.hire("ann.second")
    office.use.administrators.link(MACHINE_ACTOR, second.id, ann.id)
    asker = office.token(ann)
    body = {"kind": WipeKind.DEVICE.value, "reason": "left"}
    assert await office.post(asker, "/users/ann@acme.example/offboard", body) == 202
    office.use.jobs.round()
    waiting = office.use.wipes.list("acme", progress=(Progress.AWAITING,))
    assert waiting
    assert {each.requested_person for each in waiting} == {ann.person}
    same = office.token(office.use.administrators.get(second.id))
    assert await office.post(same, f"/wipes/{waiting[0].id}/approve") == 403
    other = office.token(office.hire("bob"))
    assert await office.post(other, f"/wipes/{waiting[0].id}/approve") == 200
