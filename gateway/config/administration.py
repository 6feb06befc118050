"""Settings of administration and of how administrators sign in (product 7.1, 7.7; T27)."""

from dataclasses import dataclass
from pathlib import Path

from gateway.config.bounds import limit


@dataclass(frozen=True, slots=True)
class Admin:
    """Administration, and how administrators sign in.

    Attributes:
        host: the name by which browsers reach the console where it is not ``public_host``. Passkeys are this
            name's: after a change those that were registered open nothing.
        port: where browsers reach it, if that is not the listener's own port; 0 for that one.
        token_file: holds the bootstrap token, made at the first start where missing.
        bootstrap: False to make and accept no such token, once there are administrators.
        open_metrics: answer ``/metrics`` without a token; it names nobody, but tells how much is going on.
        require_second_factor: who has none may do nothing but enrol it.
        requests_per_s, reads_per_s, writes_per_s: how fast a spent budget fills again: of a source address
            before anybody is known, then of an administrator for reading and for writing.
        requests_burst, reads_burst, writes_burst: how much each budget is.
    """

    host: str = ""
    port: int = limit(0, "what a browser can connect to", 0, 65535)
    token_file: Path | None = None
    bootstrap: bool = True
    open_metrics: bool = False
    require_second_factor: bool = True
    session_idle_s: float = limit(1800.0, "half an hour away from the desk (T24)", 60, 86400)
    session_s: float = limit(43200.0, "one working day, however busy (T24)", 300, 7 * 86400)
    requests_per_s: float = limit(200.0, "several administrators behind one address", 1, 100_000)
    requests_burst: int = limit(1000, "several consoles that are opened at once", 1, 1_000_000)
    reads_per_s: float = limit(50.0, "a script that lists 1,000,000 devices takes 20 s", 0.1, 100_000)
    reads_burst: int = limit(200, "a page of a console with everything on it", 1, 1_000_000)
    writes_per_s: float = limit(10.0, "faster than anybody clicks; who has more to do has bulk", 0.1, 100_000)
    writes_burst: int = limit(50, "a script that sets up an organisation", 1, 1_000_000)


@dataclass(frozen=True, slots=True)
class Oidc:
    """An identity provider by which administrators sign in too (OpenID Connect); none without an issuer.

    Attributes:
        issuer: as the provider writes it, to the letter.
        client_secret_file: None for a client without a secret; PKCE is used either way.
        link_by_email: an account that names no user of the provider yet takes the one whose verified mail
            address is the account's. Whoever may change addresses can then hand accounts over.
        allow_private: the provider is within a private network, or on this machine.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    scopes: tuple[str, ...] = ("openid", "email")
    link_by_email: bool = False
    allow_private: bool = False
