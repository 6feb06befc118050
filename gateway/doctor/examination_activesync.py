"""Faults of the ActiveSync service and of what stands in front of it (spec/eas-protocol.md 1, 2, 4)."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gateway.doctor.findings import Finding
from gateway.doctor.observations import (
    ActiveSync,
    DeviceEnd,
    Observations,
    Page,
    Place,
    Silence,
    Storage,
)

_ENDS: Mapping[DeviceEnd, str] = {
    DeviceEnd.BLOCKED: "eas.blocked",
    DeviceEnd.QUARANTINED: "eas.quarantined",
    DeviceEnd.WIPED: "eas.wiped",
    DeviceEnd.DOWN: "eas.down",
    DeviceEnd.DENIED: "eas.denied",
    DeviceEnd.CUT: "proxy.cuts_poll",
    DeviceEnd.REFUSED: "eas.refused",
    DeviceEnd.UNREACHABLE: "eas.unreachable",
}
DOWN = frozenset({502, 503, 504})


def examine(observations: Observations) -> Iterator[Finding]:
    """The faults found at the ActiveSync URL; none where nothing named one."""
    service = observations.activesync
    if not service.url:
        return
    yield from _anonymous(service)
    yield from _options(service)
    if service.requests is Storage.STORES:
        yield _finding("proxy.stores_requests", service.url)
    if service.responses is Storage.STORES:
        yield _finding("proxy.stores_responses", service.url)
    for report in service.device:
        if report.end in _ENDS:
            yield _finding(_ENDS[report.end], service.url, detail=f"{report.step.value}: {report.fact}")


def _finding(code: str, subject: str, **facts: str) -> Finding:
    return Finding(code, subject, MappingProxyType(facts), frozenset({Place.ACTIVESYNC}))


def _anonymous(service: ActiveSync) -> Iterator[Finding]:
    match service.anonymous:
        case Silence() as silence:
            if service.named:
                yield _finding("eas.unreachable", service.url, detail=silence.detail or silence.trouble.value)
        case Page() as page if page.status in DOWN:
            yield _finding("eas.down", service.url, detail=f"OPTIONS: HTTP {page.status}")
        case Page() as page if page.status != 401 and service.named:
            yield _finding("eas.no_challenge", service.url, status=str(page.status))


def _options(service: ActiveSync) -> Iterator[Finding]:
    page = service.options
    if not isinstance(page, Page):
        return
    if page.status in DOWN:
        yield _finding("eas.down", service.url, detail=f"OPTIONS: HTTP {page.status}")
    elif page.status == 401:
        yield _finding("eas.denied", service.url, detail="OPTIONS: HTTP 401")
    elif page.status == 403:
        yield _finding("eas.blocked", service.url, detail="OPTIONS: HTTP 403")
    elif page.status != 200 or not page.headers.get("ms-asprotocolversions"):
        yield _finding("eas.options", service.url, detail=f"HTTP {page.status}")
