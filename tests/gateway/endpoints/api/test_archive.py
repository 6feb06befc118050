"""The archive over REST (product 5.7)."""

from dataclasses import replace
from datetime import timedelta

import httpx

from tests.support.desk import Desk


async def test_archived_devices_with_pages(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    phones = [desk.phone(ann, f"PHONE{number}") for number in range(3)]
    await client.patch("/api/v1/organisations/acme/safeguards", json={"archive_days": 1})
    with desk.services.store.write() as transaction:
        for phone in phones:
            device = transaction.devices.get(phone.key)
            assert device is not None
            transaction.devices.save(replace(device, last_seen=device.last_seen - timedelta(days=3650)))
    assert desk.services.archive.round() == 3
    path = "/api/v1/organisations/acme/archive"
    first = (await client.get(path, params={"limit": 2})).json()
    rest = (await client.get(path, params={"limit": 2, "cursor": first["next"]})).json()
    found = [*first["items"], *rest["items"]]
    assert {each["device_id"] for each in found} == {"PHONE0", "PHONE1", "PHONE2"}
    assert (found[0]["cause"], found[0]["address"], rest["next"]) == ("stale", ann, None)
    assert found[0]["story"][0]["tag"] == "device:partnership:created"
