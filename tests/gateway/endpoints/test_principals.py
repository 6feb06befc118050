"""The bootstrap token: whole, constant in time, nothing instead of it (T25)."""

import hmac
from pathlib import Path

import pytest

from gateway.endpoints.principals import BOOTSTRAP, MINIMUM_TOKEN, Administrators
from gateway.errors import GatewayError, Kind

TOKEN = b"an-admin-token-that-nobody-can-guess-000"


@pytest.mark.parametrize("header", [b"Bearer " + TOKEN, b"bearer " + TOKEN, b"BEARER  " + TOKEN + b" "])
def test_the_bearer_is_the_administrator(header: bytes) -> None:
    assert Administrators(TOKEN).bearer(header) is BOOTSTRAP


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        TOKEN,
        b"Basic " + TOKEN,
        b"Bearer " + TOKEN[:-1],
        b"Bearer " + TOKEN + b"0",
        b"Bearer " + TOKEN.upper(),
        b"Bearer \xff\xfe",
        b"\xff " + TOKEN,
    ],
)
def test_anybody_else_is_nobody(header: bytes | None) -> None:
    with pytest.raises(GatewayError) as refused:
        Administrators(TOKEN).bearer(header)
    assert refused.value.kind is Kind.UNAUTHENTICATED
    assert TOKEN.decode() not in refused.value.public


def test_the_comparison_takes_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def seen(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return real(first, second)

    monkeypatch.setattr(hmac, "compare_digest", seen)
    with pytest.raises(GatewayError):
        Administrators(TOKEN).bearer(b"Bearer x")
    assert compared == [(b"x", TOKEN)]


def test_the_file_is_read_once_and_its_line_break_is_no_part(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(TOKEN + b"\n")
    administrators = Administrators.read(path)
    path.unlink()
    assert administrators.bearer(b"Bearer " + TOKEN) is BOOTSTRAP


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (MINIMUM_TOKEN - 1)])
def test_a_token_that_can_be_guessed_ends_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="octets"):
        Administrators.read(path)
