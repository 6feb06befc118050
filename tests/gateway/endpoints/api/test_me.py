"""Who asks, and their own account over REST (product 7.7)."""

import httpx

from gateway.records.authority import Appointment, Role
from tests.support.accounts import PASSWORD, Visitor, appoint, arrived, now_code, soon
from tests.support.desk import Desk

NEW = "Another-Horse-2"


async def test_the_machine_is_told_what_it_is(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/me")).json()
    assert (document["name"], document["account"], document["confirmed"]) == ("bootstrap", None, True)
    assert "wipe:full" in document["permissions"]


async def test_an_administrator_is_told_who_they_are(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann", Appointment(Role.VIEWER, "acme"))
    document = (await ann("GET", "/me")).json()
    account = document["account"]
    assert (document["name"], document["person"]) == ("ann", account["id"])
    assert (account["second_factor"], account["recovery_codes_left"]) == (True, 10)
    assert document["permissions"] == [
        "organisation:read",
        "user:read",
        "mailbox:read",
        "policy:read",
        "rule:read",
        "device:read",
        "self",
        "metrics:read",
        "description:read",
    ]
    assert [each["role"] for each in document["appointments"]] == ["viewer"]


async def test_even_who_has_part_of_an_organisation_has_their_own_account(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    ann = await arrived(client, desk, "ann", Appointment(Role.HELP_DESK, "acme", domain="acme.example"))
    assert (await ann("GET", "/me")).json()["account"]["name"] == "ann"
    assert len((await ann("GET", "/sessions")).json()["items"]) == 1
    assert (await ann("GET", "/administrators")).status_code == 403


async def test_ones_password_is_changed_with_the_present_one(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    for body, status in (
        ({"present": "Wrong-Horse-1", "new": NEW}, 403),
        ({"present": PASSWORD, "new": "short"}, 400),
        ({"present": PASSWORD, "new": PASSWORD}, 400),
        ({"present": PASSWORD, "new": NEW}, 200),
    ):
        assert (await ann("PUT", "/me/password", body)).status_code == status
    assert (await ann.sign_in(ann.recovery_codes[0])).status_code == 401
    assert (await ann.sign_in(ann.recovery_codes[0], NEW)).status_code == 201


async def test_a_weak_password_is_told_by_its_field_and_not_repeated(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    ann = await arrived(client, desk, "ann")
    answer = await ann("PUT", "/me/password", {"present": PASSWORD, "new": "canary"})
    assert [each["field"] for each in answer.json()["errors"]] == ["new"]
    assert "canary" not in answer.text


async def test_a_wrong_code_enrols_nothing(client: httpx.AsyncClient, desk: Desk) -> None:
    appoint(desk, "ann")
    ann = Visitor(client, "ann")
    await ann.sign_in()
    offer = (await ann("POST", "/me/second-factor")).json()
    assert offer["uri"].startswith("otpauth://totp/Usher:ann?secret=" + offer["secret"])
    assert (await ann("POST", "/me/second-factor/confirm", {"code": "000000"})).status_code == 400
    answer = await ann("POST", "/me/second-factor/confirm", {"code": now_code(offer["secret"])})
    assert len(answer.json()["recovery_codes"]) == 10
    assert (await ann("GET", "/organisations")).status_code == 200


async def test_recovery_codes_are_renewed(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    codes = (await ann("POST", "/me/recovery-codes")).json()["recovery_codes"]
    assert (await ann.sign_in(ann.recovery_codes[0])).status_code == 401
    assert (await ann.sign_in(codes[0])).status_code == 201


async def test_neither_the_machine_nor_a_token_changes_an_account(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    ann = await arrived(client, desk, "ann")
    wanted = {
        "label": "ci",
        "permissions": ["self", "user:read"],
        "expires_at": soon(),
        "destructive": True,
        "networks": ["192.0.2.0/24"],
    }
    token = (await ann("POST", "/tokens", wanted)).json()["token"]
    for bearer in (token, desk.config.token_file.read_text().strip()):
        for method, path, body in (
            ("PUT", "/me/password", {"present": PASSWORD, "new": NEW}),
            ("POST", "/me/second-factor", None),
            ("POST", "/me/second-factor/confirm", {"code": "000000"}),
            ("POST", "/me/recovery-codes", None),
        ):
            answer = await ann(method, path, body, bearer=bearer)
            assert (answer.status_code, answer.json()["detail"][:7]) == (403, "Sign in")
    assert (await ann("GET", "/me", bearer=token)).json()["account"]["name"] == "ann"
