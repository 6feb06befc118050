"""gateway.proxy.backends."""

import base64
from urllib.parse import parse_qsl

import pytest

from gateway.config import Backend, BackendKind, Credentials, Provisions, UserMapping
from gateway.proxy.backends import BACKENDS, Identity, Route
from mdm.query import parse

URL = "https://mail.example.test:8443/SOGo/Microsoft-Server-ActiveSync"
SOMEBODY = Identity("EXAMPLE\\Ann", "ann@example.test", "ann")


def route(kind: BackendKind = BackendKind.GENERIC, **config) -> Route:
    return Route(Backend("b", URL, kind=kind, **config), secret=b"s3cret")


def test_parts_of_the_url():
    made = route()
    assert (made.scheme, made.authority, made.path) == (
        "https",
        "mail.example.test:8443",
        "/SOGo/Microsoft-Server-ActiveSync",
    )


@pytest.mark.parametrize("url", ["https://mail.example", "https://mail.example/"])
def test_without_a_path_microsofts_own_is_meant(url):
    assert Route(Backend("x", url)).path == "/Microsoft-Server-ActiveSync"


@pytest.mark.parametrize(
    ("mapping", "name"),
    [
        (UserMapping.AS_TYPED, "EXAMPLE\\Ann"),
        (UserMapping.ADDRESS, "ann@example.test"),
        (UserMapping.LOCAL_PART, "ann"),
        (UserMapping.DOMAIN_USER, "CORP\\ann"),
    ],
)
def test_names(mapping, name):
    made = route(user_mapping=mapping, nt_domain="CORP")
    assert made.user_name(SOMEBODY) == name
    ((header, value),) = made.credentials(SOMEBODY, "pä:ss")
    assert header == "Authorization"
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == f"{name}:pä:ss"


@pytest.mark.parametrize(
    ("typed", "address", "login"),
    [
        ("ann", "ann", "ann"),
        ("ann@x.test", "ann@x.test", "ann"),
        ("D\\ann", "ann", "ann"),
        ("D\\a@x", "a@x", "a"),
    ],
)
def test_a_typed_name_alone(typed, address, login):
    assert Identity.of(typed) == Identity(typed, address, login)


def test_a_trusted_header_shows_no_password():
    made = route(credentials=Credentials.TRUSTED, header="X-User", user_mapping=UserMapping.LOCAL_PART)
    assert made.credentials(SOMEBODY, "password") == (("X-User", "ann"), ("X-Usher-Proof", "s3cret"))


def request(query: str):
    return parse(query, version="14.1", policy_key="12345", multipart=None)


@pytest.mark.parametrize("kind", list(BACKENDS))
def test_a_plain_query_is_written_anew(kind):
    asked = request("cmd=FolderSync&User=someone.else&DeviceId=dev1&DeviceType=iPhone")
    path, _, query = route(kind, user_mapping=UserMapping.ADDRESS).target(asked, SOMEBODY).partition("?")
    assert path == "/SOGo/Microsoft-Server-ActiveSync"
    assert parse_qsl(query) == [
        ("Cmd", "FolderSync"),
        ("User", "ann@example.test"),
        ("DeviceId", "DEV1"),
        ("DeviceType", "iPhone"),
    ]


OCTETS = bytes.fromhex("8d090904") + b"\x04\x01\x02\x03\x04" + b"\x04\x39\x30\x00\x00" + b"\x02WP"
BLOB = base64.b64encode(OCTETS).decode()


def test_base64_becomes_plain_for_those_who_would_see_two_devices():
    query = route(BackendKind.GENERIC).target(request(BLOB), SOMEBODY).partition("?")[2]
    assert dict(parse_qsl(query))["DeviceId"] == "01020304"


def test_base64_stays_for_exchange_but_loses_the_policy_key():
    query = route(BackendKind.EXCHANGE).target(request(BLOB), SOMEBODY).partition("?")[2]
    assert base64.b64decode(query) == OCTETS.replace(b"\x04\x39\x30\x00\x00", b"\x00")


def test_every_kind_has_its_query():
    assert set(BACKENDS) == set(BackendKind)


def test_the_backends_own_key_goes_where_it_looks_for_it():
    made = route(BackendKind.EXCHANGE)
    query = made.target(request(BLOB), SOMEBODY, 2**32 - 1).partition("?")[2]
    assert base64.b64decode(query) == OCTETS.replace(b"\x04\x39\x30\x00\x00", b"\x04\xff\xff\xff\xff")
    assert made.key_header(request(BLOB), 7) == ()
    plain = request("Cmd=FolderSync&User=u&DeviceId=dev1&DeviceType=iPhone")
    assert "7" not in made.target(plain, SOMEBODY, 7)
    assert made.key_header(plain, 7) == (("X-MS-PolicyKey", "7"),)
    assert made.key_header(plain, 0) == (("X-MS-PolicyKey", "0"),)
    assert made.key_header(plain, None) == ()
    assert route().key_header(request(BLOB), 7) == (("X-MS-PolicyKey", "7"),)


def test_who_provisions_and_who_discovers():
    assert (route().provisions, route().discovers) == (True, False)
    assert route(BackendKind.EXCHANGE).discovers
    never = route(BackendKind.EXCHANGE, provisions=Provisions.NEVER)
    assert (never.provisions, never.discovers) == (False, False)
