"""What the world answered, as values that can be judged without asking anybody (product 2.5).

The shell asks name servers and web servers; what it saw comes here, failures included, so that the judgement
in ``verdicts`` is a function and each failure of a real resolver is a row of a test.
"""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a question to the DNS ended; the value is what a person is told."""

    RECORDS = "records"
    NXDOMAIN = "the name does not exist"
    NO_DATA = "the name exists, but not with this type"
    WRONG_TYPE = "the answer is of another type"
    LOOP = "the name is an alias of itself (CNAME loop)"
    TOO_LONG = "the chain of aliases is too long"
    SERVFAIL = "the name server failed (SERVFAIL)"
    REFUSED = "the name server refused to answer"
    TIMEOUT = "no name server answered in time"
    UNREACHABLE = "no name server could be reached"
    GARBAGE = "the name server's answer is broken"
    NO_NAME = "this is no domain name"
    NO_RESOLVER = "no name server is configured"

    @property
    def settled(self) -> bool:
        """True when the DNS has spoken; False for a failure, after which asking again may help."""
        return self in (Outcome.RECORDS, Outcome.NXDOMAIN, Outcome.NO_DATA)


@dataclass(frozen=True, slots=True)
class Observed:
    """One answer to one question.

    Attributes:
        rdtype: what was asked: ``TXT``, ``SRV``, ``MX``, ``CNAME``, ``A`` ...
        values: in canonical text, sorted: names in lower case without the final dot, the strings of a TXT
            joined.
        chain: the aliases that were followed, each one's target; empty where there was none.
        ttl: seconds, the shortest on the way; 0 where nothing was found.
        server: who said so; empty when nobody was asked.
    """

    name: str
    rdtype: str
    outcome: Outcome
    values: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    ttl: int = 0
    server: str = ""

    @property
    def found(self) -> bool:
        """Whether there are records."""
        return self.outcome is Outcome.RECORDS

    @property
    def fact(self) -> str:
        """What was seen, for people."""
        if self.values:
            shown = ", ".join(self.values)
            return f"{shown} (by way of {' -> '.join(self.chain)})" if self.chain else shown
        if self.chain:
            return f"points to {self.chain[-1]}: {self.outcome.value}"
        return self.outcome.value


@dataclass(frozen=True, slots=True)
class Survey:
    """The same question asked of several servers: what clients see, and what the domain's own servers say.

    Attributes:
        answer: the one to judge: the first settled answer of a resolver, else the last failure.
        others: what the other resolvers and the authoritative servers said.
    """

    answer: Observed
    others: tuple[Observed, ...] = ()

    @property
    def dissent(self) -> tuple[Observed, ...]:
        """Settled answers that differ from the one to judge: somewhere a cache or a server is stale."""
        if not self.answer.outcome.settled:
            return ()
        return tuple(
            other for other in self.others if other.outcome.settled and other.values != self.answer.values
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a phase, performed.

    Attributes:
        url: what was asked.
        fact: what came back; ``mend``: what to change, empty where nothing is wrong.
    """

    url: str
    passed: bool
    fact: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """Phase 2 (HTTPS) or phase 3 (the redirect of port 80) of a domain, really performed (product 2)."""

    number: int
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether every step passed."""
        return all(step.passed for step in self.steps)
