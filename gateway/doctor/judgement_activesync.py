"""The branch of the tree about ActiveSync, and about what stands in front of it."""

from collections.abc import Iterator, Sequence

from gateway.doctor.observations import (
    ActiveSync,
    DeviceEnd,
    DeviceStep,
    Hop,
    Observations,
    Page,
    SignIn,
    Storage,
)
from gateway.doctor.tree import Fault, Node, Status

_ORDER = (Status.FAIL, Status.WARN, Status.PASS, Status.SKIP)
_STRANGERS = ("eas.unreachable", "eas.no_challenge", "eas.down")
_OWN = ("eas.options", "eas.denied", "eas.blocked", "eas.down")
SHORT_PING = "not asked for: --device --ping 70 would find a proxy that cuts a long poll after 60 s"


def branch(observations: Observations, faults: Sequence[Fault]) -> Node:
    """OPTIONS, the proxy, and the device's steps."""
    service = observations.activesync
    if not service.url:
        return Node(Status.SKIP, "activesync", "nothing names a server")
    nodes = tuple(_nodes(observations, service, faults))
    found = {node.status for node in nodes}
    worst = next(status for status in _ORDER if status in found)
    return Node(worst, f"activesync: {service.url}", "" if service.named else "guessed", (), nodes)


def _nodes(observations: Observations, service: ActiveSync, faults: Sequence[Fault]) -> Iterator[Node]:
    yield _hop("OPTIONS without credentials", service.anonymous, faults, _STRANGERS, 401, service.named)
    if service.options is None:
        yield Node(Status.SKIP, "OPTIONS", _unsaid(observations))
    else:
        yield _hop("OPTIONS", service.options, faults, _OWN, 200, True)
    yield _storage("requests pass as they come", service.requests, faults, "proxy.stores_requests")
    yield _storage("answers pass as they come", service.responses, faults, "proxy.stores_responses")
    yield from _device(observations, faults)


def _unsaid(observations: Observations) -> str:
    return (
        "not asked" if observations.sign_in is SignIn.ACCEPTED else f"password: {observations.sign_in.value}"
    )


def _hop(
    title: str, hop: Hop | None, faults: Sequence[Fault], about: Sequence[str], good: int, named: bool
) -> Node:
    if hop is None:
        return Node(Status.SKIP, title, "not asked")
    mine = tuple(fault for fault in faults if fault.code in about and not _is_later(fault))
    if not isinstance(hop, Page):
        status, fact = Status.FAIL, hop.detail or hop.trouble.value
    else:
        versions = hop.headers.get("ms-asprotocolversions", "")
        status = Status.PASS if hop.status == good and not mine else Status.FAIL
        fact = f"HTTP {hop.status}" + (f", versions {versions}" if versions else "")
    if status is Status.FAIL and not named:
        status = Status.SKIP
    return Node(status, title, fact, tuple(fault.code for fault in mine))


def _is_later(fault: Fault) -> bool:
    """Whether the device met it after OPTIONS."""
    return any(f": {step.value}: " in fault.fact for step in DeviceStep if step is not DeviceStep.OPTIONS)


def _storage(title: str, storage: Storage, faults: Sequence[Fault], code: str) -> Node:
    match storage:
        case Storage.PASSES:
            return Node(Status.PASS, title)
        case Storage.STORES:
            return Node(Status.WARN, title, "no", tuple(fault.code for fault in faults if fault.code == code))
        case _:
            return Node(Status.SKIP, title, "cannot be seen here")


def _device(observations: Observations, faults: Sequence[Fault]) -> Iterator[Node]:
    done = {report.step: report for report in observations.activesync.device}
    for step in (DeviceStep.PROVISION, DeviceStep.FOLDER_SYNC, DeviceStep.PING):
        report = done.get(step)
        if report is None:
            yield Node(Status.SKIP, step.value, _why(observations, step))
            continue
        mine = [fault for fault in faults if f": {step.value}: " in fault.fact]
        status = Status.PASS if report.end is DeviceEnd.DONE else Status.FAIL
        if report.end is DeviceEnd.QUARANTINED:
            status = Status.WARN
        yield Node(status, step.value, report.fact, tuple(fault.code for fault in mine))


def _why(observations: Observations, step: DeviceStep) -> str:
    if not observations.with_device:
        return "only with --device"
    return SHORT_PING if step is DeviceStep.PING and not observations.heartbeat else "not reached"
