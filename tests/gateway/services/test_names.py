"""Forms of names, and logins taken apart (spec/autodiscover.md R15, T16)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.services.names import (
    TypedName,
    fold,
    fold_domain,
    read_typed,
    require_address,
    require_alias,
    require_domain,
    require_text,
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ann@acme.example", TypedName("ann", "acme.example")),
        ("  Ann@ACME.Example ", TypedName("ann", "acme.example")),
        ("ACME\\Ann", TypedName("ann", realm="acme")),
        ("acme\\ann@acme.example", TypedName("ann", "acme.example", "acme")),
        ("ann", TypedName("ann")),
        ("ａｎｎ@acme.example", TypedName("ann", "acme.example")),
        ("Ann@BÜCHER.example", TypedName("ann", "xn--bcher-kva.example")),
        ("ACME\\änn", TypedName("änn", realm="acme")),
        ("\\ann", None),
        ("ACME\\", None),
        ("@acme.example", None),
        ("ann@", None),
        ("", None),
        ("a\0b", None),
        ("x" * 321, None),
    ],
)
def test_a_login_is_taken_apart(typed: str, name: TypedName | None) -> None:
    assert read_typed(typed) == name


@pytest.mark.parametrize("alias", ["a", "acme-2", "0", "x" * 62, "-"])
def test_good_aliases(alias: str) -> None:
    assert require_alias(alias) == alias


@pytest.mark.parametrize("alias", ["", "A", "a_b", "x" * 63, "a.b", "ä", "a\n"])
def test_bad_aliases(alias: str) -> None:
    refuse(require_alias, alias, "alias")


@pytest.mark.parametrize(
    "name", ["acme.example", "ACME.example", "x" * 63 + ".example", "xn--bcher-kva.example"]
)
def test_good_domains(name: str) -> None:
    assert require_domain(name) == name.lower()


BAD_DOMAINS = [
    "",
    "acme",
    ".example",
    "acme..example",
    "-a.example",
    "a-.example",
    "x" * 64 + ".example",
    "a b.example",
]


@pytest.mark.parametrize("name", [*BAD_DOMAINS, "acme.example.", ".".join(["x" * 50] * 6), "ü..example"])
def test_bad_domains(name: str) -> None:
    refuse(require_domain, name, "domain")


@pytest.mark.parametrize("name", ["bücher.example", "Bu\u0308cher.example", "xn--BCHER-kva.example"])
def test_one_domain_however_its_letters_are_written(name: str) -> None:
    assert require_domain(name) == "xn--bcher-kva.example"
    assert fold_domain(name) == "xn--bcher-kva.example"
    assert require_address(f"Änn@{name}") == fold(f"änn@{name}") == "änn@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text", ["ü..example", "ü" * 64 + ".example", "\ud800.example", "ü." * 5000, "@", ""]
)
def test_what_is_no_domain_stays_what_it_is(text: str) -> None:
    assert fold_domain(text) == text
    assert fold(f"a@{text}") == f"a@{text}"


@pytest.mark.parametrize("address", ["ann@acme.example", "ann+tag@acme.example", "o'neil@acme.example"])
def test_good_addresses(address: str) -> None:
    assert require_address(address.upper()) == address


BAD_ADDRESSES = [
    "ann",
    "@acme.example",
    "ann@acme",
    "a b@acme.example",
    "a@b@acme.example",
    "x" * 65 + "@acme.example",
]


@pytest.mark.parametrize(
    "address", [*BAD_ADDRESSES, 'a"b@acme.example', "a\\b@acme.example", "a\0@acme.example"]
)
def test_bad_addresses(address: str) -> None:
    refuse(require_address, address, "address")


def test_text_for_people() -> None:
    assert require_text("name", "  Anné ") == "Anné"
    for text in ("", "   ", "a\nb", "x" * 257):
        with pytest.raises(GatewayError):
            require_text("name", text)
    assert fold("ẞ") == fold("ss")


def refuse(check: object, text: str, field: str) -> None:
    with pytest.raises(GatewayError) as caught:
        check(text)  # type: ignore[operator]
    assert caught.value.kind is Kind.MALFORMED
    assert list(caught.value.faults) == [field]
