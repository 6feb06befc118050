"""The self-service page against who should not be there (product 7.8; T1, T13, T22, T24, T25): other people's
ids, forms from elsewhere, planted sessions, the console's cookie, guessing, hostile names."""

import re

import pytest

from gateway.endpoints.console.gate import COOKIE as CONSOLE
from gateway.endpoints.self_service.door import COOKIE
from gateway.endpoints.self_service.table import THINGS
from gateway.records import Actor, UserState
from gateway.services.drawn_secrets import SELF, SESSION
from mdm.device import DeviceState
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN
from tests.support.self_service import Browser, ann, browsing, stale, trusting_gateway

__all__ = ["ann", "trusting_gateway"]

BOB = Actor("user", f"bob@{DOMAIN}", "192.0.2.8")


async def test_somebody_elses_things_are_not_there(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled("bob", "PHONE2")
    bob = gateway.key("PHONE2", "bob")
    his = gateway.made.app_passwords.make(BOB, bob.user, "his").made.id
    forged = (
        "PHONE2",
        "phone2",
        f"{bob.user}%2FPHONE2",
        "NOTHING",
        "%2E%2E",
        "x" * 300,
        "'--",
        "%F0%9F%92%A9",
    )
    for name in forged:
        shown = await ann.get(f"/self/devices/{name}")
        assert shown.status_code in (400, 404), name
        assert "PHONE2" not in shown.text
        for act in ("wipe", "remove"):
            done = await ann.do(f"/self/devices/{name}/{act}", kind="account")
            assert done.status_code in (400, 404), (name, act)
    for name in (his, "k-" + "0" * 32, f"{bob.user}"):
        assert (await ann.do(f"/self/app-passwords/{name}/revoke")).status_code == 404
    for name, value in (("user", bob.user), ("organisation", bob.organisation), ("id", his)):
        assert (await ann.do("/self/app-passwords", label="x", **{name: value})).status_code == 200
    assert [each.id for each in gateway.made.app_passwords.list(bob.user)] == [his]
    assert gateway.device("PHONE2", "bob").state is DeviceState.PROVISIONING_SUCCEEDED
    for page in ("/self/", "/self/organisation", "/self/app-passwords"):
        assert "PHONE2" not in (await ann.get(page)).text


ACTS = sorted(thing.path.format("PHONE1") for thing in THINGS if thing.method == "POST")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=lambda headers: "-".join(f"{name} {value}" for name, value in headers.items()),
)
async def test_a_form_from_elsewhere_does_nothing(
    gateway: Gateway, ann: Browser, headers: dict[str, str]
) -> None:
    token = await ann.token()
    for path in ACTS:
        refused = await ann.post(path, headers=headers, csrf=token, label="x", kind="account")
        assert refused.status_code == 403, path
    assert gateway.made.app_passwords.list(gateway.key().user) == []


async def test_a_form_carries_the_token_of_its_own_session(gateway: Gateway, ann: Browser) -> None:
    async with browsing(gateway) as other:
        before = await other.token("/self/sign-in")
        await other.sign_in("bob@example.com")
        await other.sign_in(f"bob@{DOMAIN}")
        foreign = await other.token()
    for token in ("", "0" * 64, before, foreign, "\u00e4"):
        for path in ACTS:
            if path == "/self/sign-in":
                continue
            assert (await ann.post(path, csrf=token, label="x")).status_code == 403, (path, token)
    assert (await ann.get("/self/")).status_code == 200


async def test_nothing_is_done_by_looking(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    for thing in THINGS:
        if thing.method == "POST" and thing.does not in ("sign_in", "make_app_password"):
            assert (await ann.get(thing.path.format("PHONE1"))).status_code == 404
    assert gateway.device().state is DeviceState.PROVISIONING_SUCCEEDED


async def test_no_page_may_be_framed(ann: Browser) -> None:
    for path in ("/self/", "/self/sign-in", "/self/app-passwords", "/self/organisation", "/self/nothing"):
        told = (await ann.get(path)).headers
        assert "frame-ancestors 'none'" in told["content-security-policy"]
        assert "unsafe" not in told["content-security-policy"]
        assert told["x-frame-options"] == "DENY"


async def test_a_planted_session_becomes_none(gateway: Gateway) -> None:
    async with browsing(gateway) as browser:
        planted = f"{COOKIE}={SELF}" + "A" * 43
        browser.cookie = planted
        assert (await browser.get("/self/")).status_code == 303
        browser.cookie = ""
        token = await browser.token("/self/sign-in")
        browser.cookie = planted
        await browser.post("/self/sign-in", csrf=token, name=f"ann@{DOMAIN}", password=PASSWORD)
        assert (await browser.get("/self/")).status_code == 303
        await browser.sign_in()
        assert browser.cookie != planted
        assert (await browser.get("/self/")).status_code == 200


async def test_a_neighbours_cookie_signs_nobody_out(ann: Browser) -> None:
    """Another host of the domain may set cookies for all of it, of any form."""
    own = ann.cookie
    for neighbour in ('site={"a":1}', "=", 'open="', "Path=/", "x" * 2000):
        ann.cookie = f"{neighbour}; {own}"
        assert (await ann.get("/self/")).status_code == 200, neighbour
    for broken in (f'{COOKIE}="{own}\\351"', f"{own}; {own}x", f"{COOKIE}={SELF}"):
        ann.cookie = broken
        assert (await ann.get("/self/")).headers["location"] == "/self/sign-in", broken


async def test_a_session_of_the_console_is_none_here_and_the_other_way_round(ann: Browser) -> None:
    mine = ann.cookie.partition("=")[2]
    assert not mine.startswith(SESSION)
    for cookie in (f"{CONSOLE}={mine}", f"{COOKIE}={SESSION}{mine[5:]}", f"x{COOKIE}={mine}"):
        ann.cookie = cookie
        assert (await ann.get("/self/")).status_code == 303


async def test_a_session_ends_with_its_user(gateway: Gateway, ann: Browser) -> None:
    user = gateway.key().user
    gateway.made.users.set_state(ADMIN, user, UserState.DISABLED)
    assert (await ann.get("/self/")).status_code == 303
    gateway.made.users.set_state(ADMIN, user, UserState.ENABLED)
    assert (await ann.get("/self/")).status_code == 200
    gateway.made.users.set_password(ADMIN, user, "Other-Horse-22")
    assert (await ann.get("/self/")).status_code == 303


async def test_an_old_password_does_not_slip_in_beside_its_change(
    gateway: Gateway, ann: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let in from memory by a process that has not heard of the change yet: for two hours it would be."""
    login = gateway.app._login
    remembered = dict(login._accepted)
    assert remembered
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, gateway.key().user, "Other-Horse-22")
    assert (await ann.get("/self/")).headers["location"] == "/self/sign-in"
    monkeypatch.setattr(login, "_accepted", type(login._accepted)(remembered))
    ann.cookie = ""
    assert (await ann.sign_in()).status_code == 401
    assert (await ann.sign_in(password="Other-Horse-22")).status_code == 303


async def test_after_signing_out_the_cookie_is_worth_nothing(ann: Browser) -> None:
    await ann.do("/self/sign-out")
    assert (await ann.get("/self/")).status_code == 303


async def test_a_disabled_user_is_told_what_a_stranger_is(gateway: Gateway) -> None:
    gateway.made.users.set_state(ADMIN, gateway.key().user, UserState.DISABLED)
    async with browsing(gateway) as browser:
        answers = [await browser.sign_in(), await browser.sign_in(f"nobody@{DOMAIN}")]
    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].text.replace("ann@", "nobody@") == answers[1].text


async def test_an_app_password_does_not_sign_in_here(gateway: Gateway) -> None:
    fresh = gateway.made.app_passwords.make(ADMIN, gateway.key().user, "phone")
    async with browsing(gateway) as browser:
        assert (await browser.sign_in(password=fresh.secret)).status_code == 401
        assert (await browser.sign_in()).status_code == 303
        assert (await browser.sign_in(password=fresh.secret)).status_code == 401


async def test_guessing_here_is_guessing_everywhere(gateway: Gateway) -> None:
    async with browsing(gateway) as browser:
        for number in range(8):
            assert (await browser.sign_in(password=f"Wrong-Horse-{number}")).status_code == 401
        assert (await browser.sign_in()).status_code == 401
    assert (await gateway.phone().folder_sync()).http == 401


async def test_guessing_in_a_session_that_somebody_left_open_is_slowed_down_too(
    gateway: Gateway, ann: Browser
) -> None:
    stale(gateway)
    for number in range(12):
        refused = await ann.do("/self/app-passwords", label="x", proof=f"Wrong-Horse-{number}")
        assert refused.status_code == 403
    assert gateway.made.app_passwords.list(gateway.key().user) == []


async def test_a_name_that_is_nobodys_is_not_answered(ann: Browser) -> None:
    for host in ("evil.example", "localhost.evil.example"):
        answer = await ann.get("/self/", Host=host)
        assert answer.status_code == 421
        assert host not in answer.text
    page = await ann.get("/self/")
    assert "127.0.0.1" not in page.text


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\u202eb", "{{ 7*7 }}", "%s{0}"]
)
async def test_a_hostile_label_stays_text(gateway: Gateway, ann: Browser, label: str) -> None:
    made = await ann.do("/self/app-passwords", label=label)
    for text in (made.text, (await ann.get("/self/app-passwords")).text):
        assert "<script" not in text
        assert "<img" not in text
        assert "\u202e" not in text
        assert "49" not in re.findall(r"<h2>([^<]*)</h2>", text)
