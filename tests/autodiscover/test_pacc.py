"""PACC (spec/autodiscover.md 10): bytes that a DNS record vouches for."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from autodiscover import pacc
from autodiscover.errors import Fault
from autodiscover.model import (
    Asker,
    Audience,
    Encryption,
    Endpoints,
    Enquiry,
    MailServer,
    NotFound,
    Request,
    Site,
    Stamp,
)

STAMP = Stamp(datetime(2026, 11, 21, tzinfo=UTC))
ENDPOINTS = Endpoints(
    "https://usher.example/Microsoft-Server-ActiveSync",
    ews="https://mail.example/EWS/Exchange.asmx",
    imap=MailServer("imap.example", 993),
    smtp=MailServer("smtp.example", 465),
    caldav="https://dav.example/cal/",
    carddav="https://dav.example/card/",
)
SITE = Site("example.org", "Acme Wörks", ENDPOINTS)
DOCUMENT = (
    '{"authentication":{"password":true},"info":{"provider":{"name":"Acme Wörks","shortName":"Acme Wörks"}},'
    '"protocols":{"caldav":{"url":"https://dav.example/cal/"},"carddav":{"url":"https://dav.example/card/"},'
    '"imap":{"host":"imap.example"},"smtp":{"host":"smtp.example"},"submit":{"host":"smtp.example"}}}'
)


def test_the_bytes_are_these_and_stay_these() -> None:
    answer = pacc.write(Enquiry("", ()), (SITE,), Asker(), STAMP)
    assert (answer.status, answer.media_type) == (200, "application/json")
    assert answer.body.decode() == DOCUMENT
    later = Stamp(datetime(2027, 1, 1, tzinfo=UTC), 9)
    assert pacc.write(Enquiry("", ()), (SITE,), Asker("x"), later).body == answer.body


def test_the_digest_is_what_the_txt_record_has() -> None:
    document = pacc.document(SITE)
    assert document is not None
    assert base64.b64decode(pacc.digest(document), validate=True) == hashlib.sha256(document).digest()
    other = pacc.document(replace(SITE, provider="Other"))
    assert other is not None
    assert pacc.digest(other) != pacc.digest(document)


def test_names_are_cut_to_what_the_draft_allows() -> None:
    written = pacc.document(replace(SITE, provider="Acme and Daughters, " * 10))
    assert written is not None
    provider = json.loads(written)["info"]["provider"]
    assert len(provider["name"]) <= 60
    assert len(provider["shortName"]) <= 20
    assert provider["name"].startswith(provider["shortName"])


@pytest.mark.parametrize(
    "server",
    [None, MailServer("m", 143, Encryption.TLS), MailServer("m", 994), MailServer("m", 993, Encryption.TLS)],
    ids=["none", "starttls", "port", "starttls-on-993"],
)
def test_a_server_that_cannot_be_told_is_not_told(server: MailServer | None) -> None:
    bare = Endpoints(ENDPOINTS.activesync, imap=server, smtp=ENDPOINTS.smtp, ews=ENDPOINTS.ews)
    written = pacc.document(replace(SITE, endpoints=bare))
    assert written is not None
    assert list(json.loads(written)["protocols"]) == ["smtp", "submit"]
    nothing = replace(SITE, endpoints=Endpoints(ENDPOINTS.activesync, imap=server))
    assert pacc.document(nothing) is None
    assert pacc.write(Enquiry("", ()), (nothing,), Asker(), STAMP).status == 404


def test_the_domain_is_looked_up_by_host() -> None:
    assert pacc.AUDIENCE is Audience.ANYBODY
    assert pacc.matches("/.well-known/User-Agent-Configuration.json")
    assert not pacc.matches("/.well-known/user-agent-configuration.json/")
    asked = pacc.read(Request("GET", pacc.PATH, host="ua-auto-config.example.org"))
    assert [each.domain for each in asked.questions] == ["example.org", "ua-auto-config.example.org"]
    assert pacc.write(asked, (NotFound(), SITE), Asker(), STAMP).status == 200
    assert pacc.write(asked, (NotFound(), NotFound()), Asker(), STAMP).status == 404
    assert pacc.refuse(Fault.INTERNAL, STAMP).status == 500
