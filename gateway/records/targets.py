"""Whither the gateway may send by itself (security.md T27): which URLs, and which addresses behind a name.

Both are judged: the URL when somebody types it, the addresses at each sending, since a name may lead
elsewhere by then. What is always refused leads to nobody's receiver: link-local (the metadata service of a
cloud), multicast, reserved. Loopback and private networks take a permission for the whole gateway.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LONGEST_URL = 2048
SECURE_PORT, PLAIN_PORT = 443, 80
LOWEST_PORT = 1024
"""Below it, 443 apart, listens what does not speak HTTP: mail, SSH, directories."""

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_NUMERIC = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)\Z")
_TRANSLATED = tuple(
    ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10")
)
"""IPv6 that means an IPv4 address somewhere (NAT64, 6to4, Teredo), or a site's own: what is behind it cannot
be told."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be sent to, taken apart."""

    url: str
    host: str
    port: int
    secure: bool


def read_target(url: str, *, allow_private: bool = False) -> Target:
    """Judge a URL; ValueError says what is wrong with it."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise ValueError(f"A URL is at most {LONGEST_URL} characters of ASCII, without spaces.")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("A URL here holds no user and no password.")
    if parts.fragment or url.endswith("#"):
        raise ValueError("A URL here has no fragment.")
    secure, host = parts.scheme == "https", parts.hostname or ""
    if not secure and parts.scheme != "http":
        raise ValueError("Only https is sent to.")
    fault = _host_fault(host, allow_private=allow_private)
    if fault:
        raise ValueError(fault)
    if not secure and not (allow_private and _loopback(host)):
        raise ValueError("Only https is sent to.")
    return Target(url, host, _port(parts.port, secure=secure, allow_private=allow_private), secure)


def forbidden(address: str, *, allow_private: bool = False) -> str:
    """Why an IP address is not sent to, empty where it may be."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "is no IP address"
    reserved = found.is_reserved and not found.is_loopback  # Python counts ::1 among the reserved ones
    if reserved or found.is_multicast or found.is_unspecified or found.is_link_local:
        return "is link-local, multicast or reserved"
    if isinstance(found, IPv6Address) and _means_another(found):
        return "hides another address"
    if not found.is_global and not (allow_private and _within(found)):
        return "is within a private network"
    return ""


def _means_another(address: IPv6Address) -> bool:
    return address.ipv4_mapped is not None or any(address in network for network in _TRANSLATED)


def _within(address: IPv4Address | IPv6Address) -> bool:
    return address.is_private or address.is_loopback


def _host_fault(host: str, *, allow_private: bool) -> str:
    """An address written in another way than the usual one is somebody's trick."""
    if ":" in host or re.fullmatch(r"[0-9.]+", host):
        try:
            ip_address(host)
        except ValueError:
            return "This is no IP address."
        why = forbidden(host, allow_private=allow_private)
        return f"The address {why}." if why else ""
    if not _NAME.fullmatch(host):
        return "The URL lacks a host name."
    if _NUMERIC.match(host.rstrip(".").rpartition(".")[2]):
        return "A host name does not end in a number."
    if not allow_private and "." not in host.rstrip("."):
        return "A host name here has a domain."
    return ""


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.[0-9]{1,3}){3}", host))


def _port(port: int | None, *, secure: bool, allow_private: bool) -> int:
    """``urlsplit`` says by ValueError that a port is none."""
    found = (SECURE_PORT if secure else PLAIN_PORT) if port is None else port
    if found == 0 or (found < LOWEST_PORT and found != SECURE_PORT and not allow_private):
        raise ValueError(f"The port is {SECURE_PORT}, or {LOWEST_PORT} and above.")
    return found
