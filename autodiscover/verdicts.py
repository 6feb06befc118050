"""What a published record is worth, and what to mend (product 2.5).

Two ways of counting, both WorkMail's: a claim (ownership, DKIM) is Verified, Pending while nothing is
published, or Failed; a setting (all others) is Verified, Missing where nothing resolves, or Inconsistent
where something else does. AutoDiscover has its check mark only when both phases that a client walks were
performed and passed: a right alias before a wrong certificate configures nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from autodiscover.observation import Observed, Outcome, Phase, Survey
from autodiscover.zone import Need, Purpose, Record, zone_lines


class Status(Enum):
    """A record's status, in the words that WorkMail's console shows."""

    VERIFIED = "Verified"
    PENDING = "Pending"
    FAILED = "Failed"
    MISSING = "Missing"
    INCONSISTENT = "Inconsistent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one record.

    Attributes:
        check_mark: AutoDiscover only: both phases were performed, and passed.
        fact: what was observed. mend: what to change, empty where nothing is wrong.
        phases: AutoDiscover only: what was performed.
    """

    record: Record
    status: Status
    fact: str
    mend: str = ""
    check_mark: bool = False
    phases: tuple[Phase, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing is to be mended."""
        return self.status is Status.VERIFIED

    @property
    def serious(self) -> bool:
        """Whether clients of this domain fail, or the domain is not known to be the organisation's."""
        return not self.good and self.record.need is Need.REQUIRED


CLAIMS = frozenset({Purpose.OWNERSHIP, Purpose.DKIM})
ALIASES = frozenset({Purpose.AUTODISCOVER, Purpose.AUTOCONFIG, Purpose.PACC})
ALONE = frozenset({Purpose.AUTODISCOVER_SRV, Purpose.SPF, Purpose.DMARC, Purpose.PACC_DIGEST})
"""Purposes of which one record is right and two are none: SPF fails for ever (RFC 7208 4.5), DMARC is not
applied (RFC 7489 6.6.3), and clients disagree about the order of two AutoDiscover SRVs."""

_MISFORMED = frozenset({Outcome.WRONG_TYPE, Outcome.LOOP, Outcome.TOO_LONG})


def judge(
    record: Record, survey: Survey, *, public: Observed | None = None, phases: Sequence[Phase] = ()
) -> Verdict:
    """Judge one record.

    Args:
        record: what should be published.
        survey: what was answered; for an alias, the question for its address.
        public: addresses of the public host; an alias may as well be written as these.
        phases: phases 2 and 3 of AutoDiscover as performed; empty where they were not.
    """
    verdict = _judge(record, survey, public)
    if record.purpose is not Purpose.AUTODISCOVER or not phases:
        return verdict
    elsewhere = survey.answer.found and not _leads(record, survey.answer, public)
    return _with_phases(verdict, tuple(phases), elsewhere=elsewhere)


def _judge(record: Record, survey: Survey, public: Observed | None) -> Verdict:
    answer = survey.answer
    settled = [other for other in survey.others if other.outcome.settled]
    right = [other for other in settled if _is_right(record, other, public)]
    if _is_right(record, answer, public):
        stale = [other for other in settled if other not in right]
        return _settled(record, _shown(record, answer), stale)
    if right and answer.outcome.settled:
        return _waiting(record, answer, right[0])
    if not answer.found or not _relevant(record, answer):
        return _absent(record, answer, right)
    return _wrong(record, answer)


def _is_right(record: Record, answer: Observed, public: Observed | None) -> bool:
    if record.purpose in ALIASES:
        return _leads(record, answer, public)
    seen = _relevant(record, answer)
    return answer.found and not (record.purpose in ALONE and len(seen) > 1) and _fits(record, seen)


def _leads(record: Record, answer: Observed, public: Observed | None) -> bool:
    """By name, or by the same addresses: an address record serves clients as well as an alias."""
    if not record.values or record.values[0] in answer.chain:
        return answer.found
    known = public.values if public is not None else ()
    return answer.found and set(answer.values) <= set(known)


def _relevant(record: Record, answer: Observed) -> tuple[str, ...]:
    mark = record.marker.lower()
    return tuple(value for value in answer.values if value.lower().startswith(mark))


def _fits(record: Record, seen: tuple[str, ...]) -> bool:
    if not seen:
        return False
    if not record.values:
        return _PRESENT.get(record.purpose, bool)(seen)
    shape = _SHAPES.get(record.rdtype, str)
    wanted, found = {shape(value) for value in record.values}, {shape(value) for value in seen}
    return wanted == found if record.rdtype in ("MX", "SRV") else wanted <= found


def _host(value: str) -> str:
    """An MX record without its preference, which is the domain's own choice."""
    return value.rsplit(maxsplit=1)[-1]


def _target(value: str) -> str:
    """An SRV record without priority and weight, which mean nothing while there is one."""
    return " ".join(value.split()[-2:])


def _text(value: str) -> str:
    """A TXT value with the white space that people add between its parts taken out."""
    return " ".join(value.replace(";", "; ").split())


_SHAPES: Mapping[str, Callable[[str], str]] = MappingProxyType({"MX": _host, "SRV": _target, "TXT": _text})
_PRESENT: Mapping[Purpose, Callable[[tuple[str, ...]], bool]] = MappingProxyType(
    {
        Purpose.MX: lambda seen: all(_host(value) != "." for value in seen),
        Purpose.DKIM: lambda seen: any("p=" in value and not value.endswith("p=") for value in seen),
        Purpose.DMARC: lambda seen: all("p=" in value for value in seen),
    }
)
"""What a record of unknown value must have at least: RFC 7505's empty MX takes no mail, and a DKIM key that
is empty is withdrawn (RFC 6376 3.6.1)."""


def _absent(record: Record, answer: Observed, right: Sequence[Observed]) -> Verdict:
    """Nothing there, or nothing to be learnt: a failing name server is not the same mend as a lack."""
    mend, fact = f"Publish: {_publish(record)}", _shown(record, answer)
    if not answer.outcome.settled:
        mend = _REMEDIES.get(answer.outcome, "Look after the domain's name servers, then verify again.")
    if right:
        fact = f"{fact}, but {right[0].server} answers {_shown(record, right[0])}"
        mend = "The domain's own servers answer: look at the resolver, or at the domain's DNSSEC."
    if record.purpose in CLAIMS:
        status = Status.PENDING if answer.outcome.settled else Status.FAILED
    else:
        status = Status.INCONSISTENT if answer.outcome in _MISFORMED else Status.MISSING
    return Verdict(record, status, fact, mend)


_REMEDIES = {
    Outcome.LOOP: "Break the circle: the name must lead to a host that has an address.",
    Outcome.TOO_LONG: "Point the name directly to its target.",
    Outcome.TIMEOUT: "The name servers do not answer: look after them, then verify again.",
    Outcome.UNREACHABLE: "The name servers cannot be reached: look at the way there, then verify again.",
    Outcome.NO_RESOLVER: "Name a resolver in [dns] resolvers.",
}


def _shown(record: Record, answer: Observed) -> str:
    """What was seen; of texts at one name only those that are this record's business."""
    if record.rdtype != "TXT" or not answer.found:
        return answer.fact
    relevant = " / ".join(_relevant(record, answer))
    return relevant or f"no {record.marker} record among: {' / '.join(answer.values)}"


def _wrong(record: Record, answer: Observed) -> Verdict:
    seen = _relevant(record, answer)
    if record.purpose in ALONE and len(seen) > 1:
        fact = f"{len(seen)} records: {' / '.join(seen)}"
        mend = f"Keep exactly one: {_publish(record)}" if record.values else "Keep exactly one."
    else:
        fact, mend = _shown(record, answer), f"Publish instead: {_publish(record)}"
    status = Status.FAILED if record.purpose in CLAIMS else Status.INCONSISTENT
    return Verdict(record, status, fact, mend)


def _settled(record: Record, fact: str, stale: Sequence[Observed]) -> Verdict:
    """Right where it was asked first; what still says otherwise is waiting for its cache to run out."""
    if not stale:
        return Verdict(record, Status.VERIFIED, fact)
    still = "; ".join(f"{other.server} answers {_shown(record, other)}" for other in stale)
    return _divided(record, f"{fact}, but {still}", max(other.ttl for other in stale))


def _waiting(record: Record, answer: Observed, right: Observed) -> Verdict:
    """Wrong where it was asked first and right elsewhere: a cache keeps what was, or that nothing was."""
    old = f"{answer.server} answers {_shown(record, answer)}"
    return _divided(record, f"{old}, but {right.server} answers {_shown(record, right)}", answer.ttl)


def _divided(record: Record, fact: str, wait_s: int) -> Verdict:
    status = Status.PENDING if record.purpose in CLAIMS else Status.INCONSISTENT
    wait = f"Wait {f'up to {wait_s} s ' if wait_s else ''}until it has run out everywhere, then verify again."
    return Verdict(record, status, fact, wait)


def _with_phases(verdict: Verdict, phases: tuple[Phase, ...], *, elsewhere: bool) -> Verdict:
    """The phases outrank the record: where both pass, a record that leads elsewhere serves clients all the
    same, as behind a content network; where one fails, a right record does not."""
    verdict = replace(verdict, phases=phases)
    if verdict.status is Status.MISSING:
        return verdict
    broken = [step for phase in phases for step in phase.steps if not step.passed]
    if broken:
        fact = "; ".join([verdict.fact, *(f"{step.url}: {step.fact}" for step in broken)])
        mends = dict.fromkeys((verdict.mend, *(step.mend for step in broken)))
        mend = " ".join(text for text in mends if text)
        return replace(verdict, status=Status.INCONSISTENT, fact=fact, mend=mend)
    if not {phase.number for phase in phases if phase.steps} >= {2, 3}:
        return verdict
    if elsewhere:
        return replace(verdict, status=Status.VERIFIED, mend="", check_mark=True)
    return replace(verdict, check_mark=verdict.good)


def _publish(record: Record) -> str:
    return "  ".join(zone_lines(record)).removeprefix("; ")


def document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON values."""
    return {
        "purpose": verdict.record.purpose.value,
        "need": verdict.record.need.value,
        "name": verdict.record.name,
        "type": verdict.record.rdtype,
        "expected": list(verdict.record.values),
        "status": verdict.status.value,
        "check_mark": verdict.check_mark,
        "observed": verdict.fact,
        "mend": verdict.mend,
        "phases": [_phase(phase) for phase in verdict.phases],
    }


def _phase(phase: Phase) -> dict[str, Any]:
    steps = [
        {"url": step.url, "passed": step.passed, "observed": step.fact, "mend": step.mend}
        for step in phase.steps
    ]
    return {"number": phase.number, "passed": phase.passed, "steps": steps}
