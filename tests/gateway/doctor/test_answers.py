"""What clients read in answers, from answers as real servers give them."""

import pytest

from gateway.doctor.answers import Said, is_address, is_html, understand
from gateway.doctor.observations import Ask, Page

HEAD = '<?xml version="1.0" encoding="utf-8"?>'
ROOT = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
URL = "https://autodiscover.acme.example/autodiscover/autodiscover.xml"


def page(body: str, media: str = "text/xml; charset=utf-8") -> Page:
    return Page("POST", URL, 200, {"content-type": media}, body.encode(), signed_in=True)


def pox(inner: str, root: str = ROOT) -> str:
    return f'{HEAD}<Autodiscover xmlns="{root}"><Response>{inner}</Response></Autodiscover>'


def protocol(name: str, more: str = "") -> str:
    return f"<Protocol><Type>{name}</Type>{more}</Protocol>"


def codes(said: Said) -> list[str]:
    return [code for code, _ in said.remarks]


def test_mobilesync() -> None:
    server = "<Server><Type>MobileSync</Type><Url>https://m.example/x</Url><Name>https://m.example/x</Name></Server>"
    said = understand(page(pox(f"<Action><Settings>{server}</Settings></Action>")), Ask.MOBILE)
    assert (said.kind, said.types, said.urls) == ("settings", ("MobileSync",), ("https://m.example/x",))
    assert said.hosts == {"m.example"}
    assert said.remarks == ()


def test_outlook_with_mail_servers_and_urls() -> None:
    inner = protocol("IMAP", "<Server>IMAP.acme.example</Server><Port>993</Port>")
    inner += protocol("EXCH", "<Server>guid@acme.example</Server><ASUrl>https://e.example/EWS</ASUrl>")
    inner += '<Protocol Type="mapiHttp" Version="1"/>'
    said = understand(page(pox(f"<Account>{inner}</Account>")), Ask.OUTLOOK)
    assert said.types == ("IMAP", "EXCH", "mapiHttp")
    assert said.hosts == {"imap.acme.example", "e.example"}
    assert codes(said) == ["answer.duplicate_types"]


@pytest.mark.parametrize(
    ("inner", "kind", "error"),
    [
        ("<Error Time='1' Id='2'><ErrorCode>601</ErrorCode></Error>", "error", "601"),
        ("<Account><RedirectAddr>b@other.example</RedirectAddr></Account>", "redirect", "b@other.example"),
        ("<Action><Redirect>b@other.example</Redirect></Action>", "redirect", "b@other.example"),
    ],
)
def test_errors_and_redirects_inside_the_answer(inner: str, kind: str, error: str) -> None:
    said = understand(page(pox(inner)), Ask.MOBILE)
    assert (said.kind, said.error) == (kind, error)


def test_what_strict_clients_stumble_over() -> None:
    body = pox(protocol("EXCH") + protocol("EXCH"), ROOT.replace("http:", "https:")).removeprefix(HEAD)
    said = understand(page(body, "text/html"), Ask.OUTLOOK)
    assert codes(said) == [
        "answer.https_namespace",
        "answer.media_type",
        "answer.declaration",
        "answer.duplicate_types",
    ]


def test_soap() -> None:
    setting = "<UserSetting><Name>ExternalEwsUrl</Name><Value>https://e.example/EWS</Value></UserSetting>"
    said = understand(page(f"<Envelope><Body>{setting}</Body></Envelope>"), Ask.SETTINGS)
    assert (said.kind, said.urls) == ("settings", ("https://e.example/EWS",))
    said = understand(page("<Envelope><ErrorCode>InvalidUser</ErrorCode></Envelope>"), Ask.SETTINGS)
    assert (said.kind, said.error) == ("error", "InvalidUser")


def test_autoconfig() -> None:
    server = '<incomingServer type="imap"><hostname>imap.acme.example</hostname></incomingServer>'
    said = understand(page(f"<clientConfig>{server}</clientConfig>"), Ask.CONFIG)
    assert (said.kind, said.types, codes(said)) == ("settings", ("imap",), ["autoconfig.no_smtp"])
    assert understand(page("<other/>"), Ask.CONFIG).kind == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"Protocol":"ActiveSync","Url":"https://m.example/x"}', "settings"),
        ('{"ErrorCode":"InvalidProtocol"}', "error"),
        ('{"Protocol":"ActiveSync","Url":""}', "error"),
        ("[]", ""),
        ("<html>", ""),
        ("[" * 100_000, ""),
    ],
)
def test_json(body: str, kind: str) -> None:
    assert understand(page(body), Ask.JSON_MOBILE).kind == kind


@pytest.mark.parametrize("body", ["", "hello", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "\0" * 40_000])
def test_whatever_else_comes_is_nothing(body: str) -> None:
    assert understand(page(body), Ask.MOBILE) == Said()


@pytest.mark.parametrize(
    ("body", "media", "html"),
    [
        ("x", "text/html; charset=utf-8", True),
        ("  <!DOCTYPE HTML><p>", "text/plain", True),
        ("<HTML>", "", True),
        (pox(""), "text/xml", False),
    ],
)
def test_a_web_page_is_known_by_type_or_by_its_beginning(body: str, media: str, html: bool) -> None:
    assert is_html(page(body, media)) is html


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://m.example/x", True),
        ("https://m.example:8443/x?y", True),
        ("http://m.example/x", False),
        ("https://m.example/x HTTP/1.1\r\nX-Y: z", False),
        ("https://m.example/\r\n", False),
        ("https://m.example:99999/", False),
        ("https://[/", False),
        ("https:///x", False),
        ("https://m.example/\u202e", False),
    ],
)
def test_an_address_that_a_stranger_named_cannot_steer_a_request(text: str, good: bool) -> None:
    assert is_address(text) is good
