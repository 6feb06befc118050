"""Domains over REST (product 1, 7.3)."""

import httpx

ACME = "/api/v1/organisations/acme/domains"


async def test_domains_come_become_default_and_go(client: httpx.AsyncClient) -> None:
    made = await client.post(ACME, json={"name": "ACME.test"})
    proof = made.json()["proof"]
    home = made.json()["organisation"]
    shown = {"name": "acme.test", "organisation": home, "default": False, "backend": "", "proof": proof}
    assert (made.status_code, made.json(), len(proof)) == (201, shown, 32)
    chosen = await client.patch(f"{ACME}/acme.test", json={"default": True})
    assert chosen.json() == shown | {"default": True}
    listed = (await client.get(ACME)).json()["items"]
    assert {each["name"]: each["default"] for each in listed} == {"acme.example": False, "acme.test": True}
    assert (await client.delete(f"{ACME}/acme.example")).status_code == 204


async def test_the_default_of_several_stays(client: httpx.AsyncClient) -> None:
    await client.post(ACME, json={"name": "acme.test"})
    assert (await client.delete(f"{ACME}/acme.example")).status_code == 409


async def test_a_default_is_not_taken_away_but_given_elsewhere(client: httpx.AsyncClient) -> None:
    for body in ({"default": False}, {"default": "true"}):
        answer = await client.patch(f"{ACME}/acme.example", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "default")


async def test_a_domain_of_another_organisation_is_not_there(client: httpx.AsyncClient) -> None:
    assert (await client.patch(f"{ACME}/globex.example", json={"default": True})).status_code == 404
    assert (await client.delete(f"{ACME}/globex.example")).status_code == 404
    assert (await client.post(ACME, json={"name": "globex.example"})).status_code == 409


async def test_a_domain_is_routed_or_nothing_of_a_request_is_done(client: httpx.AsyncClient) -> None:
    routed = await client.patch(f"{ACME}/acme.example", json={"backend": "other"})
    assert (routed.status_code, routed.json()["backend"]) == (200, "other")
    await client.post(ACME, json={"name": "acme.test"})
    wrong = await client.patch(f"{ACME}/acme.test", json={"backend": "nowhere", "default": True})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "backend")
    assert not (await client.get(ACME)).json()["items"][1]["default"]
    back = await client.patch(f"{ACME}/acme.example", json={"backend": ""})
    assert back.json()["backend"] == ""


async def test_a_domain_is_found_without_its_organisation(client: httpx.AsyncClient) -> None:
    found = await client.get("/api/v1/domains/ACME.example")
    home = (await client.get("/api/v1/organisations/acme")).json()["id"]
    assert (found.json()["name"], found.json()["organisation"]) == ("acme.example", home)
    assert (await client.get("/api/v1/domains/nobody.example")).status_code == 404


async def test_one_domain_is_changed_only_as_it_was_seen(client: httpx.AsyncClient) -> None:
    seen = await client.get(f"{ACME}/acme.example")
    assert (seen.status_code, seen.json()["name"]) == (200, "acme.example")
    same = {"If-Match": seen.headers["etag"]}
    for backend, status in (("other", 200), ("default", 412)):
        changed = await client.patch(f"{ACME}/acme.example", json={"backend": backend}, headers=same)
        assert changed.status_code == status
    assert (await client.get(f"{ACME}/globex.example")).status_code == 404
