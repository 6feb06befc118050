"""Attacks on the door of administration: getting in, round it, and keeping others out (T1, T2, T9, T24)."""

import logging
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from gateway import app
from gateway.config import AccessLines, Limits, LogConfig
from gateway.directory import passwords
from gateway.endpoints.middleware import Guard
from gateway.errors import GatewayError, Kind
from gateway.log import AccessLog
from gateway.records import AuditTag
from gateway.records.administrators import AdministratorState
from gateway.records.authority import Appointment, Permission, Role
from gateway.services.administrators import AdministratorChanges
from gateway.services.tokens import Wanted
from gateway.store import DatabaseStore
from tests.support.accounts import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    ROOT,
    ROOT_ACTOR,
    House,
    Visitor,
    appoint,
    arrived,
    house,
    node,
    now_code,
    soon,
    stranger,
)
from tests.support.desk import TOKEN, Desk

PROXY = "127.0.0.1"
SESSIONS = "/api/v1/sessions"


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


@asynccontextmanager
async def guarded(desk: Desk, peer: str = PROXY) -> AsyncIterator[httpx.AsyncClient]:
    """The admin listener as a peer meets it, where 127.0.0.1 is a trusted proxy."""
    application = app.admin(desk.config)
    await application.start()
    access = AccessLog(LogConfig(access=AccessLines.FULL))
    guard = Guard(application, Limits(), (ip_network(f"{PROXY}/32"),), access)
    transport = httpx.ASGITransport(guard, client=(peer, 4711))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
        yield client
    await application.drain()
    await application.close()


def wrong(home: House, name: str, address: str, password: str = "Wrong-Horse-1", code: str = "") -> Kind:
    with pytest.raises(GatewayError) as refused:
        home.door.signing_in.sign_in(stranger(address), name, password, code)
    return refused.value.kind


def test_nobody_locks_an_owner_out_from_elsewhere(home: House) -> None:
    """However many fail from however many networks, the owner signs in at the first try."""
    home.enrolled("ann")
    for number in range(20):
        for _ in range(6):
            wrong(home, "ann", f"10.{number}.0.1")
    assert home.enter("ann", HOME)


def test_whom_a_neighbour_slowed_down_waits_for_a_quarter_of_an_hour_at_most(home: House) -> None:
    home.enrolled("ann")
    for _ in range(12):
        wrong(home, "ann", HOME)
        home.clock.pass_by(minutes=16)
    assert wrong(home, "ann", HOME) is Kind.UNAUTHENTICATED
    assert wrong(home, "ann", HOME) is Kind.THROTTLED
    home.clock.pass_by(minutes=15)
    assert home.enter("ann", HOME)


def test_a_slowed_guesser_gains_nothing_by_guessing_right(home: House) -> None:
    home.enrolled("ann")
    for _ in range(3):
        wrong(home, "ann", ELSEWHERE)
    assert wrong(home, "ann", ELSEWHERE, PASSWORD, home.code("ann")) is Kind.THROTTLED


def test_waiting_tells_nothing_about_who_exists(home: House) -> None:
    home.enrolled("ann")
    kinds = {name: [wrong(home, name, ELSEWHERE) for _ in range(6)] for name in ("ann", "nobody")}
    assert kinds["ann"] == kinds["nobody"]


def test_nobody_costs_what_somebody_costs(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same checks and the same writes, whoever it is: neither the clock nor the trail's size tells."""
    home.enrolled("ann")
    home.make("off")
    home.make("root")
    disabled = AdministratorChanges(state=AdministratorState.DISABLED)
    home.accounts.change(ROOT_ACTOR, ROOT, "off", disabled)
    checked: list[str] = []

    class Counted:
        def verify(self, _password: str, stored: str) -> bool:
            checked.append(stored[:30])
            return False

    monkeypatch.setattr(passwords, "_HASH", Counted())
    costs = {}
    for name in ("ann", "off", "nobody"):
        checked.clear()
        records = len(home.trail())
        wrong(home, name, HOME)
        costs[name] = (len(checked), {*checked}, len(home.trail()) - records)
    assert costs["ann"] == costs["off"] == costs["nobody"]
    assert costs["ann"][0] == 1


def test_a_botnet_with_the_password_has_few_codes_and_the_owner_a_way_in(home: House) -> None:
    account = home.make("ann")
    actor = home.actor(home.enter("ann", enrolled=False))
    home.secrets["ann"] = home.door.own_account.offer_second_factor(actor, account.id).secret
    codes = home.door.own_account.enrol(actor, account.id, home.code("ann")).recovery_codes
    home.clock.pass_by(minutes=1)
    for number in range(12):
        assert wrong(home, "ann", f"10.{number}.0.1", PASSWORD, "000000") is Kind.UNAUTHENTICATED
    assert wrong(home, "ann", "10.200.0.1", PASSWORD, home.code("ann")) is Kind.UNAUTHENTICATED
    assert home.door.signing_in.sign_in(stranger(), "ann", PASSWORD, codes[0])


def test_neither_a_restart_nor_another_node_gives_new_codes_to_try(home: House) -> None:
    home.enrolled("ann")
    for number in range(30):
        fresh, source = node(home.store, home.clock).signing_in, stranger(f"10.{100 + number}.0.1")
        for password, code in ((PASSWORD, "" if number % 3 else "000000"), ("Wrong-Horse-1", "000000")):
            with pytest.raises(GatewayError):
                fresh.sign_in(source, "ann", password, code)
    told = Counter(each.outcome for each in home.trail(AuditTag.SIGN_IN_FAILED))
    assert told["refused: second factor"] == 10
    with pytest.raises(GatewayError):
        node(home.store, home.clock).signing_in.sign_in(stranger(), "ann", PASSWORD, home.code("ann"))
    assert home.trail(AuditTag.SIGN_IN_FAILED)[-1].outcome == "refused: too many wrong codes"
    home.clock.pass_by(minutes=100)
    assert home.enter("ann")


def test_whoever_has_the_machine_gets_in_while_all_of_that_goes_on(home: House) -> None:
    home.enrolled("ann")
    for number in range(12):
        wrong(home, "ann", f"10.{number}.0.1", PASSWORD, "000000")
    recovered = home.door.recovering.recover(ROOT_ACTOR, "ann")
    assert home.door.signing_in.sign_in(stranger(), "ann", recovered.password)


def test_a_code_that_was_looked_over_a_shoulder_is_used_up(home: House) -> None:
    home.enrolled("ann")
    code = home.code("ann")
    assert home.door.signing_in.sign_in(stranger(), "ann", PASSWORD, code)
    home.clock.pass_by(seconds=20)
    assert wrong(home, "ann", ELSEWHERE, PASSWORD, code) is Kind.UNAUTHENTICATED


@pytest.mark.parametrize("recovery", [False, True])
def test_of_many_who_show_the_same_at_the_same_moment_one_gets_in(home: House, recovery: bool) -> None:
    account = home.make("ann")
    actor = home.actor(home.enter("ann", enrolled=False))
    home.secrets["ann"] = home.door.own_account.offer_second_factor(actor, account.id).secret
    codes = home.door.own_account.enrol(actor, account.id, home.code("ann")).recovery_codes
    home.clock.pass_by(minutes=1)
    shown = codes[0] if recovery else home.code("ann")

    def enter(number: int) -> bool:
        try:
            home.door.signing_in.sign_in(stranger(f"10.{number}.0.1"), "ann", PASSWORD, shown)
        except GatewayError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enter, range(6))) == 1


def test_many_guesses_at_the_same_moment_are_as_many_failures(home: House) -> None:
    home.make("ann")

    def guess(_: int) -> Kind:
        return wrong(home, "ann", ELSEWHERE)

    with ThreadPoolExecutor(8) as pool:
        kinds = list(pool.map(guess, range(24)))
    assert kinds.count(Kind.UNAUTHENTICATED) == 3


def test_a_disabled_account_is_out_everywhere_at_once(home: House) -> None:
    home.make("root")
    account = home.enrolled("ann")
    session = home.enter("ann")
    wanted = Wanted("ci", home.clock.now() + timedelta(days=1), frozenset({Permission.USER_READ}))
    token = home.tokens.mint(ROOT_ACTOR, ROOT, account.id, wanted).secret
    disabled = AdministratorChanges(state=AdministratorState.DISABLED)
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", disabled)
    for secret in (session, token):
        assert home.door.recognition.of(secret, HOME) is None
    assert wrong(home, "ann", HOME, PASSWORD, home.code("ann")) is Kind.UNAUTHENTICATED
    enabled = AdministratorChanges(state=AdministratorState.ENABLED)
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", enabled)
    assert home.door.recognition.of(session, HOME) is None, "a session does not come back"


async def test_a_token_is_of_no_use_outside_its_networks_whatever_is_claimed(desk: Desk) -> None:
    appoint(desk, "ann")
    body = {
        "label": "ci",
        "expires_at": soon(),
        "permissions": ["organisation:read"],
        "networks": ["192.0.2.0/24"],
        "administrator": "ann",
    }
    async with guarded(desk) as client:
        made = await client.post("/api/v1/tokens", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        bearer = {"Authorization": f"Bearer {made.json()['token']}"}
        for told, status in (
            ("192.0.2.9", 200),
            ("198.51.100.7", 401),
            ("192.0.2.9, 198.51.100.7", 401),
            ("192.0.2.9, nonsense", 401),
            ("", 401),
        ):
            headers = bearer | ({"X-Forwarded-For": told} if told else {})
            assert (await client.get("/api/v1/organisations", headers=headers)).status_code == status, told
    async with guarded(desk, peer="203.0.113.66") as client:
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"):
            headers = bearer | {header: "192.0.2.9"}
            assert (await client.get("/api/v1/organisations", headers=headers)).status_code == 401, header


async def test_a_forged_source_spreads_no_guesses(desk: Desk) -> None:
    """Who is no proxy counts as one network, whatever its header says."""
    appoint(desk, "ann")
    async with guarded(desk, peer="203.0.113.66") as client:
        codes = []
        for number in range(5):
            body = {"name": "ann", "password": "Wrong-Horse-1"}
            headers = {"X-Forwarded-For": f"10.{number}.0.1"}
            codes.append((await client.post(SESSIONS, json=body, headers=headers)).status_code)
    assert codes == [401, 401, 401, 429, 429]


async def test_no_session_that_was_brought_along_becomes_one(desk: Desk) -> None:
    """Fixation: the secret is drawn at the sign-in, and whatever was shown there is not looked at."""
    appoint(desk, "ann")
    brought = "ushs_" + "A" * 43
    async with guarded(desk) as client:
        ann = Visitor(client, "ann")
        headers = {"Authorization": f"Bearer {brought}", "Cookie": f"session={brought}"}
        body = {"name": "ann", "password": PASSWORD}
        answer = await client.post(SESSIONS, json=body, headers=headers)
        assert answer.status_code == 201
        assert answer.json()["token"] != brought
        assert (await ann("GET", "/me", bearer=brought)).status_code == 401
        again = await client.post(SESSIONS, json={**body, "token": brought}, headers=headers)
        assert again.status_code == 400


async def test_help_desk_makes_no_owner_however_it_tries(desk: Desk) -> None:
    desk.services.tenants.create_organisation(ROOT_ACTOR, "acme")
    appoint(desk, "boss")
    async with guarded(desk) as client:
        clerk = await arrived(client, desk, "clerk", Appointment(Role.HELP_DESK, "acme"))
        owner = {"role": "owner"}
        for method, path, body in (
            ("POST", "/administrators", {"name": "evil", "appointments": [owner], "password": PASSWORD}),
            ("POST", "/administrators/clerk/appointments", owner),
            ("POST", "/administrators/boss/appointments/dismiss", owner),
            ("PUT", "/administrators/boss/password", {"password": "Another-Horse-2"}),
            ("POST", "/administrators/boss/second-factor/reset", None),
            ("PUT", "/administrators/clerk/person", {"administrator": "boss"}),
            ("PATCH", "/administrators/clerk", {"issuer": "https://idp", "subject": "boss"}),
            ("DELETE", "/administrators/boss", None),
        ):
            assert (await clerk(method, path, body)).status_code == 403, (method, path)
        for values, status in (
            ({"permissions": ["administrator:write"]}, 403),
            ({"permissions": ["wipe:full"], "networks": ["0.0.0.0/0"]}, 403),
            ({"appointments": [owner]}, 403),
            ({"appointments": [{"role": "help desk"}]}, 403),
            ({"permissions": ["device:read"], "administrator": "boss"}, 400),
        ):
            body = {"label": "x", "expires_at": soon(), **values}
            assert (await clerk("POST", "/tokens", body)).status_code == status, values
    assert [each.name for each in desk.services.administrators.list()] == ["boss", "clerk"]


async def test_owners_do_not_remove_each_other_to_the_last(desk: Desk) -> None:
    async with guarded(desk) as client:
        ann = await arrived(client, desk, "ann")
        bob = await arrived(client, desk, "bob")
        assert (await ann("DELETE", "/administrators/bob")).status_code == 204
        assert (await bob("DELETE", "/administrators/ann")).status_code == 401
        assert (await ann("DELETE", "/administrators/ann")).status_code == 409
        dismissed = await ann("POST", "/administrators/ann/appointments/dismiss", {"role": "owner"})
        assert dismissed.status_code == 409


def test_two_owners_who_remove_each_other_at_the_same_moment_leave_one(home: House) -> None:
    home.make("ann")
    home.make("bob")

    def remove(name: str) -> bool:
        try:
            home.accounts.remove(ROOT_ACTOR, name)
        except GatewayError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(remove, ("ann", "bob"))) == 1
    assert len(home.accounts.list()) == 1


async def test_a_stolen_token_is_no_way_to_stay(desk: Desk) -> None:
    """It makes no token, no account, no password, and confirms nothing."""
    async with guarded(desk) as client:
        ann = await arrived(client, desk, "ann")
        body = {"label": "x", "expires_at": soon(), "permissions": ["self", "administrator:write"]}
        made = (await ann("POST", "/tokens", {**body, "networks": ["127.0.0.1"]})).json()["token"]
        owner = {"name": "evil", "appointments": [{"role": "owner"}], "password": PASSWORD}
        for method, path, sent in (
            ("POST", "/tokens", body),
            ("PUT", "/me/password", {"present": PASSWORD, "new": "Another-Horse-2"}),
            ("POST", "/me/second-factor", None),
            ("POST", "/me/recovery-codes", None),
            ("POST", "/sessions/current/confirm", {"password": PASSWORD}),
            ("DELETE", "/sessions/current", None),
            ("POST", "/administrators", owner),
        ):
            assert (await ann(method, path, sent, bearer=made)).status_code == 403, path


async def test_the_canary_password_is_nowhere(
    desk: Desk, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with guarded(desk) as client:
            ann = await arrived(client, desk, "ann")
            typed = {"name": "Canary-Typed-As-Name", "password": PASSWORD, "code": "424242"}
            for body in (typed, {**typed, "name": "ann"}, {"name": PASSWORD}, {**typed, "x": PASSWORD}):
                await client.post(SESSIONS, json=body)
            await ann("PUT", "/me/password", {"present": PASSWORD, "new": PASSWORD})
            await ann("POST", "/sessions/current/confirm", {"password": PASSWORD})
            used = [ann.secret, ann.factor, *ann.recovery_codes, now_code(ann.factor)]
    logged = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    stored = everything_in(tmp_path)
    for secret in (PASSWORD, "Canary-Typed-As-Name", "canary-typed-as-name"):
        assert secret not in logged
        assert secret not in stored
    for secret in used[:-1]:
        assert secret not in logged
        assert secret not in stored


def everything_in(folder: Path) -> str:
    """The database as it lies on the disk, its log included."""
    return b"".join(each.read_bytes() for each in folder.glob("usher.db*")).decode("latin-1")


def test_every_failure_stands_in_the_trail(home: House) -> None:
    home.enrolled("ann")
    wrong(home, "ann", ELSEWHERE)
    wrong(home, "nobody", ELSEWHERE)
    records = home.trail(AuditTag.SIGN_IN_FAILED)
    assert [each.actor.address for each in records] == [ELSEWHERE, ELSEWHERE]
