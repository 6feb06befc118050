"""What a probe comes back with: an answer, or the reason why there is none (product 2.5, 2.6)."""

from dataclasses import dataclass, field
from enum import Enum

from autodiscover.observation import Observed
from certs.chain import Certificate

Chain = tuple[Certificate, ...]


class Reason(Enum):
    """Why a server cannot be used; the value is for programs."""

    NO_ADDRESS = "no_address"
    REFUSED = "refused"
    NO_ROUTE = "no_route"
    TIMEOUT = "timeout"
    RESET = "reset"
    NOT_HTTP = "not_http"
    NOT_TLS = "tls_handshake"
    TLS_NAME = "tls_name"
    TLS_EXPIRED = "tls_expired"
    TLS_SELF_SIGNED = "tls_self_signed"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_INCOMPLETE = "tls_incomplete_chain"
    TLS_WEAK = "tls_weak"


_WORDS = {
    Reason.REFUSED: "the connection was refused",
    Reason.NO_ROUTE: "the host cannot be reached",
    Reason.TIMEOUT: "no answer in time",
    Reason.RESET: "the connection was closed before an answer came",
    Reason.NOT_HTTP: "what came is no HTTP answer",
}


def words(reason: Reason) -> str:
    """The reason for people, where nothing more is known."""
    return _WORDS.get(reason, reason.value)


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds: looking up the name, to the end of the TLS handshake, and all in all."""

    resolved: float = 0.0
    secured: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its status.

    Attributes:
        headers: as sent, in order.
        body: at most the limit; ``cut`` when there was more.
        chain: the certificates as the server sent them, its own first; empty without TLS.
        peer: the address that answered.
    """

    url: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    cut: bool = False
    chain: Chain = field(default=(), repr=False)
    peer: str = ""
    timings: Timings = Timings()

    def header(self, name: str) -> str:
        """The first header of that name in any case; empty when there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every header of that name: a server may send several challenges."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer, and why.

    Attributes:
        detail: the reason for people.
        chain: what the server sent, where the reason is its certificate.
        resolved: what the DNS said, where the reason is that.
    """

    url: str
    reason: Reason
    detail: str
    peer: str = ""
    chain: Chain = field(default=(), repr=False)
    resolved: Observed | None = None
    timings: Timings = Timings()
