"""Whose a thing is, by the path."""

import httpx

from gateway.endpoints.api.homes import GATEWAY
from tests.support.desk import Desk


async def test_the_path_says_whose_it_is(client: httpx.AsyncClient, desk: Desk) -> None:
    url = "https://hooks.example.org/"
    acme = (await client.post("/api/v1/organisations/acme/webhooks", json={"url": url})).json()
    gateways = (await client.post("/api/v1/webhooks", json={"url": url})).json()
    assert acme["organisation"] == desk.services.finder.organisation("acme").id
    assert gateways["organisation"] == GATEWAY
    assert (await client.get("/api/v1/organisations/nobody/webhooks")).status_code == 404
