"""Passkeys in a real Chromium with an authenticator of its own (product 7.7; W3C Web Authentication)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from gateway.records import AuditTag
from tests.browser.conftest import SIGN_IN, Console, sign_in

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@contextmanager
def authenticator(page: Page, **differently: Any) -> Iterator[tuple[CDPSession, str]]:
    """A device that makes passkeys, in the browser of this page."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **differently}})
    yield session, made["authenticatorId"]
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})


def register(page: Page, name: str) -> None:
    page.goto("/console/me")
    page.get_by_label("What the passkey is called").fill(name)
    page.get_by_role("button", name="Register a passkey").click()
    expect(page.locator("summary", has_text=name)).to_be_visible()


def enter(page: Page) -> None:
    page.goto(SIGN_IN)
    page.get_by_role("button", name="Use a passkey").click()


def refusals(console: Console) -> list[str]:
    with console.gateway.made.store.read() as transaction:
        found = transaction.audit.query(limit=1000)
    return [each.outcome for each in found if each.tag is AuditTag.SIGN_IN_FAILED]


def remove(page: Page, name: str) -> None:
    page.goto("/console/me")
    page.locator("summary", has_text=name).click()
    page.locator("details", has_text=name).get_by_role("button", name="Remove this passkey").click()
    expect(page.locator("summary", has_text=name)).to_have_count(0)


def test_a_passkey_is_registered_signs_in_and_is_removed(console: Console) -> None:
    with console.visitor() as page, authenticator(page) as (device, identity):
        sign_in(page, console.codes.pop())
        register(page, "my phone")
        credentials = device.send("WebAuthn.getCredentials", {"authenticatorId": identity})["credentials"]
        assert [(each["rpId"], each["isResidentCredential"]) for each in credentials] == [("localhost", True)]
        page.get_by_role("button", name="Sign out").click()
        enter(page)
        page.wait_for_url("**/console/")
        remove(page, "my phone")
        page.get_by_role("button", name="Sign out").click()
        enter(page)
        expect(page.get_by_text("This passkey was not accepted.")).to_be_visible()
    assert "refused: an unknown passkey" in refusals(console)


def test_a_passkey_confirms_what_asks_again(console: Console) -> None:
    made = console.gateway.made
    with console.visitor() as page, authenticator(page):
        sign_in(page, console.codes.pop())
        register(page, "step up")
        _grow_old(console)
        page.goto("/console/me")
        field = page.locator(".field", has_text="Show a passkey instead").first
        field.get_by_role("button", name="Show a passkey instead").click()
        expect(field.get_by_text("It is you")).to_be_visible()
        remove(page, "step up")
    account = made.administrators.get("olga")
    assert list(made.passkeys.of(account.id)) == []


def test_a_copied_passkey_is_refused_and_recorded(console: Console) -> None:
    with console.visitor() as page, authenticator(page) as (device, identity):
        sign_in(page, console.codes.pop())
        register(page, "copied")
        found = device.send("WebAuthn.getCredentials", {"authenticatorId": identity})["credentials"]
        copy = dict(found[0])
        page.get_by_role("button", name="Sign out").click()
        enter(page)
        page.wait_for_url("**/console/")
        page.get_by_role("button", name="Sign out").click()
        device.send("WebAuthn.clearCredentials", {"authenticatorId": identity})
        device.send("WebAuthn.addCredential", {"authenticatorId": identity, "credential": copy})
        enter(page)
        expect(page.get_by_text("This passkey was not accepted.")).to_be_visible()
    assert any("count of the passkey went back" in each for each in refusals(console))
    _forget(console)


def test_a_device_that_does_not_verify_its_holder_is_not_taken(console: Console) -> None:
    with console.visitor() as page, authenticator(page, hasUserVerification=False):
        sign_in(page, console.codes.pop())
        page.goto("/console/me")
        page.get_by_label("What the passkey is called").fill("a plain key")
        page.get_by_role("button", name="Register a passkey").click()
        expect(page.get_by_text("The passkey was not made.")).to_be_visible()


def _grow_old(console: Console) -> None:
    """Every session was confirmed long ago."""
    made = console.gateway.made
    account = made.administrators.get("olga")
    for session in made.signing_in.sessions(account.id):
        with made.store.write() as transaction:
            transaction.sessions.confirm(session.id, session.created_at.replace(year=2020))


def _forget(console: Console) -> None:
    made = console.gateway.made
    with made.store.write() as transaction:
        transaction.passkeys.remove_all(made.administrators.get("olga").id)
