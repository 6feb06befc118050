"""The judgement: observations in, the report out, nothing asked (product 2.6).

A fault of the kind ``BLOCKS`` fails if a client that met it did not configure itself. So a bare domain with a
stranger's certificate is a warning beside a good autodiscover name and a failure where it is the only way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from gateway.doctor import judgement_activesync
from gateway.doctor.examination import examine
from gateway.doctor.families import FAMILIES, Family, Move, Outcome
from gateway.doctor.findings import Finding, Severity
from gateway.doctor.journeys import GOOD, End, Journey, Stage, travel
from gateway.doctor.observations import (
    ANONYMOUS,
    TLS_TROUBLES,
    Ask,
    Lookup,
    Observations,
    Page,
    Place,
    SignIn,
    Silence,
    Trail,
)
from gateway.doctor.outcomes import outcome
from gateway.doctor.tree import Fault, Node, Report, Status

_WORST = (Status.FAIL, Status.WARN, Status.PASS, Status.SKIP)


def judge(observations: Observations, families: Sequence[Family] = FAMILIES) -> Report:
    """Weigh what was seen, for these families."""
    journeys = tuple(travel(observations, family) for family in families)
    faults = tuple(sorted(_faults(observations, journeys), key=lambda fault: _WORST.index(fault.status)))
    branches = (
        _names(observations, faults),
        _certificates(observations, faults),
        *(_journey(journey, faults, observations) for journey in journeys),
        _password(observations, faults),
        judgement_activesync.branch(observations, faults),
        _pacc(observations),
    )
    return Report(observations.address, branches, faults)


def _faults(observations: Observations, journeys: Sequence[Journey]) -> Iterator[Fault]:
    for finding in examine(observations):
        hurts = tuple(
            journey.family.name
            for journey in journeys
            if journey.end not in GOOD and journey.passed & finding.places
        )
        if _concerns(finding, journeys):
            status = _status(finding, hurts)
            kind = finding.kind
            yield Fault(status, kind.code, finding.subject, kind.title, finding.fact, finding.mend, hurts)


def _concerns(finding: Finding, journeys: Sequence[Journey]) -> bool:
    """Whether any of the chosen families ever looks there; what belongs to no family concerns all."""
    looked = {stage.step.place for journey in journeys for stage in journey.stages}
    return not finding.places or Place.ACTIVESYNC in finding.places or bool(finding.places & looked)


def _status(finding: Finding, hurts: Sequence[str]) -> Status:
    if finding.kind.severity is Severity.BLOCKS:
        return Status.FAIL if hurts else Status.WARN
    return Status.FAIL if finding.kind.severity is Severity.FAIL else Status.WARN


def worst(nodes: Sequence[Node]) -> Status:
    """The status of a branch: its worst step's, SKIP only where every step is skipped."""
    found = {node.status for node in nodes}
    return next((status for status in _WORST if status in found), Status.SKIP)


def _names(observations: Observations, faults: Sequence[Fault]) -> Node:
    nodes = [_name(lookup, faults) for lookup in observations.lookups.values()]
    record = "; ".join(map(str, observations.srv)) or observations.srv_failure or "no record"
    nodes.append(_marked(f"_autodiscover._tcp.{observations.domain}", record, faults))
    return Node(worst(nodes), "names", "", (), tuple(nodes))


def _certificates(observations: Observations, faults: Sequence[Fault]) -> Node:
    """One node for each host that showed a certificate, good or not."""
    shown: dict[str, str] = {}
    bad: set[str] = set()
    for trail in observations.trails.values():
        for hop in trail.hops:
            host = urlsplit(hop.url).hostname or hop.url
            if isinstance(hop, Page) and hop.until is not None:
                shown[host] = f"good until {hop.until:%Y-%m-%d}"
            elif isinstance(hop, Silence) and hop.trouble in TLS_TROUBLES:
                shown.setdefault(host, hop.detail)
                bad.add(host)
    marked = (_marked(host, fact, faults, "tls.") for host, fact in sorted(shown.items()))
    nodes = tuple(_unneeded(node) if node.title in bad and not node.codes else node for node in marked)
    return Node(worst(nodes), "certificates", "", (), nodes)


def _unneeded(node: Node) -> Node:
    """A certificate that is not good, where no client needs one."""
    return replace(node, status=Status.SKIP)


def _name(lookup: Lookup, faults: Sequence[Fault]) -> Node:
    addresses = ", ".join((*lookup.four, *lookup.six)) or lookup.failure
    way = f" (by way of {' -> '.join(lookup.chain)})" if lookup.chain else ""
    return _marked(lookup.host, addresses + way, faults, "dns.")


def _marked(title: str, fact: str, faults: Sequence[Fault], family: str = "") -> Node:
    """A node that is as bad as what was found about its title."""
    mine = [fault for fault in faults if fault.subject == title and fault.code.startswith(family)]
    status = next((status for status in _WORST if status in {fault.status for fault in mine}), Status.PASS)
    return Node(status, title, fact, tuple(fault.code for fault in mine))


def _journey(journey: Journey, faults: Sequence[Fault], observations: Observations) -> Node:
    nodes = tuple(_stage(stage, journey, faults) for stage in journey.stages)
    status = Status.PASS if journey.end is End.CONFIGURED else Status.FAIL
    if journey.end is End.NOT_SERVED:
        status = Status.SKIP
    elif journey.end is End.CONFIGURED and any(node.status is Status.WARN for node in nodes):
        status = Status.WARN
    end = journey.end.value
    if (
        journey.end is End.CONFIGURED
        and observations.sign_in is not SignIn.ACCEPTED
        and _needs_password(journey)
    ):
        end = "is asked for the password; what follows was not tried"
    return Node(status, f"{journey.family.name}: {journey.family.title}", end, (), nodes)


def _needs_password(journey: Journey) -> bool:
    return any(stage.move is Move.SUCCEED and stage.step.ask in _SIGNED for stage in journey.stages)


_SIGNED = frozenset(ANONYMOUS)


def _stage(stage: Stage, journey: Journey, faults: Sequence[Fault]) -> Node:
    title = stage.title
    if stage.trail is None:
        return Node(Status.SKIP, title, stage.fact)
    if stage.move is None:
        return Node(Status.SKIP, title, "not reached")
    mine = [fault for fault in faults if _about(fault, stage.trail)]
    status = Status.PASS
    if mine and stage.move is not Move.SUCCEED:
        status = Status.FAIL if any(journey.family.name in fault.hurts for fault in mine) else Status.WARN
    elif mine:
        status = min((fault.status for fault in mine), key=_WORST.index)
    return Node(status, title, stage.fact + _then(stage), tuple(dict.fromkeys(fault.code for fault in mine)))


def _then(stage: Stage) -> str:
    """What the client does next, where it is not to go on."""
    if stage.move in (None, Move.GO_ON):
        return ""
    signs_in = stage.move is Move.SUCCEED and stage.outcome is Outcome.CHALLENGED
    return "; the client signs in" if signs_in else f"; the client {stage.move.value}"


def _about(fault: Fault, trail: Trail) -> bool:
    """Whether a fault is about one of the addresses that this step went through."""
    urls = {hop.url for hop in trail.hops}
    silent = {urlsplit(hop.url).hostname for hop in trail.hops if not isinstance(hop, Page)}
    return fault.subject in urls or fault.subject in silent


def _password(observations: Observations, faults: Sequence[Fault]) -> Node:
    code = tuple(fault.code for fault in faults if fault.code.startswith("auth."))
    match observations.sign_in:
        case SignIn.ACCEPTED:
            status = Status.PASS
        case SignIn.REFUSED:
            status = Status.FAIL
        case _:
            status = Status.SKIP
    where = f" at {observations.sign_in_url}" if observations.sign_in_url else ""
    return Node(status, "password", observations.sign_in.value + where, code)


def _pacc(observations: Observations) -> Node:
    found = outcome(observations, Place.PACC, Ask.PACC)
    good = found is not None and found.name == "ANSWERED"
    return Node(
        Status.PASS if good else Status.SKIP, "PACC, for information", found.value if found else "not asked"
    )
