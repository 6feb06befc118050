"""Service connection points over REST (product 2.7)."""

import httpx


async def test_the_objects_and_their_ldif_say_the_same(client: httpx.AsyncClient) -> None:
    told = (await client.get("/api/v1/scp", params={"site": ["Berlin", "Bonn"]})).json()
    _, point = told["entries"]
    assert ["keywords", "Site=Berlin"] in point["attributes"]
    assert "\nkeywords: Site=Bonn\n" in told["ldif"]


async def test_every_domain_points_to_the_other_forest(client: httpx.AsyncClient) -> None:
    told = (await client.get("/api/v1/scp", params={"forest": "resource.test"})).json()
    assert {"Domain=acme.example", "Domain=globex.example"} <= {
        value for entry in told["entries"] for name, value in entry["attributes"]
    }


async def test_a_line_break_makes_no_object(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/scp", params={"naming_context": "DC=x\n\ndn: CN=evil"})
    assert answer.status_code == 400
