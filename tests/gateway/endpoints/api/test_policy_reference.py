"""Templates, and what clients do about settings, over REST (product 4.1, 4.5)."""

import httpx

from mdm.families import FAMILIES
from mdm.policy import SETTINGS
from mdm.templates import TEMPLATES


async def test_every_template_is_there(client: httpx.AsyncClient) -> None:
    items = (await client.get("/api/v1/policy_templates")).json()["items"]
    assert [each["name"] for each in items] == [each.name for each in TEMPLATES]
    assert all(each["source"] and each["document"]["settings"] for each in items)


async def test_every_setting_with_every_family(client: httpx.AsyncClient) -> None:
    said = (await client.get("/api/v1/policy_honours")).json()
    assert [each["name"] for each in said["settings"]] == [each.name for each in SETTINGS]
    names = {family.name for family in FAMILIES}
    assert all(set(each["families"]) == names for each in said["settings"])
    assert all(each["source"] for each in said["families"])
    (camera,) = [each for each in said["settings"] if each["name"] == "AllowCamera"]
    assert (camera["families"]["ios"], camera["families"]["nine"], camera["since"]) == (
        "honours",
        "unknown",
        "12.1",
    )
