"""Settings of what the gateway tells others: log, audit trail, webhooks and mail notices."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gateway.config.bounds import limit


class AccessLines(Enum):
    """Which requests get their line in the log."""

    OFF = "off"
    ERRORS = "errors"
    SAMPLED = "sampled"
    FULL = "full"


class Level(Enum):
    """Lowest level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """The log: JSON lines or text for people; ``sample``: one in so many good requests, with ``sampled``."""

    json: bool = True
    level: Level = Level.INFO
    access: AccessLines = AccessLines.SAMPLED
    sample: int = limit(100, "one line in a hundred costs nothing and still shows the traffic", 1, 1_000_000)


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit trail (product 8).

    Attributes:
        key_file: what checkpoints are signed with, made at the first start where missing; by default beside
            the database. Nodes of one database share it.
        former_keys_file: public keys in PEM whose signatures are believed as well.
        checkpoint_file: each checkpoint is appended to it as a line of JSON.
    """

    key_file: Path | None = None
    former_keys_file: Path | None = None
    checkpoint_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Sending of events: ``ca_file`` holds authorities that are trusted beside this machine's own."""

    ca_file: Path | None = None


class MailSecurity(Enum):
    """How a mail server is spoken to; both of the first check its certificate."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailConfig:
    """The mail server that takes notices; none is sent without a ``host`` and a ``sender``.

    Attributes:
        ca_file: authorities that are trusted beside this machine's own.
        templates: folder whose files are used in place of our own texts (docs/events.md).
        per_hour: mails to one address; what is more is told in one summary.
    """

    host: str = ""
    port: int = limit(587, "submission (RFC 6409)", 1, 65535)
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    password_file: Path | None = None
    sender: str = ""
    ca_file: Path | None = None
    templates: Path | None = None
    per_hour: int = limit(20, "nobody reads more, and a flood of them hides the one that counts", 1, 1000)

    @property
    def configured(self) -> bool:
        """Whether there is a server to send by."""
        return bool(self.host and self.sender)
