"""Signing in over REST: the one open route, one's own sessions, showing oneself again (product 7.7; T24)."""

import httpx
import pytest

from gateway.endpoints.administration import SIGN_IN_LIMIT
from gateway.endpoints.api import sessions
from gateway.endpoints.few_at_once import FewAtOnce
from tests.support.accounts import OWNER, PASSWORD, Visitor, appoint, arrived, next_code, now_code
from tests.support.desk import TOKEN, Desk

SESSIONS = "/api/v1/sessions"


async def test_signing_in_needs_no_token_and_shows_its_own_once(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    appoint(desk, "ann")
    answer = await Visitor(client, "ann").sign_in()
    assert answer.status_code == 201
    document = answer.json()
    assert document["token"].startswith("ushs_")
    assert (document["name"], document["enrol"], document["renew"]) == ("ann", True, False)
    assert document["session"]["current"] is True
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_until_enrolled_only_ones_own_affairs_are_open(client: httpx.AsyncClient, desk: Desk) -> None:
    appoint(desk, "ann")
    ann = Visitor(client, "ann")
    await ann.sign_in()
    assert (await ann("GET", "/organisations")).status_code == 403
    assert (await ann("GET", "/administrators")).status_code == 403
    assert (await ann("GET", "/me")).json()["permissions"] == ["self"]
    body = {"label": "x", "expires_at": "2999-01-01T00:00:00Z", "permissions": ["user:read"]}
    assert (await ann("POST", "/tokens", body)).status_code in (400, 403)
    await ann.enrol()
    assert (await ann("GET", "/organisations")).status_code == 200


async def test_whatever_is_wrong_is_one_answer(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    answers = [
        await Visitor(client, "nobody").sign_in(),
        await ann.sign_in(code="000000"),
        await ann.sign_in(),
        await Visitor(client, "nobody").sign_in(password="Wrong-Horse-1"),
    ]
    assert {(each.status_code, each.text) for each in answers} == {(401, answers[0].text)}


async def test_a_recovery_code_signs_in_once(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    assert (await ann.sign_in(ann.recovery_codes[0])).status_code == 201
    assert (await ann.sign_in(ann.recovery_codes[0])).status_code == 401


async def test_guessing_is_slowed_down(client: httpx.AsyncClient, desk: Desk) -> None:
    appoint(desk, "ann")
    codes = [(await Visitor(client, "ann").sign_in(password="Wrong-Horse-1")).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]


@pytest.mark.parametrize("body", [{}, {"name": "ann"}, {"name": 1, "password": 2}, {"name": "a", "x": "y"}])
async def test_what_is_no_sign_in_is_malformed(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await client.post(SESSIONS, json=body, headers={"Authorization": ""})
    assert answer.status_code == 400


@pytest.mark.parametrize("size", [SIGN_IN_LIMIT + 1, 100_000])
async def test_a_stranger_sends_little(client: httpx.AsyncClient, size: int) -> None:
    body = b'{"name": "' + b"x" * size + b'"}'
    headers = {"Authorization": "", "Content-Type": "application/json"}
    assert (await client.post(SESSIONS, content=body, headers=headers)).status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sessions"),
        ("POST", "/sessions/"),
        ("POST", "/Sessions"),
        ("POST", "/sessions/current/confirm"),
        ("DELETE", "/sessions/current"),
        ("PUT", "/sessions"),
        ("GET", "/me"),
        ("POST", "/tokens"),
    ],
)
async def test_nothing_else_is_open(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, f"/api/v1{path}", headers={"Authorization": ""})
    assert answer.status_code == 401


async def test_a_token_that_is_shown_at_the_door_gives_nothing(client: httpx.AsyncClient) -> None:
    body = {"name": "ann", "password": PASSWORD}
    answer = await client.post(SESSIONS, json=body, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 401


async def test_a_strangers_key_is_not_kept(client: httpx.AsyncClient, desk: Desk) -> None:
    appoint(desk, "ann")
    body = {"name": "ann", "password": PASSWORD}
    headers = {"Authorization": "", "Idempotency-Key": "the-same-key-of-everybody"}
    tokens = [(await client.post(SESSIONS, json=body, headers=headers)).json()["token"] for _ in range(2)]
    assert len(set(tokens)) == 2


async def test_too_many_at_the_door_are_told_to_come_again(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    appoint(desk, "ann")
    monkeypatch.setattr(sessions, "_entering", FewAtOnce(1, -1))
    answer = await Visitor(client, "ann").sign_in()
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


async def test_sessions_are_listed_and_ended(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    first = ann.secret
    await ann.sign_in(ann.recovery_codes[0])
    listed = (await ann("GET", "/sessions")).json()["items"]
    assert [each["current"] for each in listed] == [False, True]
    assert (await ann("DELETE", f"/sessions/{listed[0]['id']}")).status_code == 204
    assert (await ann("GET", "/me", bearer=first)).status_code == 401
    assert (await ann("DELETE", f"/sessions/{listed[0]['id']}")).status_code == 404
    assert (await ann("DELETE", "/sessions/current")).status_code == 204
    assert (await ann("GET", "/me")).status_code == 401


async def test_ones_sessions_are_nobody_elses(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    (session,) = (await ann("GET", "/sessions")).json()["items"]
    bob = await arrived(client, desk, "bob", OWNER)
    assert (await bob("DELETE", f"/sessions/{session['id']}")).status_code == 404
    assert (await ann("GET", "/me")).status_code == 200


async def test_a_destructive_act_takes_a_confirmation_of_late(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from gateway.services import recognition

    ann = await arrived(client, desk, "ann")
    body = {"name": "new", "appointments": [{"role": "viewer"}]}
    monkeypatch.setattr(recognition, "CONFIRMED", timedelta(0))
    answer = await ann("POST", "/administrators", body)
    assert (answer.status_code, answer.json()["title"]) == (403, "unconfirmed")
    monkeypatch.undo()
    for proof, status in (
        ({"password": PASSWORD}, 403),
        ({"code": next_code(ann.factor)}, 200),
        ({"x": "y"}, 400),
    ):
        answer = await ann("POST", "/sessions/current/confirm", proof)
        assert answer.status_code == status
    assert (await ann("POST", "/administrators", body)).status_code == 201


async def test_the_machine_has_no_session(client: httpx.AsyncClient) -> None:
    assert (await client.get(SESSIONS)).json() == {"items": []}
    for method, path in (("POST", "/current/confirm"), ("DELETE", "/current")):
        body = {"password": PASSWORD} if method == "POST" else None
        assert (await client.request(method, SESSIONS + path, json=body)).status_code == 403


async def test_a_code_confirms_too(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    used = now_code(ann.factor)
    answer = await ann("POST", "/sessions/current/confirm", {"code": used})
    assert answer.status_code == 403, "it enrolled with this code"
