"""The forms of names and addresses, and what a client typed as a login (product 1; spec/autodiscover.md
R15, T16)."""

import re
import unicodedata
from dataclasses import dataclass

from gateway.errors import malformed

MAXIMUM_ADDRESS = 254
"""Characters of an address that can be delivered to (RFC 5321 4.5.3.1.3 less the brackets)."""

MAXIMUM_LOGIN = 320
"""Characters of a typed name that are looked at: a longest local part, ``@`` and a longest domain."""

_ALIAS = re.compile(r"[a-z0-9-]{1,62}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})+")
_LOCAL = re.compile(r"(?=.{1,64}\Z)[^\s@\\\x00-\x1f\x7f\"(),:;<>\[\]]+")


@dataclass(frozen=True, slots=True)
class TypedName:
    """A login taken apart: ``account@realm`` (a mail domain), ``realm\\account``, or an account alone.

    Attributes:
        account: folded name without its realm.
        domain: mail domain, folded, empty if none was typed.
        realm: what stood before the backslash, folded, empty if none was typed.
    """

    account: str
    domain: str = ""
    realm: str = ""


def fold(text: str) -> str:
    """One spelling for all that people take for the same: NFKC, lower case, and an address's domain as the
    DNS has it (T16)."""
    folded = unicodedata.normalize("NFKC", text.strip()).casefold()
    local, at, domain = folded.rpartition("@")
    return f"{local}@{_in_ascii(domain)}" if at else folded


def fold_domain(name: str) -> str:
    """The same of a mail domain: ``xn--`` labels, as the DNS has it, however the client writes it."""
    return _in_ascii(fold(name))


def _in_ascii(domain: str) -> str:
    """A domain in its ASCII form; what is none stays as it is, and is nobody's."""
    if domain.isascii() or len(domain) > MAXIMUM_ADDRESS:
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def read_typed(name: str) -> TypedName | None:
    """Take a typed login apart; None when it cannot be anybody's."""
    folded = fold(name) if len(name) <= MAXIMUM_LOGIN else ""
    realm, backslash, account = folded.rpartition("\\")
    local, at, domain = account.rpartition("@")
    if (backslash and not realm) or (at and not (local and domain)) or not account or "\0" in folded:
        return None
    return TypedName(local if at else account, domain if at else "", realm)


def require_alias(alias: str) -> str:
    """An organisation's alias: 1 to 62 of ``a-z 0-9 -``."""
    return _require(_ALIAS, alias, "alias", "An alias is 1 to 62 of the characters a-z, 0-9 and hyphen.")


def require_domain(name: str) -> str:
    """A mail domain in its folded ASCII form (``xn--`` for others)."""
    return _require(
        _DOMAIN, fold_domain(name), "domain", "A domain is labels of a-z, 0-9 and hyphen with dots between."
    )


def require_address(address: str) -> str:
    """A mail address, folded."""
    folded = fold(address)
    local, at, domain = folded.rpartition("@")
    good = at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and len(folded) <= MAXIMUM_ADDRESS
    if not good:
        raise malformed("address", "An address is a name, @ and a mail domain, 254 characters at most.")
    return folded


def optional_address(address: str) -> str:
    """A mail address, folded, or nothing at all."""
    return require_address(address) if address else ""


def require_text(field: str, text: str, maximum: int = 256) -> str:
    """A name for people: not empty, one line, no control characters."""
    tidy = unicodedata.normalize("NFC", text.strip())
    if not 0 < len(tidy) <= maximum or any(unicodedata.category(letter) == "Cc" for letter in tidy):
        raise malformed(field, f"1 to {maximum} characters, without control characters.")
    return tidy


def _require(pattern: re.Pattern[str], text: str, field: str, fault: str) -> str:
    if not pattern.fullmatch(text):
        raise malformed(field, fault)
    return text
