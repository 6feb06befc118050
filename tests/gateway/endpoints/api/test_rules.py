"""``/access`` of the REST API (product 6, 7.3)."""

from typing import Any

import httpx
import pytest

from tests.support.desk import Desk

ACCESS = "/api/v1/organisations/acme/access"
OLD: dict[str, Any] = {
    "name": "Old",
    "effect": "block",
    "conditions": [{"criterion": "os", "is": ["<16"]}],
}


async def test_a_rule_from_its_making_to_its_end(client: httpx.AsyncClient, ann: str) -> None:
    rule = {**OLD, "conditions": [{"criterion": "user", "is": [ann]}]}
    made = await client.post(f"{ACCESS}/rules", json=rule)
    assert (made.status_code, made.json()["book"]["version"]) == (201, 1)
    assert (await client.get(f"{ACCESS}/rules")).json()["rules"][0]["conditions"][0]["is"] == [ann]
    changed = await client.patch(f"{ACCESS}/rules/old", json={"enabled": False})
    assert changed.json()["book"]["rules"][0]["enabled"] is False
    assert (await client.get(f"{ACCESS}/rules/Old")).json()["id"] == "old"
    assert (await client.delete(f"{ACCESS}/rules/old")).json()["book"]["rules"] == []
    assert (await client.get(f"{ACCESS}/rules/old")).status_code == 404
    versions = (await client.get(f"{ACCESS}/rules/versions")).json()["items"]
    assert [each["version"] for each in versions] == [1, 2, 3]
    back = await client.post(f"{ACCESS}/rules/roll_back", json={"version": 1})
    assert back.json()["book"]["rules"][0]["enabled"] is True


async def test_every_fault_is_named(client: httpx.AsyncClient) -> None:
    wrong = {"rules": [OLD, {"name": "x", "effect": "no", "conditions": [{"criterion": "os"}]}]}
    answer = await client.put(f"{ACCESS}/rules", json=wrong)
    assert answer.status_code == 400
    assert {"rules.1.effect", "rules.1.conditions.0"} <= set(str(answer.json()).replace("'", " ").split())
    half = '{"name": "\\ud800", "effect": "block", "conditions": []}'
    headers = {"content-type": "application/json"}
    assert (await client.post(f"{ACCESS}/rules", content=half, headers=headers)).status_code == 400
    assert (await client.put(f"{ACCESS}/rules", json={"rules": [], "mode": "exchange"})).status_code == 400


async def test_the_whole_set_is_replaced_rehearsed_and_looked_over(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    everything = {**OLD, "name": "All", "conditions": []}
    told = (await client.post(f"{ACCESS}/rules/rehearse", json={"rules": [everything]})).json()
    assert (told["impact"]["admitted_before"], told["impact"]["admitted_after"]) == (1, 0)
    assert told["impact"]["named"][0]["address"] == ann
    assert [each["finding"] for each in told["lints"]] == ["locks_out_everyone"]
    strict = await client.post(f"{ACCESS}/rules/rehearse?strict=true", json={"rules": [everything]})
    assert strict.status_code == 409
    refused = await client.put(f"{ACCESS}/rules", json={"rules": [everything]})
    assert refused.status_code == 409
    assert "of 1 known devices" in refused.text
    done = await client.put(f"{ACCESS}/rules?force=true", json={"rules": [everything]})
    assert done.status_code == 200
    lints = (await client.get(f"{ACCESS}/rules/lint")).json()["items"]
    assert [each["rule"] for each in lints] == ["all"]
    workmail = await client.put(f"{ACCESS}/rules?force=true", json={"rules": [], "mode": "workmail"})
    assert workmail.json()["book"]["mode"] == "workmail"


async def test_the_default_is_rehearsed_and_spares(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    told = (await client.post(f"{ACCESS}/default/rehearse", json={"level": "block"})).json()
    assert sum(told["cut_off"].values()) == 1
    assert (await client.put(f"{ACCESS}/default", json={"level": "block"})).status_code == 409
    spared = await client.put(f"{ACCESS}/default", json={"level": "block", "spare_known": True})
    assert (spared.json()["level"], spared.json()["impact"]["admitted_after"]) == ("block", 1)
    assert spared.json()["spared_before"]


async def test_a_decision_is_explained_for_real_and_imagined_devices(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    await client.post(f"{ACCESS}/rules", json=OLD)
    real = (await client.post(f"{ACCESS}/decision", json={"user": ann, "device_id": "PHONE1"})).json()
    assert real["answer"]["level"] == "allow"
    assert [each["name"] for each in real["instances"]][-2:] == ["rules", "default"]
    old = {"user": ann, "device_id": "PHONE1", "os": "iOS 15"}
    dressed = (await client.post(f"{ACCESS}/decision", json=old)).json()
    assert (dressed["answer"]["level"], dressed["answer"]["rules"]) == ("block", ["old"])
    imagined = (await client.post(f"{ACCESS}/decision", json={"os": "iOS 15", "ip": "192.0.2.1"})).json()
    (trial,) = imagined["rules"][0]["trials"]
    assert (imagined["facts"]["network"], trial["reported"], trial["holds"]) == (
        "192.0.2.1",
        ["ios 15"],
        True,
    )
    nobody = await client.post(f"{ACCESS}/decision", json={"user": ann, "device_id": "NEVER"})
    assert nobody.status_code == 404
    strange = await client.post(f"{ACCESS}/decision", json={"protocol": "imap"})
    assert strange.status_code == 400


async def test_overrides_of_devices_known_and_yet_to_come(
    client: httpx.AsyncClient, desk: Desk, ann: str, eve: str
) -> None:
    desk.phone(ann)
    body = {"level": "allow", "reason": "spare", "until": "2100-01-01T00:00:00Z"}
    known = (await client.put(f"{ACCESS}/overrides/{ann}/PHONE1", json=body)).json()
    assert (known["device"]["access"], known["device"]["access_until"]) == ("allow", "2100-01-01T00:00:00Z")
    coming = (await client.put(f"{ACCESS}/overrides/{ann}/phone9", json=body)).json()
    assert coming["expected"]["device_id"] == "PHONE9"
    assert len((await client.get(f"{ACCESS}/overrides")).json()["items"]) == 1
    assert (await client.delete(f"{ACCESS}/overrides/{ann}/PHONE9")).status_code == 204
    assert (await client.delete(f"{ACCESS}/overrides/{ann}/PHONE9")).status_code == 404
    assert (await client.put(f"{ACCESS}/overrides/{eve}/PHONE1", json=body)).status_code == 404


@pytest.mark.parametrize(
    "until", ["2000-01-01T00:00:00Z", "2100-01-01T00:00:00", "soon", "0001-01-01T00:00:00+14:00"]
)
async def test_an_end_that_is_none(client: httpx.AsyncClient, desk: Desk, ann: str, until: str) -> None:
    desk.phone(ann)
    answer = await client.put(f"{ACCESS}/overrides/{ann}/PHONE1", json={"level": "allow", "until": until})
    assert answer.status_code == 400
    assert "until" in answer.text


async def test_the_organisations_own_route_does_not_cut_off_everybody_by_accident(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    home = "/api/v1/organisations/acme"
    assert (await client.patch(home, json={"default_access": "block"})).status_code == 409
    spared = {"level": "block", "spare_known": True}
    assert (await client.put(f"{ACCESS}/default", json=spared)).status_code == 200
    shown = (await client.get(home)).json()
    assert (shown["default_access"], shown["rules_mode"]) == ("block", "usher")
    assert shown["spared_before"]
    assert (await client.patch(home, json={"default_access": "allow", "name": "A"})).json()["name"] == "A"


async def test_only_listed_devices_of_a_user_are_let_in(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    listed = await client.patch(f"/api/v1/organisations/acme/users/{ann}", json={"only_listed": True})
    assert listed.json()["only_listed"] is True
    question = {"user": ann, "device_id": "PHONE1"}
    told = (await client.post(f"{ACCESS}/decision", json=question)).json()["answer"]
    assert (told["level"], "listed" in told["reason"]) == ("block", True)
    await client.put(f"{ACCESS}/overrides/{ann}/PHONE1", json={"level": "allow"})
    assert (await client.post(f"{ACCESS}/decision", json=question)).json()["answer"]["level"] == "allow"


async def test_the_same_rules_in_another_mode(client: httpx.AsyncClient) -> None:
    await client.post(f"{ACCESS}/rules?force=true", json={"name": "All", "effect": "allow"})
    changed = await client.put(f"{ACCESS}/mode", json={"mode": "workmail"})
    assert (changed.json()["book"]["mode"], len(changed.json()["book"]["rules"])) == ("workmail", 1)
    assert (await client.put(f"{ACCESS}/mode", json={"mode": "exchange"})).status_code == 400


async def test_an_override_is_taken_back_by_a_level_of_null(client: httpx.AsyncClient, ann: str) -> None:
    place = f"{ACCESS}/overrides/{ann}/SOON"
    assert (await client.put(place, json={"level": "allow"})).json()["expected"]["level"] == "allow"
    assert (await client.put(place, json={"level": None})).json() == {"device": None, "expected": None}
    assert (await client.put(place, json={})).status_code == 400


async def test_workmails_lists_come_over(client: httpx.AsyncClient, ann: str) -> None:
    listed = {
        "Rules": [{"Name": "default", "Effect": "ALLOW"}],
        "Overrides": [
            {"UserId": "S-1", "DeviceId": "ABC1", "Effect": "DENY"},
            {"UserId": "S-2", "DeviceId": "ABC2", "Effect": "DENY"},
        ],
        "Users": [{"Id": "S-1", "Email": ann}],
    }
    done = await client.post(f"{ACCESS}/rules/import", json=listed)
    assert done.json() == {"rules": 1, "overrides": 1, "unknown": ["S-2"]}
    wrong = await client.post(f"{ACCESS}/rules/import", json={"Rules": [{"Effect": "PERHAPS"}]})
    assert [each["field"] for each in wrong.json()["errors"]] == ["Rules.0.Effect"]
