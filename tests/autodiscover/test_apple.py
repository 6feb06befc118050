"""Configuration profiles (spec/autodiscover.md 11)."""

import plistlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiscover import apple
from autodiscover.apple import Device, Owner, Payload
from autodiscover.model import Encryption, Endpoints, Mailbox, MailServer

ENDPOINTS = Endpoints(
    "https://usher.example/Microsoft-Server-ActiveSync",
    ews="https://mail.example:8443/EWS/Exchange.asmx",
    imap=MailServer("imap.example", 993),
    pop3=MailServer("pop.example", 995),
    smtp=MailServer("smtp.example", 587, Encryption.TLS),
    caldav="https://dav.example/cal/",
    carddav="https://dav.example:8443",
)
MAILBOX = Mailbox("alice@example.org", "Alice Åberg", ENDPOINTS, "5f0f6c0e-0000-4000-8000-000000000001")
OWNER = Owner("u-alice", "Acme")


def read(mailbox: Mailbox = MAILBOX, device: Device = Device.ANY, owner: Owner = OWNER) -> dict[str, Any]:
    written = apple.profile(mailbox, owner, device)
    assert written is not None
    found: dict[str, Any] = plistlib.loads(written)
    return found


def account(payload: Payload, mailbox: Mailbox = MAILBOX) -> dict[str, Any]:
    (found,) = [each for each in read(mailbox)["PayloadContent"] if each["PayloadType"] == payload.value]
    return {name: value for name, value in found.items() if not name.startswith("Payload")}


def test_the_head_of_a_profile() -> None:
    head = read()
    assert head["PayloadType"] == "Configuration"
    assert head["PayloadVersion"] == 1
    assert head["PayloadIdentifier"] == "example.usher.usher.u-alice.profile"
    assert head["PayloadDisplayName"] == "Acme: alice@example.org"
    assert (head["PayloadOrganization"], head["PayloadRemovalDisallowed"]) == ("Acme", False)
    assert {each["PayloadType"] for each in head["PayloadContent"]} == {each.value for each in Payload}


def test_activesync_is_encrypted_whatever_apple_s_default_is() -> None:
    assert account(Payload.ACTIVESYNC) == {
        "Host": "usher.example",
        "EmailAddress": "alice@example.org",
        "UserName": "alice@example.org",
        "SSL": True,
    }
    other = replace(ENDPOINTS, activesync="https://usher.example:8443/Microsoft-Server-ActiveSync")
    assert account(Payload.ACTIVESYNC, replace(MAILBOX, endpoints=other))["Host"] == "usher.example:8443"


def test_exchange_web_services_for_a_mac() -> None:
    found = account(Payload.EWS)
    for way in ("", "External"):
        assert found[f"{way}Host"] == "mail.example"
        assert found[f"{way}Path"] == "/EWS/Exchange.asmx"
        assert (found[f"{way}Port"], found[f"{way}SSL"]) == (8443, True)


def test_mail() -> None:
    found = account(Payload.MAIL)
    assert (found["EmailAccountType"], found["EmailAccountName"]) == ("EmailTypeIMAP", "Alice Åberg")
    assert (found["IncomingMailServerHostName"], found["IncomingMailServerPortNumber"]) == (
        "imap.example",
        993,
    )
    assert (found["OutgoingMailServerHostName"], found["OutgoingMailServerPortNumber"]) == (
        "smtp.example",
        587,
    )
    for way in ("Incoming", "Outgoing"):
        assert found[f"{way}MailServerUseSSL"] is True
        assert found[f"{way}MailServerAuthentication"] == "EmailAuthPassword"
        assert found[f"{way}MailServerUsername"] == "alice@example.org"
    assert found["OutgoingPasswordSameAsIncomingPassword"] is True
    pop = account(Payload.MAIL, replace(MAILBOX, endpoints=replace(ENDPOINTS, imap=None)))
    assert (pop["EmailAccountType"], pop["IncomingMailServerHostName"]) == ("EmailTypePOP", "pop.example")


def test_calendars_and_contacts() -> None:
    calendars, contacts = account(Payload.CALDAV), account(Payload.CARDDAV)
    assert (calendars["CalDAVHostName"], calendars["CalDAVPort"]) == ("dav.example", 443)
    assert (calendars["CalDAVPrincipalURL"], calendars["CalDAVUseSSL"]) == ("/cal/", True)
    assert (contacts["CardDAVPort"], contacts["CardDAVPrincipalURL"]) == (8443, "/")
    assert calendars["CalDAVUsername"] == contacts["CardDAVUsername"] == "alice@example.org"


@pytest.mark.parametrize(
    ("endpoints", "device", "expected"),
    [
        (ENDPOINTS, Device.ANY, tuple(Payload)),
        (ENDPOINTS, Device.IPHONE, (Payload.ACTIVESYNC,)),
        (ENDPOINTS, Device.MAC, (Payload.EWS,)),
        (replace(ENDPOINTS, ews=None), Device.MAC, (Payload.MAIL, Payload.CALDAV, Payload.CARDDAV)),
        (replace(ENDPOINTS, ews=None, smtp=None), Device.MAC, (Payload.CALDAV, Payload.CARDDAV)),
        (Endpoints(ENDPOINTS.activesync), Device.ANY, (Payload.ACTIVESYNC,)),
        (Endpoints(ENDPOINTS.activesync), Device.MAC, ()),
    ],
    ids=range(7),
)
def test_what_each_device_gets(endpoints: Endpoints, device: Device, expected: tuple[Payload, ...]) -> None:
    mailbox = replace(MAILBOX, endpoints=endpoints)
    assert apple.payloads(mailbox, device) == expected
    assert (apple.profile(mailbox, OWNER, device) is None) is (not expected)


@pytest.mark.parametrize(
    ("wanted", "agent", "device"),
    [
        ("iphone", "Macintosh", Device.IPHONE),
        ("MAC", "iPhone", Device.MAC),
        ("any", "iPhone", Device.ANY),
        ("", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", Device.IPHONE),
        ("", "Mozilla/5.0 (iPad; CPU OS 12_0 like Mac OS X)", Device.IPHONE),
        ("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", Device.MAC),
        ("<x>", "curl/8", Device.ANY),
    ],
    ids=range(7),
)
def test_which_device_it_is(wanted: str, agent: str, device: Device) -> None:
    assert apple.device_for(wanted, agent) is device


def identities(profile: dict[str, Any]) -> list[tuple[str, str]]:
    every = (profile, *profile["PayloadContent"])
    return [(each["PayloadIdentifier"], each["PayloadUUID"]) for each in every]


def test_identifiers_are_stable_and_belong_to_one_user() -> None:
    assert apple.profile(MAILBOX, OWNER, Device.ANY) == apple.profile(MAILBOX, OWNER, Device.ANY)
    renamed = replace(MAILBOX, address="al@example.net", display_name="Al")
    assert identities(read(renamed)) == identities(read())
    every = identities(read()) + identities(read(owner=Owner("u-bob", "Acme")))
    assert len({name for name, _ in every}) == len({number for _, number in every}) == len(every) == 12
    elsewhere = replace(MAILBOX, deployment="other")
    assert not {number for _, number in identities(read(elsewhere))} & {n for _, n in every}


def test_there_is_no_password_in_it() -> None:
    for each in read()["PayloadContent"]:
        assert not [name for name in each if "assword" in name and "Same" not in name]


@settings(deadline=None)
@given(st.text(), st.text(), st.sampled_from(Device))
def test_whatever_the_directory_says_the_profile_can_be_read(
    name: str, provider: str, device: Device
) -> None:
    found = read(replace(MAILBOX, display_name=name), device, Owner("u-alice", provider))
    assert found["PayloadOrganization"].isprintable()
