"""The bearer: the bootstrap token whole and constant in time, others by whoever knows them (T25)."""

import hmac
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.endpoints.middleware import TRACE
from gateway.endpoints.principals import (
    BOOTSTRAP,
    MINIMUM_TOKEN,
    NOBODY,
    Administrators,
    Recognise,
    source_of,
)
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority, Permission

TOKEN = b"an-admin-token-that-nobody-can-guess-000"
ANN = Authority("ann", account="a-1", credential="t-1")
HOME = "192.0.2.1"


def knowing(secret: str = "usht_ann") -> Recognise:
    def known(given: str, address: str, *, attended: bool) -> Authority | None:
        return ANN if (given, address) == (secret, HOME) else None

    return known


async def nobody(administrators: Administrators, header: bytes | None) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        await administrators.bearer(header, HOME)
    assert refused.value.kind is Kind.UNAUTHENTICATED
    return refused.value


@pytest.mark.parametrize("header", [b"Bearer " + TOKEN, b"bearer " + TOKEN, b"BEARER  " + TOKEN + b" "])
async def test_the_bearer_is_the_administrator(header: bytes) -> None:
    assert await Administrators(TOKEN, knowing()).bearer(header, "") is BOOTSTRAP


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
        b"Basic usht_ann",
        b"Bearer usht_eve",
        b"Bearer usht_ann\xc3\xa9",
        b"Bearer usht_ann," + b"x" * 300,
    ],
)
async def test_anybody_else_is_nobody(header: bytes | None) -> None:
    error = await nobody(Administrators(TOKEN, knowing()), header)
    assert TOKEN.decode() not in error.public


async def test_who_is_known_is_told_with_the_address() -> None:
    administrators = Administrators(TOKEN, knowing())
    assert await administrators.bearer(b"Bearer usht_ann", HOME) is ANN
    with pytest.raises(GatewayError):
        await administrators.bearer(b"Bearer usht_ann", "192.0.2.2")


async def test_what_is_overlong_or_not_ascii_is_not_even_asked_for() -> None:
    def asked(secret: str, address: str, *, attended: bool) -> Authority | None:
        raise AssertionError("asked")

    for given in (b"x" * 257, "ushs_é".encode()):
        await nobody(Administrators(TOKEN, asked), b"Bearer " + given)


async def test_a_database_that_is_down_is_not_a_wrong_token() -> None:
    def down(secret: str, address: str, *, attended: bool) -> Authority | None:
        raise GatewayError(Kind.UNAVAILABLE)

    administrators = Administrators(TOKEN, down)
    with pytest.raises(GatewayError) as refused:
        await administrators.bearer(b"Bearer usht_ann", HOME)
    assert refused.value.kind is Kind.UNAVAILABLE
    assert await administrators.bearer(b"Bearer " + TOKEN, HOME) is BOOTSTRAP


async def test_without_a_bootstrap_token_none_is_accepted() -> None:
    administrators = Administrators.read(None, knowing())
    for header in (b"Bearer " + TOKEN, b"Bearer ", b"Bearer None"):
        await nobody(administrators, header)
    assert await administrators.bearer(b"Bearer usht_ann", HOME) is ANN


async def test_the_comparison_takes_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def seen(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return real(first, second)

    monkeypatch.setattr(hmac, "compare_digest", seen)
    await nobody(Administrators(TOKEN, knowing()), b"Bearer x")
    assert compared == [(b"x", TOKEN)]


async def test_the_file_is_read_once_and_its_line_break_is_no_part(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(TOKEN + b"\n")
    administrators = Administrators.read(path, knowing())
    path.unlink()
    assert await administrators.bearer(b"Bearer " + TOKEN, "") is BOOTSTRAP


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (MINIMUM_TOKEN - 1)])
def test_a_token_that_can_be_guessed_ends_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="octets"):
        Administrators.read(path, knowing())


def test_nobody_may_sign_in_and_nothing_else() -> None:
    assert [each for each in Permission if NOBODY.holds(each)] == [Permission.SIGN_IN]
    assert not NOBODY.confirmed


def test_the_source_is_what_the_middleware_found_out() -> None:
    told = {"client": ("10.0.0.1", 1), TRACE: SimpleNamespace(client="198.51.100.7")}
    assert source_of(told) == "198.51.100.7"
    assert source_of({"client": ("10.0.0.1", 1)}) == "10.0.0.1"
    assert source_of({"client": None}) == ""
