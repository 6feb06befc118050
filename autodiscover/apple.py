"""Configuration profiles for iPhone, iPad and Mac (spec/autodiscover.md 11, Apple's payload schema).

A profile has one payload for each account. Which ones depends on the device: an iPhone takes everything by
ActiveSync, which a Mac does not speak; the Mac has Exchange Web Services instead, and where those are not
served mail, calendars and contacts apart. A second account for the same mailbox is what nobody wants, so all
of them stand in one profile only for who does not say which device it is.

The identifiers are made from the user's id and never drawn: a profile that is installed again replaces the
one before. There is no password in it: the key is left out and the device asks. ``plistlib`` writes XML
here and reads none, so the one XML parser of this package stays the only one.
"""

import plistlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import SplitResult, urlsplit
from uuid import NAMESPACE_URL, uuid5

from autodiscover.model import Encryption, Mailbox, MailServer

MEDIA_TYPE = "application/x-apple-aspen-config"
IDENTIFIER = "usher"


class Device(Enum):
    """What the profile is for."""

    IPHONE = "iphone"
    MAC = "mac"
    ANY = "any"


class Payload(Enum):
    """One account of a profile, by Apple's payload type."""

    ACTIVESYNC = "com.apple.eas.account"
    EWS = "com.apple.ews.account"
    MAIL = "com.apple.mail.managed"
    CALDAV = "com.apple.caldav.account"
    CARDDAV = "com.apple.carddav.account"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose profile it is.

    Attributes:
        user: the user's id, constant for the user's life.
        organisation: its name for people.
    """

    user: str
    organisation: str


def device_for(wanted: str, user_agent: str) -> Device:
    """What was asked for by name, else what the browser says; an iPad says that it is a Mac."""
    named = {device.value: device for device in Device}.get(wanted.lower())
    if named is not None:
        return named
    if re.search(r"iPhone|iPad|iPod|Vision", user_agent):
        return Device.IPHONE
    return Device.MAC if "Macintosh" in user_agent else Device.ANY


def profile(mailbox: Mailbox, owner: Owner, device: Device) -> bytes | None:
    """The profile as a property list; None when nothing is served that this device speaks."""
    accounts = [_account(payload, mailbox, owner) for payload in payloads(mailbox, device)]
    if not accounts:
        return None
    head = _common("Configuration", "profile", mailbox, owner)
    head |= {
        "PayloadContent": accounts,
        "PayloadDescription": "Mail, calendars and contacts",
        "PayloadDisplayName": _text(f"{owner.organisation}: {mailbox.address}"),
        "PayloadOrganization": _text(owner.organisation),
        "PayloadRemovalDisallowed": False,
        "PayloadScope": "User",
    }
    return plistlib.dumps(head)


def payloads(mailbox: Mailbox, device: Device) -> tuple[Payload, ...]:
    """The accounts that this device gets, of what is served."""
    served = frozenset(_served(mailbox))
    apart = (Payload.MAIL, Payload.CALDAV, Payload.CARDDAV)
    match device:
        case Device.IPHONE:
            wanted: tuple[Payload, ...] = (Payload.ACTIVESYNC,)
        case Device.MAC:
            wanted = (Payload.EWS,) if Payload.EWS in served else apart
        case Device.ANY:
            wanted = tuple(Payload)
    return tuple(payload for payload in wanted if payload in served)


def _served(mailbox: Mailbox) -> Iterator[Payload]:
    endpoints = mailbox.endpoints
    yield Payload.ACTIVESYNC
    if endpoints.ews:
        yield Payload.EWS
    if endpoints.smtp and (endpoints.imap or endpoints.pop3):
        yield Payload.MAIL
    if endpoints.caldav:
        yield Payload.CALDAV
    if endpoints.carddav:
        yield Payload.CARDDAV


def _account(payload: Payload, mailbox: Mailbox, owner: Owner) -> dict[str, Any]:
    endpoints = mailbox.endpoints
    told = _common(payload.value, payload.value.rsplit(".")[2], mailbox, owner)
    told["PayloadDisplayName"] = _text(f"{mailbox.address} ({owner.organisation})")
    match payload:
        case Payload.ACTIVESYNC:
            told |= _activesync(urlsplit(endpoints.activesync), mailbox.address)
        case Payload.EWS:
            told |= _ews(urlsplit(endpoints.ews or ""), mailbox.address)
        case Payload.MAIL:
            told |= _mail(mailbox)
        case Payload.CALDAV:
            told |= _dav("CalDAV", urlsplit(endpoints.caldav or ""), mailbox.address)
        case Payload.CARDDAV:
            told |= _dav("CardDAV", urlsplit(endpoints.carddav or ""), mailbox.address)
    return told


def _common(kind: str, name: str, mailbox: Mailbox, owner: Owner) -> dict[str, Any]:
    host = urlsplit(mailbox.endpoints.activesync).hostname or ""
    place = ".".join(reversed(host.split(".")))
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{place}.{IDENTIFIER}.{owner.user}.{name}",
        "PayloadUUID": str(uuid5(NAMESPACE_URL, f"{mailbox.deployment}/{owner.user}/{name}")).upper(),
    }


def _activesync(url: SplitResult, address: str) -> Mapping[str, Any]:
    """SSL is written although it is the only way in: Apple's default is off."""
    return {"Host": url.netloc, "EmailAddress": address, "UserName": address, "SSL": True}


def _ews(url: SplitResult, address: str) -> Mapping[str, Any]:
    place = {"Host": url.hostname or "", "Path": url.path, "Port": _port(url), "SSL": url.scheme == "https"}
    outside = {f"External{name}": value for name, value in place.items()}
    return {**place, **outside, "EmailAddress": address, "UserName": address}


def _mail(mailbox: Mailbox) -> Mapping[str, Any]:
    served = mailbox.endpoints
    return {
        "EmailAccountType": "EmailTypeIMAP" if served.imap else "EmailTypePOP",
        "EmailAccountName": _text(mailbox.display_name),
        "EmailAccountDescription": mailbox.address,
        "EmailAddress": mailbox.address,
        **_server("Incoming", served.imap or served.pop3, mailbox.address),
        **_server("Outgoing", served.smtp, mailbox.address),
        "OutgoingPasswordSameAsIncomingPassword": True,
    }


def _server(way: str, server: MailServer | None, login: str) -> Mapping[str, Any]:
    """UseSSL means STARTTLS as well; its default is off."""
    if server is None:
        return {}
    return {
        f"{way}MailServerAuthentication": "EmailAuthPassword",
        f"{way}MailServerHostName": server.host,
        f"{way}MailServerPortNumber": server.port,
        f"{way}MailServerUseSSL": server.encryption is not Encryption.NONE,
        f"{way}MailServerUsername": login,
    }


def _dav(name: str, url: SplitResult, address: str) -> Mapping[str, Any]:
    return {
        f"{name}AccountDescription": address,
        f"{name}HostName": url.hostname or "",
        f"{name}Port": _port(url),
        f"{name}PrincipalURL": url.path or "/",
        f"{name}UseSSL": url.scheme == "https",
        f"{name}Username": address,
    }


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _text(text: str) -> str:
    """A property list holds no control characters, and half a character cannot be written at all."""
    return "".join(each for each in text if each.isprintable())
