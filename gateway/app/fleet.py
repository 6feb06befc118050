"""The use cases of devices: what is asked of them, which of them are let in, and what is done to them."""

from collections.abc import Callable
from dataclasses import dataclass

from certs.sealing import Sealer
from gateway.chance import Secrets, SystemClock
from gateway.services.access_rules import AccessRules
from gateway.services.archive import ArchiveService
from gateway.services.assignments import Assignments
from gateway.services.decisions import Decisions
from gateway.services.default_access import DefaultAccess
from gateway.services.devices import DeviceService
from gateway.services.identity import Identities
from gateway.services.inventory import Inventory
from gateway.services.jobs import JobRunner
from gateway.services.misbehaviour import Misbehaviour
from gateway.services.overrides import Overrides
from gateway.services.panic import Panic
from gateway.services.policies import PolicyService
from gateway.services.protocol_logs import ProtocolLogs
from gateway.services.quarantine import Quarantine
from gateway.services.recovery import Recovery
from gateway.services.rollouts import Rollouts
from gateway.services.safeguards import SafeguardService
from gateway.services.wipes import Wipes
from gateway.services.workmail_rules import WorkmailImport
from gateway.store import DatabaseStore


@dataclass(frozen=True)
class Fleet:
    """Policies, the life of devices, and access to the mail (product 3 to 6)."""

    policies: PolicyService
    assignments: Assignments
    rollouts: Rollouts
    access_rules: AccessRules
    workmail: WorkmailImport
    default_access: DefaultAccess
    overrides: Overrides
    decisions: Decisions
    quarantine: Quarantine
    devices: DeviceService
    identities: Identities
    inventory: Inventory
    misbehaviour: Misbehaviour
    recovery: Recovery
    wipes: Wipes
    safeguards: SafeguardService
    panic: Panic
    jobs: JobRunner
    archive: ArchiveService
    protocol_logs: ProtocolLogs


def fleet(store: DatabaseStore, sealing: Callable[[], Sealer]) -> Fleet:
    """Make them; nothing is connected or read before the first call."""
    clock, keys = SystemClock(), Secrets()
    rules, overrides = AccessRules(store, clock, keys), Overrides(store, clock)
    return Fleet(
        policies=PolicyService(store, clock),
        assignments=Assignments(store, clock),
        rollouts=Rollouts(store, clock),
        access_rules=rules,
        workmail=WorkmailImport(store, rules, overrides),
        default_access=DefaultAccess(store, clock),
        overrides=overrides,
        decisions=Decisions(store, clock),
        quarantine=Quarantine(store, clock, rules),
        devices=DeviceService(store, clock, keys),
        identities=Identities(store, clock),
        inventory=Inventory(store, clock),
        misbehaviour=Misbehaviour(store, clock),
        recovery=Recovery(store, clock, sealing),
        wipes=Wipes(store, clock, keys),
        safeguards=SafeguardService(store, clock),
        panic=Panic(store, clock),
        jobs=JobRunner(store, clock, keys),
        archive=ArchiveService(store, clock),
        protocol_logs=ProtocolLogs(store, clock),
    )
