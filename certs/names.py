"""Which host names a certificate needs, and which name covers which (product 9.1, spec/autodiscover.md 12).

A CNAME does not change the name that a client checks: for each mail domain the certificate must carry
``autodiscover.<domain>`` itself. The bare domain is asked first by most clients, so it is advised, where the
gateway serves it at all.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from certs.errors import CertificateError

MAXIMUM_LENGTH = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PRIVATE = (
    "localhost",
    "local",
    "internal",
    "test",
    "example",
    "invalid",
    "home.arpa",
    "lan",
    "intranet",
    "corp",
)
"""Top-level names that no public authority certifies (RFC 2606, 6761, 6762, 8375 and common custom)."""


def normalise(name: str) -> str:
    """A host name or IP address in the form that certificates carry: lower case, IDNA, no final dot.

    Raises:
        CertificateError: it is neither.
    """
    text = name.strip().rstrip(".").lower()
    if address := as_address(text):
        return str(address)
    try:
        text = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise CertificateError(f"{name!r} is no host name") from error
    labels = text.removeprefix("*.").split(".")
    if len(text) > MAXIMUM_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise CertificateError(f"{name!r} is no host name")
    return text


def as_address(name: str) -> IPv4Address | IPv6Address | None:
    """The name as an IP address, None when it is none."""
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None


def required(public_host: str, domains: Iterable[str]) -> tuple[str, ...]:
    """Without one of these, clients of that domain fail: the public host and ``autodiscover.<domain>``."""
    return _unique(public_host, *(f"autodiscover.{domain}" for domain in domains))


def advised(public_host: str, domains: Iterable[str]) -> tuple[str, ...]:
    """All names that clients try: those required, ``autoconfig.<domain>`` and the bare domains."""
    listed = tuple(domains)
    return _unique(*required(public_host, listed), *(f"autoconfig.{domain}" for domain in listed), *listed)


def hosts_of(domain: str) -> tuple[str, ...]:
    """Every name under which clients of a mail domain ask us (spec/autodiscover.md 12): itself,
    AutoDiscover's, Mozilla's and PACC's."""
    return (domain, *(f"{prefix}.{domain}" for prefix in ("autodiscover", "autoconfig", "ua-auto-config")))


def is_public(name: str) -> bool:
    """Whether clients out in the world use this name, so that they must be able to trust its certificate."""
    address = as_address(name)
    if address is not None:
        return address.is_global
    return "." in name and not any(name == tail or name.endswith("." + tail) for tail in _PRIVATE)


def covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name matches a host name: a star stands for exactly the first label."""
    if pattern.startswith("*.") and as_address(name) is None:
        label, _, rest = name.partition(".")
        return bool(label) and "." in rest and rest == pattern[2:]
    return pattern == name


def _unique(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(name) for name in names))
