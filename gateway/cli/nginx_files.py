"""nginx's files for the configured domains (product 9.2), as text: values in, files out.

Each certificate has a ``server{}`` of its own with the names that it covers. ``ssl_certificate $variable``
would need one only, but nginx 1.22 (Debian 12) then reads and parses certificate and key at every handshake,
and as the worker's user, who may not read what certbot writes. A name that no certificate covers is left
out of port 443, where its handshake is refused: clients go on to port 80, which leads to the public host,
and no one is taught to accept a certificate that does not fit.

Nothing goes into a file that could mean anything to nginx but itself: a name or path with any other
character than those below stops the rendering.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.cli import nginx_texts as texts
from gateway.errors import GatewayError, Kind

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*", re.ASCII)
PATH = re.compile(r"/[A-Za-z0-9/._+@=-]{0,1000}", re.ASCII)
UPSTREAM = re.compile(
    r"unix:/[A-Za-z0-9/._+@-]{1,100}|(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\]):\d{1,5}", re.ASCII
)
RESOLVER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?", re.ASCII)
ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")
HASH_ENTRY = 32
"""Bytes of a name's entry in nginx's table besides the name, and some room."""


@dataclass(frozen=True, slots=True)
class Site:
    """A certificate and the host names that it is shown for."""

    certificate: Path
    key: Path
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is rendered.

    Attributes:
        names: every host of port 80, the public host first: port 80 leads there.
        upstream: where Usher listens without TLS, ``unix:/path`` or ``host:port``.
    """

    names: tuple[str, ...]
    sites: tuple[Site, ...]
    upstream: str = "unix:/run/usher/clients.sock"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A domain whose mail lives elsewhere.

    Attributes:
        target: ``https://host[:port]`` of the provider's AutoDiscover.
        resolver: name server that is asked for the target again and again; empty to ask once, at nginx's
            start.
    """

    domain: str
    target: str
    certificate: Path
    key: Path
    resolver: str = ""
    roots: Path = ROOTS


def render(plan: Plan) -> dict[str, str]:
    """File name to text.

    Raises:
        GatewayError: MALFORMED for a value that must not stand in nginx's configuration.
    """
    patterns = ((texts.ACTIVESYNC, "activesync"), *((each, "discovery") for each in texts.DISCOVERY))
    values = {
        "UPSTREAM": _strict(UPSTREAM, plan.upstream, "upstream"),
        "HASH_SIZE": str(_power(max(512, 4 * len(plan.names)))),
        "HASH_BUCKET": str(_power(max(64, HASH_ENTRY + max(map(len, plan.names))))),
        "WAYS": "\n".join(f'    "~*^{pattern}(\\?|$)" {way};' for pattern, way in patterns),
        "NAMES": _names(plan.names),
        "SITES": "".join(_site(site) for site in plan.sites),
    }
    snippets = {"PATHS": "|".join(texts.DISCOVERY), "STEERING": _steering("")}
    files = {f"snippets/{name}": _filled(text, snippets) for name, text in texts.SNIPPETS.items()}
    return {"gateway.conf": _filled(texts.GATEWAY, values), **files}


def render_foreign(foreign: Foreign) -> dict[str, str]:
    """The files of the deployment that WorkMail's guide asks for; raises as ``render``."""
    domain = _strict(NAME, foreign.domain, "domain")
    host, authority = _target(foreign.target)
    values = {
        "DOMAIN": domain,
        "ID": re.sub(r"[.-]", lambda found: "_" if found[0] == "." else "__", domain),
        "CERTIFICATE": _strict(PATH, str(foreign.certificate), "certificate"),
        "KEY": _strict(PATH, str(foreign.key), "key"),
        "ROOTS": _strict(PATH, str(foreign.roots), "roots"),
        "HOST": host,
        "AUTHORITY": authority,
        "PASS": _pass(authority, foreign.resolver),
        "STEERING": _steering("    "),
    }
    return {
        f"foreign-{domain}.conf": _filled(texts.FOREIGN, values),
        f"snippets/foreign-{domain}.conf": _filled(texts.FOREIGN_SNIPPET, values),
        "snippets/tls.conf": texts.TLS_SNIPPET,
    }


def _pass(authority: str, resolver: str) -> str:
    if not resolver:
        return f"    proxy_pass https://{authority};"
    asked = _strict(RESOLVER, resolver, "resolver")
    return (
        f"    resolver {asked} valid=60s;\n"
        f"    set $usher_target {authority};\n"
        f"    proxy_pass https://$usher_target;"
    )


def _target(url: str) -> tuple[str, str]:
    """Host, and host with port, of an https URL without anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme != "https" or extra or not NAME.fullmatch(host):
        raise _refused("target", url, "must be https://host or https://host:port")
    return host, f"{host}:{port}" if port else host


def _site(site: Site) -> str:
    values = {
        "NAMES": _names(site.names),
        "CERTIFICATE": _strict(PATH, str(site.certificate), "certificate"),
        "KEY": _strict(PATH, str(site.key), "key"),
    }
    return _filled(texts.SITE, values)


def _names(names: Iterable[str]) -> str:
    """On one line while they are few, each on its own when they are many."""
    strict = [_strict(NAME, name, "name") for name in names]
    return (
        "".join(f" {name}" for name in strict)
        if len(strict) < 5
        else "".join(f"\n        {n}" for n in strict)
    )


def _steering(indent: str) -> str:
    return "\n".join(f'{indent}proxy_set_header {name} "";' for name in texts.STEERING)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """One pass, so that no value is looked at for further marks."""
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], text)


def _power(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _strict(pattern: re.Pattern[str], value: str, field: str) -> str:
    if not pattern.fullmatch(value):
        raise _refused(field, value, "is nothing that may stand in nginx's configuration")
    return value


def _refused(field: str, value: str, why: str) -> GatewayError:
    return GatewayError(Kind.MALFORMED, f"{field} {value!r} {why}.", faults={field: why})
