"""Groups in the console (product 1, 7.2)."""

import httpx

GROUPS = "/console/o/acme/groups"


async def test_a_group_lives_from_its_making_to_its_end(browser: httpx.AsyncClient) -> None:
    group = (await browser.post(GROUPS, data={"name": "Staff"})).headers["location"]
    assert (await browser.post(f"{group}/add", data={"member": "ann@acme.example"})).is_redirect
    page = (await browser.get(group)).text
    assert "ann@acme.example" in page
    changed = {"name": "Everybody", "address": "", "state": "enabled", "backend": "other", "priority": "7"}
    assert (await browser.post(group, data=changed)).is_redirect
    assert "<h1>Everybody</h1>" in (await browser.get(group)).text
    assert (await browser.post(f"{group}/drop", data={"member": "ann@acme.example"})).is_redirect
    assert "Nobody is in it." in (await browser.get(group)).text
    assert (await browser.post(f"{group}/remove", data={"csrf": ""})).headers["location"] == GROUPS


async def test_what_is_refused_is_said_on_the_same_page(browser: httpx.AsyncClient) -> None:
    group = (await browser.post(GROUPS, data={"name": "Staff"})).headers["location"]
    for path, form in (
        (GROUPS, {"name": "Staff"}),
        (group, {"backend": "nowhere"}),
        (group, {"priority": "²"}),
        (f"{group}/add", {"member": "nobody@acme.example"}),
        (f"{group}/add", {"member": "Staff"}),
    ):
        refused = await browser.post(path, data=form)
        assert refused.status_code == 400, path
        assert 'role="alert"' in refused.text
