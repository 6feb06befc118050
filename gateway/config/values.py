"""The settings as frozen values (house.md 7, product 10).

Secrets are named by file path and read by ``read_secret`` where they are used, so a Config can be shown and
logged. Each limit stands here with its default, its bounds and the reason for it; ``loading`` enforces the
bounds.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from gateway.config.administration import Admin, Oidc
from gateway.config.bounds import KIB, MIB, limit
from gateway.config.telling import Audit, LogConfig, MailConfig, Webhooks

ACTIVESYNC_PATH = "/Microsoft-Server-ActiveSync"

Network = IPv4Network | IPv6Network

SHARED_NETWORKS: tuple[Network, ...] = (ip_network("52.125.128.0/20"), ip_network("52.127.96.0/23"))
"""Whence Outlook for iOS and Android and its detector (``OutlookMobileCloudService-Autodetect``) come for
mailboxes that are not Microsoft's, by Microsoft's own list."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener is bound: ``host:port``, ``[v6]:port`` or ``unix:/path``."""

    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address; ValueError says what is wrong with it."""
        if text.startswith("unix:") and len(text) > 5:
            return cls("", 0, text[5:])
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"{text!r} is no address: host:port, [v6]:port or unix:/path")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if bare != "localhost":
            ip_address(bare)
        return cls(bare, int(port))

    @property
    def loopback(self) -> bool:
        """True when only this machine can reach it."""
        return bool(self.path) or self.host == "localhost" or ip_address(self.host).is_loopback

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address and nothing more."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _addresses(*texts: str) -> tuple[Address, ...]:
    return tuple(Address.parse(text) for text in texts)


@dataclass(frozen=True, slots=True)
class Listen:
    """Listeners and processes.

    Attributes:
        clients: HTTPS for devices and mail programs.
        plain: the same application without TLS, for a front proxy on this machine.
        redirect: plain HTTP, AutoDiscover's redirect only.
        admin: HTTPS for administrators; loopback unless the operator says otherwise (product 7.1).
        workers: client processes; 0 is one for each CPU.
        run_as: user to become once the sockets are bound; empty to stay who we are.
        socket_mode: permission of unix sockets, octal digits.
    """

    clients: tuple[Address, ...] = _addresses("0.0.0.0:443", "[::]:443")
    plain: tuple[Address, ...] = ()
    redirect: tuple[Address, ...] = _addresses("0.0.0.0:80", "[::]:80")
    admin: tuple[Address, ...] = _addresses("127.0.0.1:8444")
    workers: int = limit(0, "one Python process fills one CPU", 0, 256)
    backlog: int = limit(4096, "a fleet that returns at once must find room in the queue", 1, 65535)
    run_as: str = ""
    socket_mode: str = "0660"

    @property
    def processes(self) -> int:
        """How many client workers to start."""
        return self.workers or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files of a certificate with its intermediates, and of its key; one file may hold both."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Tls:
    """The server certificates; a client gets the one that its SNI names (product 9.1).

    Attributes:
        certificate, key: the default one, for clients without SNI and for names that no certificate has.
        certificates: further ones.
        folder: and all that are in this folder (``gateway.config.certificate_files``).
        acme_webroot: where an ACME client puts its proofs (HTTP-01), to be served on port 80.
    """

    certificate: Path | None = None
    key: Path | None = None
    certificates: tuple[CertificateFiles, ...] = ()
    folder: Path | None = None
    acme_webroot: Path | None = None

    @property
    def configured(self) -> bool:
        """False where a front proxy has the certificates."""
        return bool(self.default or self.certificates or self.folder)

    @property
    def default(self) -> CertificateFiles | None:
        """Files of the default certificate, where it is named."""
        return CertificateFiles(self.certificate, self.key) if self.certificate and self.key else None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stranger may cost us; every value with its reason."""

    header_bytes: int = limit(16 * KIB, "h11's buffer; a device's head is below 2 KiB", 1 * KIB, 60 * KIB)
    header_count: int = limit(100, "a device sends about 15", 10, 1000)
    header_timeout_s: float = limit(10.0, "a head fits one packet; longer is a slowloris (T20)", 0.1, 120)
    keep_alive_s: float = limit(75.0, "nginx's own default, so that it closes first", 0.1, 3600)
    body_idle_timeout_s: float = limit(
        30.0, "a phone between two cells; longer holds a process (T20)", 0.1, 600
    )
    newcomers: int = limit(
        8000, "connections of a worker on which nobody signed in yet; a fleet does at once (T21)", 1, 10**6
    )
    newcomers_per_address: int = limit(
        1000, "of which from one address or /64: an office after an outage (T21)", 1, 10**6
    )
    body_min_rate: int = limit(256, "bytes a second after the idle timeout; GPRS does 4,000", 1, MIB)
    write_stall_timeout_s: float = limit(120.0, "a reader that takes nothing for so long has gone", 0.1, 3600)
    max_body_bytes: int = limit(50 * MIB, "a mail of 35 MiB in base64", 64 * KIB, 1024 * MIB)
    discovery_bytes: int = limit(32 * KIB, "an AutoDiscover request is below 1 KiB (T18)", KIB, MIB)
    provision_bytes: int = limit(32 * KIB, "a Provision request is below 2 KiB", KIB, MIB)
    settings_bytes: int = limit(64 * KIB, "Settings may carry an out-of-office text", KIB, MIB)
    early_answer_drain_s: float = limit(5.0, "time to read on after a refusal, so that it arrives", 0, 60)
    stop_grace_s: float = limit(20.0, "systemd kills after 90 s", 0, 600)
    heartbeat_slack_s: int = limit(60, "how late a backend may end a long poll", 1, 600)
    last_verdict_s: float = limit(
        900.0, "a database that restarts is back; a stolen phone is not served for long (T30)", 0, 86400
    )


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """The database: an SQLAlchemy URL, by default SQLite in ``directory``.

    Attributes:
        sealing_key_file: secret with which recovery passwords are sealed, made at the first start where
            missing; by default beside the database.
    """

    directory: Path = Path("/var/lib/usher")
    url: str = ""
    password_file: Path | None = None
    sealing_key_file: Path | None = None


class UserMapping(Enum):
    """How a backend knows a user (product 3.5)."""

    AS_TYPED = "as_typed"
    ADDRESS = "address"
    LOCAL_PART = "local_part"
    DOMAIN_USER = "domain_user"


class BackendKind(Enum):
    """How a mail server wants its query written (``gateway.proxy.backends``)."""

    GENERIC = "generic"
    EXCHANGE = "exchange"


class Provisions(Enum):
    """Whether the gateway answers when a mail server demands provisioning of its own (docs/backends.md)."""

    AUTO = "auto"
    NEVER = "never"


class Credentials(Enum):
    """What a backend is shown: the client's own password, or a header it trusts with a shared secret."""

    CLIENT = "pass"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Backend:
    """One mail server.

    Attributes:
        kind: ``generic`` serves SOGo, Z-Push and Horde; ``exchange`` keeps a base64 query base64.
        url: its ActiveSync endpoint; without a path, Microsoft's own path is meant.
        verify: check its certificate; ``ca_file`` names the authority where it is a private one.
        answer_timeout_s: time to the answer's head, long polls apart: they have heartbeat and slack.
        connections, long_polls: budget of each worker process; SOGo spends a process on each waiting phone.
        nt_domain: for ``domain_user`` mapping.
        header: names the user in mode ``trusted``; ``proof_header`` carries the content of ``secret_file``.
        provisions: ``auto`` completes its provisioning for the devices when it asks for that; with ``never``
        a device gets 503 then.
        chunked: this server reads chunked request bodies. cookies: it needs its own cookies back.
        ews_url, mapi_url, oab_url, imap, pop3, smtp, web_mail, caldav_url, carddav_url: what AutoDiscover may
        advertise; empty where the server has none. autodiscover_url: a foreign server answers for its own
        users; discovery redirects them there.
        mx, spf, dmarc, dkim: what its domains publish of the mail itself: host names, whole values,
        selectors. Where they are not given only the presence of such a record is judged.
    """

    name: str
    url: str
    kind: BackendKind = BackendKind.GENERIC
    verify: bool = True
    ca_file: Path | None = None
    connect_timeout_s: float = limit(10.0, "a server in reach answers a SYN in less", 0.1, 120)
    answer_timeout_s: float = limit(300.0, "a first Sync of a large mailbox", 1, 3600)
    connections: int = limit(1000, "file descriptors of one process", 1, 20_000)
    long_polls: int = limit(10_000, "file descriptors of one process", 0, 20_000)
    user_mapping: UserMapping = UserMapping.AS_TYPED
    nt_domain: str = ""
    credentials: Credentials = Credentials.CLIENT
    header: str = "X-Forwarded-User"
    proof_header: str = "X-Usher-Proof"
    secret_file: Path | None = None
    provisions: Provisions = Provisions.AUTO
    chunked: bool = False
    cookies: bool = False
    ews_url: str = ""
    mapi_url: str = ""
    oab_url: str = ""
    imap: str = ""
    pop3: str = ""
    smtp: str = ""
    web_mail: str = ""
    caldav_url: str = ""
    carddav_url: str = ""
    autodiscover_url: str = ""
    mx: tuple[str, ...] = ()
    spf: str = ""
    dmarc: str = ""
    dkim: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """How the domains' records are looked at (product 2.5).

    Attributes:
        resolvers: name servers to ask, such as two public ones; empty for this machine's own.
        ca_file: authorities that the check of a domain's web servers trusts; empty for this machine's own.
        check_every_s: pause between two checks of all domains in the background; 0 for none.
        checks: domains that are looked at at the same time.
    """

    resolvers: tuple[Address, ...] = ()
    timeout_s: float = limit(3.0, "for one name server; resolvers themselves wait for 2 s", 0.1, 30)
    ca_file: Path | None = None
    check_every_s: float = limit(3600.0, "as long as the records live", 0, 7 * 86400)
    checks: int = limit(20, "a thousand domains that time out are done in half an hour", 1, 200)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the file says; each constructor is handed its own section and none reads the environment."""

    public_host: str
    listen: Listen
    tls: Tls
    limits: Limits
    store: StoreConfig
    backends: Mapping[str, Backend]
    log: LogConfig
    admin: Admin
    trusted_proxies: tuple[Network, ...] = ()
    shared_networks: tuple[Network, ...] = SHARED_NETWORKS
    public_port: int = 443
    extra_hosts: tuple[str, ...] = ()
    base_domain: str = ""
    oidc: Oidc = field(default_factory=Oidc)
    dns: DnsConfig = DnsConfig()
    audit: Audit = field(default_factory=Audit)
    webhooks: Webhooks = field(default_factory=Webhooks)
    mail: MailConfig = field(default_factory=MailConfig)

    @property
    def origin(self) -> str:
        """``https://`` and the public host, with the port that clients use where it is not 443."""
        return f"https://{self.public_host}" + (f":{self.public_port}" if self.public_port != 443 else "")

    @property
    def admin_host(self) -> str:
        """The name by which browsers reach the console; whose the passkeys of administrators are."""
        return self.admin.host or self.public_host

    @property
    def admin_origin(self) -> str:
        """``https://`` and that name, with the port that browsers use where it is not 443."""
        bound = next((each.port for each in self.listen.admin if not each.path), 443)
        port = self.admin.port or bound
        return f"https://{self.admin_host}" + (f":{port}" if port != 443 else "")

    @property
    def store_url(self) -> str:
        """The URL that ``gateway.store`` opens, without a password of ``store.password_file``."""
        return self.store.url or f"sqlite:///{self.store.directory / 'usher.db'}"

    @property
    def token_file(self) -> Path:
        """Where the bootstrap token of the admin listener is."""
        return self.admin.token_file or self.store.directory / "admin.token"

    @property
    def sealing_key_file(self) -> Path:
        """Where the secret is with which recovery passwords are sealed."""
        return self.store.sealing_key_file or self.store.directory / "sealing.key"

    @property
    def audit_key_file(self) -> Path:
        """Where the key is with which the audit trail is signed."""
        return self.audit.key_file or self.store.directory / "audit.key"

    def redacted(self) -> dict[str, Any]:
        """As plain JSON values for ``usher check --show``; a password within a URL is masked."""
        shown: dict[str, Any] = _plain(self)
        return shown


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, Address | type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return _without_password(value)
    return value if isinstance(value, bool | int | float) or value is None else str(value)


def _without_password(text: str) -> str:
    try:
        password = urlsplit(text).password if "://" in text else None
    except ValueError:
        return text
    return text.replace(f":{password}@", ":***@") if password else text


def read_secret(path: Path) -> bytes:
    """Content of a secret's file without the final line break; OSError as it comes."""
    return path.read_bytes().rstrip(b"\r\n")
