"""What is done at ``/self/`` for each line of the table (product 7.8)."""

from gateway.endpoints.self_service.table import NOTHING, THINGS
from tests.support.gateway import Gateway
from tests.support.inhabited import PASSWORD
from tests.support.self_service import Browser, stale


async def test_each_line_is_served_and_what_is_proved_can_be_asked_again(gateway: Gateway) -> None:
    things = gateway.app._things()
    assert things._serving.keys() == {each.does for each in (*THINGS, NOTHING) if each.does}
    assert things._again.keys() == {each.does for each in THINGS if each.proved}


async def test_what_gives_away_asks_for_the_password_again(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    stale(gateway)
    asked = (
        ("/self/app-passwords", {"label": "x"}),
        ("/self/devices/PHONE1/wipe", {"kind": "account"}),
        ("/self/devices/PHONE1/remove", {}),
    )
    for path, form in asked:
        for proof in ({}, {"proof": "Wrong-Horse-1"}):
            refused = await ann.do(path, **form, **proof)
            assert refused.status_code == 403
            assert 'name="proof"' in refused.text
    assert gateway.made.app_passwords.list(gateway.key().user) == []
    assert (await ann.do("/self/app-passwords", label="x", proof=PASSWORD)).status_code == 200
    assert (await ann.do("/self/app-passwords", label="y")).status_code == 200


async def test_what_is_gone_is_said_on_a_page(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    gone = "/self/devices/GONE"
    stale(gateway)
    for answer in (
        await ann.get(gone),
        await ann.do(f"{gone}/wipe", kind="account"),
        await ann.do(f"{gone}/remove", proof=PASSWORD),
        await ann.do("/self/app-passwords/k-1/revoke"),
    ):
        assert answer.status_code == 404
        assert 'href="/self/"' in answer.text


async def test_a_form_that_was_left_open_leads_to_the_sign_in_page(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    token = await ann.token()
    await ann.do("/self/sign-out")
    for path in ("/self/devices/PHONE1/wipe", "/self/sign-out", "/self/app-passwords"):
        answer = await ann.post(path, csrf=token, kind="account")
        assert (answer.status_code, answer.headers["location"]) == (303, "/self/sign-in")
    assert gateway.made.wipes.last(gateway.key()) is None


async def test_the_profile_is_mine(ann: Browser) -> None:
    answer = await ann.get("/self/profile")
    assert answer.status_code in (200, 503)
    if answer.status_code == 200:
        assert answer.headers["content-type"] == "application/x-apple-aspen-config"
