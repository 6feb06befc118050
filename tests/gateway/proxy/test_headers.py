"""gateway.proxy.headers: nothing passes that is not on a list."""

from dataclasses import replace

import pytest

from gateway.proxy.headers import request_headers, response_headers
from mdm.ashttp import Command, Version
from mdm.query import CommandRequest

REQUEST = CommandRequest(Command.SYNC, "DEV1", "iPhone", Version.V14_1)
STEERING = [
    b"x-original-url", b"x-rewrite-url", b"x-forwarded-host", b"x-forwarded-for", b"x-forwarded-proto",
    b"forwarded", b"x-beresource", b"x-anonresource-backend", b"x-backendcookie", b"msexchprincipal",
    b"x-commonaccesstoken", b"x-user", b"x-forwarded-user", b"x-remote-user", b"remote-user",
    b"x-webobjects-remote-user", b"x-webobjects-server-url", b"ssl_client_s_dn", b"ssl-client-cert",
    b"x-ms-proxy", b"x-ms-policykey", b"x-usher-proof", b"host", b"connection", b"transfer-encoding",
    b"content-length", b"expect", b"upgrade", b"te", b"trailer", b"keep-alive", b"proxy-authorization",
    b"authorization", b"cookie", b"range", b"if-none-match", b"x-http-method-override", b"via",
    b"x-real-ip", b"true-client-ip", b"content-encoding", b"accept-encoding",
]  # fmt: skip


def made(client=(), request=REQUEST, *, has_body=True, cookies=False):
    return request_headers(
        client,
        request,
        has_body=has_body,
        forwarded_for="192.0.2.1",
        request_id="r1",
        credentials=(("Authorization", "Basic x"),),
        cookies=cookies,
    )


def test_the_whole_list():
    client = [(b"user-agent", b"Apple-iPhone"), (b"accept-language", b"de"), (b"content-type", b"text/xml")]
    assert made(client) == [
        ("MS-ASProtocolVersion", "14.1"),
        ("User-Agent", "Apple-iPhone"),
        ("Accept-Language", "de"),
        ("Content-Type", "application/vnd.ms-sync.wbxml"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Request-Id", "r1"),
        ("Authorization", "Basic x"),
    ]


@pytest.mark.parametrize("name", STEERING)
def test_nothing_that_steers_a_backend_passes(name):
    assert made([(name, b"EVIL")]) == made()


@pytest.mark.parametrize(
    "value", [b"a\r\nX-Evil: 1", b"a\x00b", b"a\x7f", b"a\x01", b"a\tb", "a\u2028b".encode()]
)
def test_what_cannot_be_printed_does_not_pass(value):
    assert made([(b"user-agent", value)]) == made()


def test_octets_that_are_no_utf_8():
    assert ("User-Agent", "M\ufffdller") in made([(b"user-agent", b"M\xfcller")])


@pytest.mark.parametrize(
    "cookie",
    [
        b"X-BEResource=evil~1942062522",
        b"x-beresource = evil",
        b"X-AnonResource-Backend=evil; X-AnonResource=true",
        b'b="q; X-BEResource=evil',
        b"c=d, X-BEResource=evil",
        b"X-DiagInfo=1",
    ],
)
def test_no_cookie_chooses_the_server_behind(cookie):
    said = dict(made([(b"cookie", b"ClientId=1; " + cookie + b"; X-BackEndCookie=abc")], cookies=True))
    assert "evil" not in said["Cookie"]
    assert "DiagInfo" not in said["Cookie"]
    assert said["Cookie"].startswith("ClientId=1; ")
    assert said["Cookie"].endswith("; X-BackEndCookie=abc")
    assert "Cookie" not in dict(made([(b"cookie", b"X-BEResource=evil")], cookies=True))


def test_cookies_pass_only_where_they_are_needed():
    assert ("Cookie", "a=b") in made([(b"cookie", b"a=b")], cookies=True)


@pytest.mark.parametrize(
    ("command", "version", "expected"),
    [
        (Command.SEND_MAIL, Version.V12_1, "message/rfc822"),
        (Command.SMART_REPLY, Version.V2_5, "message/rfc822"),
        (Command.SMART_FORWARD, Version.V12_1, "message/rfc822"),
        (Command.SEND_MAIL, Version.V14_0, "application/vnd.ms-sync.wbxml"),
        (Command.SYNC, Version.V12_1, "application/vnd.ms-sync.wbxml"),
    ],
)
def test_the_type_follows_from_command_and_version(command, version, expected):
    request = replace(REQUEST, command=command, version=version)
    assert dict(made(request=request))["Content-Type"] == expected


def test_no_body_has_no_type():
    assert "Content-Type" not in dict(made(has_body=False))


def test_multipart_is_for_item_operations():
    asked = replace(REQUEST, command=Command.ITEM_OPERATIONS, accept_multipart=True)
    assert dict(made(request=asked))["MS-ASAcceptMultiPart"] == "T"
    assert "MS-ASAcceptMultiPart" not in dict(made(request=replace(REQUEST, accept_multipart=True)))


def test_what_a_client_gets_of_an_answer():
    backend = (
        (b"Content-Type", b"application/vnd.ms-sync.wbxml"),
        (b"Cache-Control", b"private"),
        (b"MS-Server-ActiveSync", b"15.1"),
        (b"Retry-After", b"7"),
    )
    assert response_headers(backend, cookies=False, empty=False) == [(n.lower(), v) for n, v in backend]


@pytest.mark.parametrize(
    "name",
    [
        b"X-BEServer", b"X-FEServer", b"Server", b"Date", b"X-Powered-By", b"request-id",
        b"WWW-Authenticate", b"Set-Cookie", b"Transfer-Encoding", b"Content-Length", b"Keep-Alive",
        b"Connection", b"Upgrade", b"Location", b"X-MS-Location", b"X-MS-RP", b"MS-ASProtocolVersions",
        b"MS-ASProtocolCommands", b"Proxy-Authenticate", b"X-Accel-Redirect", b"X-Sendfile", b"Trailer",
        b"Alt-Svc", b"Strict-Transport-Security", b"X-MS-PolicyKey",
    ],
)  # fmt: skip
def test_what_a_client_does_not_get(name):
    assert response_headers([(name, b"x")], cookies=False, empty=False) == []


def test_what_connection_names_does_not_pass():
    backend = [(b"Connection", b"close, Retry-After"), (b"Retry-After", b"7"), (b"Pragma", b"x")]
    assert response_headers(backend, cookies=False, empty=False) == [(b"pragma", b"x")]


def test_an_empty_answer_describes_no_body():
    backend = [(b"Content-Type", b"a/b"), (b"Content-Encoding", b"gzip"), (b"Cache-Control", b"private")]
    assert response_headers(backend, cookies=False, empty=True) == [(b"cache-control", b"private")]


def test_set_cookie_passes_where_it_is_needed():
    backend = [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
    assert response_headers(backend, cookies=True, empty=False) == [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]
