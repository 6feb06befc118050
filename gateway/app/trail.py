"""The use cases of the audit trail, made from a Config: what happened, how it is proved, and who is told."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from certs.sealing import Sealer
from certs.signing import Signer
from gateway.chance import Secrets, SystemClock
from gateway.config import Config, read_secret
from gateway.services.audit import AuditService
from gateway.services.audit_archiving import AuditArchiving
from gateway.services.audit_verifying import AuditVerifier, LastReport
from gateway.services.checkpoints import Checkpoints
from gateway.services.device_reports import DeviceReports
from gateway.services.events import Events
from gateway.services.history import History
from gateway.services.notices import Notices
from gateway.services.webhooks import Webhooks
from gateway.store import DatabaseStore


@dataclass(frozen=True)
class Trail:
    """The trail and what reads it (product 7.9, 8)."""

    audit: AuditService
    audit_verifier: AuditVerifier
    audit_archiving: AuditArchiving
    checkpoints: Checkpoints
    device_reports: DeviceReports
    events: Events
    history: History
    webhooks: Webhooks
    notices: Notices


def trail(config: Config, store: DatabaseStore, sealing: Callable[[], Sealer], last: LastReport) -> Trail:
    """Make them, nothing is connected or read before the first call; ``last``: what a process remembers."""
    clock, signer = SystemClock(), lru_cache(1)(partial(_signer, config))
    verifier = AuditVerifier(store, clock, signer, last)
    return Trail(
        audit=AuditService(store, clock),
        audit_verifier=verifier,
        audit_archiving=AuditArchiving(store, clock, signer),
        checkpoints=Checkpoints(store, clock, signer, _outside(config.audit.checkpoint_file)),
        device_reports=DeviceReports(store, clock, verifier),
        events=Events(store),
        history=History(store, clock),
        webhooks=Webhooks(store, clock, Secrets(), sealing),
        notices=Notices(store, clock),
    )


def _signer(config: Config) -> Signer:
    """The key that the audit trail is signed with; OSError and CertificateError as they come."""
    former = config.audit.former_keys_file
    return Signer(read_secret(config.audit_key_file), read_secret(former) if former else b"")


def _outside(path: Path | None) -> Callable[[str], None] | None:
    """Appends a line to a file; nothing where there is no file."""
    if path is None:
        return None

    def keep(line: str) -> None:
        with path.open("a", encoding="ascii") as file:
            file.write(f"{line}\n")

    return keep
