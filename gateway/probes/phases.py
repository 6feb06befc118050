"""Phases 2 and 3 of AutoDiscover, really performed (product 2 and 2.5; spec/autodiscover.md 6.1).

Phase 2: a POST without credentials to both https addresses. ``autodiscover.<domain>`` must challenge with
Basic under a certificate for that very name; the bare domain may do the same, or have nothing there, but must
not answer 200: clients take that page for the settings (R2, section 12). Phase 3: a GET over plain HTTP that
is redirected to the same path over https on a host of this gateway.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from autodiscover.observation import Phase, Step
from certs.names import as_address
from gateway.probes.answers import Fetched, Reason, Unreachable
from gateway.probes.dns import Resolver
from gateway.probes.fetch import TIMEOUT_S, fetch

PATH = "/autodiscover/autodiscover.xml"
HTTPS_PORT, HTTP_PORT = 443, 80
MOST_HOPS = 3
"""Redirects of a bare domain that are followed, as clients do, to see where they end."""

SLOW_S = 8.0
"""A bare domain that lets clients wait for longer than this keeps them from the next step."""

_XML = {"Content-Type": "text/xml"}
_HIDDEN = frozenset({Reason.NO_ADDRESS, Reason.REFUSED, Reason.NO_ROUTE, Reason.RESET})
"""How the bare domain may be absent: quickly. One that takes its time is another matter."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the phases are performed with.

    Attributes:
        hosts: names of this gateway that a redirect may lead to, besides ``autodiscover.<domain>`` itself.
        ca: authorities to trust; None for this machine's.
        https_port, http_port: others than 443 and 80 only where the world sees others.
    """

    resolver: Resolver
    hosts: Collection[str]
    ca: Path | None = None
    https_port: int = HTTPS_PORT
    http_port: int = HTTP_PORT
    timeout_s: float = TIMEOUT_S


async def phases(domain: str, around: Surroundings) -> tuple[Phase, Phase]:
    """Perform both phases at the same time.

    Raises:
        CertificateError, OSError: the authorities cannot be read.
    """
    apex, host, redirect = await asyncio.gather(
        _bare(domain, around), _named(f"autodiscover.{domain}", around), _redirected(domain, around)
    )
    return Phase(2, (host, apex)), Phase(3, (redirect,))


async def _named(host: str, around: Surroundings) -> Step:
    url = _url("https", host, around.https_port, HTTPS_PORT)
    seen = await _post(url, around)
    if isinstance(seen, Unreachable):
        return Step(url, False, seen.detail, _REMEDIES.get(seen.reason, _REACH).format(host=host))
    if _challenges(seen):
        return Step(url, True, "401 with Basic")
    return Step(url, False, _shown(seen), "An unauthenticated POST must be 401 with a Basic challenge.")


async def _bare(domain: str, around: Surroundings) -> Step:
    url = _url("https", domain, around.https_port, HTTPS_PORT)
    seen = await _followed(url, around)
    if isinstance(seen, Unreachable):
        return _absent(url, domain, seen)
    if _challenges(seen):
        ours = _host_of(seen.url) in {domain, f"autodiscover.{domain}", *around.hosts}
        mend = "" if ours else f"A foreign server asks for passwords here: answer 404 on {PATH}."
        return Step(url, ours, f"401 with Basic at {_host_of(seen.url)}", mend)
    if seen.status == 200:
        return Step(url, False, _shown(seen), f"Answer 404 on {PATH} of the bare domain, never a page.")
    if 300 <= seen.status < 400:
        return Step(
            url, False, _shown(seen), f"Answer 404 on {PATH} of the bare domain: it redirects on and on."
        )
    return Step(url, True, f"{_shown(seen)}: clients go on to the next step")


def _absent(url: str, domain: str, seen: Unreachable) -> Step:
    """Nothing there is well, at once; a warning about a certificate stops the person before the screen."""
    if seen.reason in _HIDDEN and seen.timings.total < SLOW_S:
        return Step(url, True, f"{seen.detail}: clients go on to the next step")
    if seen.reason is Reason.TIMEOUT:
        return Step(url, False, seen.detail, f"Let {domain}:443 refuse at once: every client waits there.")
    return Step(url, False, seen.detail, _REMEDIES.get(seen.reason, _REACH).format(host=domain))


async def _redirected(domain: str, around: Surroundings) -> Step:
    host = f"autodiscover.{domain}"
    url = _url("http", host, around.http_port, HTTP_PORT)
    seen = await fetch(around.resolver, url, timeout_s=around.timeout_s)
    if isinstance(seen, Unreachable):
        return Step(url, False, seen.detail, f"Open port 80 of {host} for the redirect.")
    location = seen.header("Location")
    if seen.status != 302:
        return Step(url, False, _shown(seen), "Plain HTTP must answer 302 to https, and nothing else.")
    fault = _misled(location, {host, *around.hosts})
    return Step(url, not fault, f"302 to {location}", fault)


def _misled(location: str, hosts: set[str]) -> str:
    """What is wrong with where phase 3 leads; empty when nothing is."""
    parts = _split(location)
    if parts is None or parts.scheme != "https":
        return "The redirect must lead to https."
    if parts.path.lower() != PATH:
        return f"The redirect must keep the path {PATH}."
    if (parts.hostname or "") not in hosts:
        return f"The redirect must lead to {min(hosts - {''}, key=len)}, or to a host of this gateway."
    return ""


async def _followed(url: str, around: Surroundings) -> Fetched | Unreachable:
    seen = await _post(url, around)
    for _ in range(MOST_HOPS):
        if isinstance(seen, Unreachable) or seen.status not in (301, 302, 303, 307, 308):
            break
        target = _target(seen, around)
        if target is None:
            break
        kept = seen.status in (307, 308)
        seen = await (_post(target, around) if kept else _get(target, around))
    return seen


def _target(seen: Fetched, around: Surroundings) -> str | None:
    """Where a redirect leads; None where that is no public place: a stranger's server must not send us to
    other ports or to bare addresses, which may be those of our own network."""
    location = seen.header("Location")
    if not location or _split(location) is None:
        return None
    target = urljoin(seen.url, location)
    parts = _split(target)
    if parts is None or not parts.hostname or as_address(parts.hostname) is not None:
        return None
    usual = {"https": (HTTPS_PORT, around.https_port), "http": (HTTP_PORT, around.http_port)}
    ports = usual.get(parts.scheme)
    return target if ports is not None and (parts.port or ports[0]) == ports[1] else None


def _split(location: str) -> SplitResult | None:
    """The parts of a stranger's URL; None when it is none."""
    try:
        parts = urlsplit(location)
        _ = parts.port
    except ValueError:
        return None
    return parts


async def _post(url: str, around: Surroundings) -> Fetched | Unreachable:
    return await fetch(
        around.resolver, url, method="POST", headers=_XML, ca=around.ca, timeout_s=around.timeout_s
    )


async def _get(url: str, around: Surroundings) -> Fetched | Unreachable:
    return await fetch(around.resolver, url, ca=around.ca, timeout_s=around.timeout_s)


def _challenges(seen: Fetched) -> bool:
    return seen.status == 401 and any(
        part.strip().lower().startswith("basic")
        for value in seen.all("WWW-Authenticate")
        for part in value.split(",")
    )


def _shown(seen: Fetched) -> str:
    kind = seen.header("Content-Type").partition(";")[0]
    if location := seen.header("Location"):
        return f"{seen.status} to {location}"
    if seen.status == 401:
        return "401 without a Basic challenge"
    return f"{seen.status} {kind}".strip()


def _url(scheme: str, host: str, port: int, usual: int) -> str:
    return f"{scheme}://{host}{'' if port == usual else f':{port}'}{PATH}"


def _host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


_REACH = "Let {host} be reached on port 443."
_RENEW = "Install a certificate for {host} that is valid and that clients trust."
_REMEDIES = {
    Reason.NO_ADDRESS: "Publish a record for {host}.",
    Reason.TLS_NAME: "Add {host} to the certificate: an alias does not change the name that clients check.",
    Reason.TLS_INCOMPLETE: "Put the intermediate certificates into the file, after the server's own.",
    Reason.TLS_EXPIRED: _RENEW,
    Reason.TLS_SELF_SIGNED: _RENEW,
    Reason.TLS_UNTRUSTED: _RENEW,
    Reason.TLS_WEAK: _RENEW,
    Reason.NOT_TLS: "Let {host} speak TLS 1.2 or later on port 443.",
}
