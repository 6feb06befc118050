"""Mail servers and certificates over REST (product 7.3, 9.1)."""

import httpx


async def test_mail_servers_with_the_organisations_that_use_them(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/v1/backends")).json()["items"]
    assert [(each["name"], each["organisations"]) for each in found] == [
        ("default", ["acme", "globex"]),
        ("other", []),
    ]


async def test_a_mail_server_is_asked_now(client: httpx.AsyncClient) -> None:
    told = await client.post("/api/v1/backends/default/test")
    assert told.json() == {"name": "default", "answers": False}
    assert (await client.post("/api/v1/backends/nowhere/test")).status_code == 404


async def test_a_front_proxy_may_have_the_certificates(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/certificates")).json() == {"items": []}
