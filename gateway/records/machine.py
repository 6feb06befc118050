"""What stands in this gateway's configuration and files, as it is shown (product 7.3, 9.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MailServer:
    """A backend of the configuration.

    Attributes:
        kind: whose manner of queries it wants. credentials: what it is shown of the client's.
        encrypted: asked over TLS; verified: and its certificate is checked.
    """

    name: str
    host: str
    kind: str
    credentials: str
    encrypted: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class InstalledCertificate:
    """A certificate that this gateway serves.

    Attributes:
        file: its path. names: host names in it. key: kind and size.
        level: worst of what was found: ``ok``, ``warning`` or ``fault``; ``findings`` in words.
    """

    file: str
    level: str
    findings: tuple[str, ...]
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: str = ""


class Machine(Protocol):
    """Tells of both; ``gateway.app.machine.ConfiguredMachine`` is one."""

    def mail_servers(self) -> Sequence[MailServer]: ...
    def certificates(self) -> Sequence[InstalledCertificate]: ...
    async def answers(self, name: str) -> bool: ...
