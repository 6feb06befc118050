"""Signing in by a real OpenID provider with a real Chromium: two sites, and what its cookies do between them
(product 7.7; T24). What a provider may say is in tests/gateway/endpoints/console/test_provider.py.
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from gateway.app.front import CALLBACK
from gateway.services.administrators import AdministratorChanges
from tests.browser.conftest import SIGN_IN, enrolled
from tests.support import chromium, openid_provider, ports
from tests.support.accounts import ROOT, ROOT_ACTOR
from tests.support.gateway_process import gateway

SECTION = """
[oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret_file = "{secret}"
allow_private = true
"""
NEIGHBOUR = 'statistics={"seen": [1, 2]}'
"""A cookie of another site on this host, in a form that not every reader of cookies takes."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], BrowserContext]]:
    """Visitors of a gateway whose ``olga`` the provider knows as ``olga-there``."""
    folder, (port,) = tmp_path_factory.mktemp("provider"), ports.free(1)
    issuer, secret = f"http://localhost:{port}", folder / "client.secret"
    secret.write_text(openid_provider.SECRET)
    section = SECTION.format(issuer=issuer, client=openid_provider.CLIENT, secret=secret)
    with gateway({"url": "http://127.0.0.1:1/"}, "example.com", users={}, sections=section) as running:
        enrolled(running)
        known = AdministratorChanges(issuer=issuer, subject="olga-there")
        running.made.administrators.change(ROOT_ACTOR, ROOT, "olga", known)
        base = f"https://localhost:{running.admin}"
        with openid_provider.provider(folder, base + CALLBACK, port), chromium.browser() as launched:
            yield partial(chromium.context, launched, base_url=base)


@pytest.fixture
def page(before: Callable[[], BrowserContext]) -> Iterator[Page]:
    """A window of somebody who has never been there."""
    visitor = before()
    yield visitor.new_page()
    visitor.close()


def go(page: Page, user: str) -> None:
    """To the provider, and back with its word."""
    page.get_by_role("button", name="Go on with your organisation's account").click()
    page.wait_for_url("http://localhost:*/**")
    page.locator("input[name=login]").fill(user)
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_the_way_there_and_back_ends_where_somebody_wanted_to_go(page: Page) -> None:
    page.goto("/console/me")
    page.evaluate("cookie => document.cookie = cookie + '; path=/'", NEIGHBOUR)
    expect(page.get_by_role("heading", name="Sign in to Usher")).to_be_visible()
    go(page, "olga-there")
    page.wait_for_url("https://localhost:*/console/me")
    expect(page.get_by_role("heading", name="olga", exact=True)).to_be_visible()
    held = {each["name"]: each for each in page.context.cookies() if each["name"].startswith("__Host-")}
    assert held.keys() == {"__Host-usher"}
    assert (held["__Host-usher"]["sameSite"], held["__Host-usher"]["httpOnly"]) == ("Strict", True)
    page.get_by_role("button", name="Sign out").click()
    page.goto("/console/me")
    expect(page.get_by_role("heading", name="Sign in to Usher")).to_be_visible()


def test_whom_the_provider_alone_knows_is_told_so(page: Page) -> None:
    page.goto(SIGN_IN)
    go(page, "eve")
    expect(page.get_by_role("alert")).to_contain_text("vouches for no administrator here")
    assert not [each for each in page.context.cookies() if each["name"] == "__Host-usher"]
