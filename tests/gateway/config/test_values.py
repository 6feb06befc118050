"""House 7: values that can be shown without a secret, and limits with their reasons."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from gateway.config import Address, Backend, Limits, load, read_secret
from gateway.config.values import is_address

ENVIRON = {"USHER_PUBLIC_HOST": "a.example", "USHER_TLS_CERTIFICATE": "c", "USHER_TLS_KEY": "k"}


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1:443", True),
        ("[::1]:443", True),
        ("0.0.0.0:80", False),
        ("[::]:80", False),
        ("localhost:1", True),
    ],
)
def test_addresses_round_trip(text: str, loopback: bool) -> None:
    assert str(Address.parse(text)) == text
    assert Address.parse(text).loopback is loopback


def test_a_unix_socket_is_an_address() -> None:
    address = Address.parse("unix:/run/usher/clients.sock")
    assert (address.path, str(address), address.loopback) == (
        "/run/usher/clients.sock",
        "unix:/run/usher/clients.sock",
        True,
    )


@pytest.mark.parametrize(
    "text", ["", "443", "a.example:443", "127.0.0.1", "127.0.0.1:65536", "::1:x", "unix:", ":443"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Address.parse(text)


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        load(None, ENVIRON, check_files=False).public_host = "b"


def test_what_is_shown_holds_no_password() -> None:
    url = "postgresql+psycopg://usher:topsecret@db/usher"
    config = load(None, {**ENVIRON, "USHER_STORE_URL": url}, check_files=False)
    shown = json.dumps(config.redacted())
    assert "topsecret" not in shown and "usher:***@db" in shown
    assert config.store_url == url
    assert '"127.0.0.1:8444"' in shown and '"sampled"' in shown


def test_the_token_is_beside_the_database_unless_told() -> None:
    config = load(None, ENVIRON, check_files=False)
    assert config.token_file == Path("/var/lib/usher/admin.token")
    elsewhere = replace(config, admin=replace(config.admin, token_file=Path("t")))
    assert elsewhere.token_file == Path("t")
    assert config.sealing_key_file == Path("/var/lib/usher/sealing.key")
    moved = replace(config, store=replace(config.store, sealing_key_file=Path("k")))
    assert moved.sealing_key_file == Path("k")


@pytest.mark.parametrize(
    "item", [*fields(Limits), *(f for f in fields(Backend) if f.metadata)], ids=lambda i: i.name
)
def test_every_limit_has_a_reason_and_a_default_within_its_bounds(item: "fields") -> None:
    assert len(item.metadata["reason"]) > 10
    assert item.metadata["low"] <= item.default <= item.metadata["high"]


def limits_cases() -> list[tuple[str, float, bool]]:
    cases = []
    for item in fields(Limits):
        step = 1 if isinstance(item.default, int) else 0.01
        low, high = item.metadata["low"], item.metadata["high"]
        cases += [(item.name, low, True), (item.name, high, True)]
        cases += [(item.name, round(low - step, 3), False), (item.name, high + step, False)]
    return cases


@pytest.mark.parametrize(("name", "value", "good"), limits_cases())
def test_every_limit_is_held_to_its_bounds(name: str, value: float, good: bool) -> None:
    from gateway.config import ConfigError

    environ = {**ENVIRON, f"USHER_LIMITS_{name.upper()}": f"{value}"}
    if good:
        assert getattr(load(None, environ, check_files=False).limits, name) == value
    else:
        with pytest.raises(ConfigError, match=f"limits.{name}"):
            load(None, environ, check_files=False)


def test_a_secret_is_read_without_its_line_break(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"geheim\r\n")
    assert read_secret(tmp_path / "s") == b"geheim"


@pytest.mark.parametrize(
    ("text", "is_one"), [("192.0.2.1", True), ("::1", True), ("192.0.2.1:80", False), ("", False)]
)
def test_an_address_is_nothing_more_than_one(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one
