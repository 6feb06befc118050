"""Saved views over REST (product 7.2): a person's own, kept by a session and by nothing else."""

import httpx

from gateway.records.authority import Appointment, Role
from tests.support.accounts import arrived, soon
from tests.support.desk import Desk

VIEWS = "/me/views"
QUESTION = {"os": "iOS 15", "sort": "-last_seen"}


async def test_a_view_is_saved_listed_changed_and_removed(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann", Appointment(Role.VIEWER, "acme"))
    saved = await ann("POST", VIEWS, {"name": "Old", "question": QUESTION})
    assert saved.status_code == 201
    at = f"{VIEWS}/{saved.json()['id']}"
    assert (await ann("PATCH", at, {"name": "Very old"})).json()["question"] == QUESTION
    (shown,) = (await ann("GET", VIEWS)).json()["items"]
    assert (shown["name"], shown["question"]) == ("Very old", QUESTION)
    assert (await ann("DELETE", at)).status_code == 204
    assert (await ann("DELETE", at)).status_code == 404


async def test_nobody_elses_is_seen_or_touched(client: httpx.AsyncClient, desk: Desk) -> None:
    ann, bob = await arrived(client, desk, "ann"), await arrived(client, desk, "bob")
    at = f"{VIEWS}/{(await ann('POST', VIEWS, {'name': 'Old', 'question': {}})).json()['id']}"
    assert (await bob("GET", VIEWS)).json() == {"items": []}
    assert (await bob("PATCH", at, {"name": "Mine"})).status_code == 404
    assert (await bob("DELETE", at)).status_code == 404


async def test_a_wrong_question_is_a_fault_by_its_name(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    for body, field in (
        ({"name": "", "question": {}}, "name"),
        ({"name": "x", "question": {"last_seen": "yesterdayish"}}, "last_seen"),
        ({"name": "x", "question": {"colour": "red"}}, "question.colour"),
        ({"name": "x", "question": {"model": "x" * 300}}, "question.model"),
    ):
        answer = await ann("POST", VIEWS, body)
        assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (400, [field])
    broken = b'{"name": "x", "question": {"model": "\\ud800"}}'
    headers = {"Authorization": f"Bearer {ann.secret}", "Content-Type": "application/json"}
    assert (await client.post(f"/api/v1{VIEWS}", content=broken, headers=headers)).status_code == 400


async def test_a_token_reads_them_and_keeps_none(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    await ann("POST", VIEWS, {"name": "Old", "question": QUESTION})
    minted = await ann("POST", "/tokens", {"label": "script", "expires_at": soon(), "permissions": ["self"]})
    token = minted.json()["token"]
    assert len((await ann("GET", VIEWS, bearer=token)).json()["items"]) == 1
    kept = await ann("POST", VIEWS, {"name": "New", "question": {}}, bearer=token)
    assert kept.status_code == 403
    assert (await client.get(f"/api/v1{VIEWS}")).json() == {"items": []}  # the machine's own has none
