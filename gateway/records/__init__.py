"""The directory's nouns and the audit record, as frozen values that store, services and endpoints share.

They stand below both ``services`` and ``store``, which may not see each other (docs/decisions/0002). Import
them from here: in which file a noun lives is this package's own business.
"""

from gateway.records.audit import ARCHIVE, CHECKPOINT, DONE, Actor, AuditQuestion, AuditRecord, Seal
from gateway.records.backends import BackendKey
from gateway.records.changes import Change, Contact, Scope
from gateway.records.directory import (
    DETAILS,
    NOTHING,
    Domain,
    EntityState,
    Grant,
    Group,
    Member,
    OpenMailbox,
    Organisation,
    OrganisationState,
    Resource,
    ResourceKind,
    Right,
    Safeguards,
    Signal,
    User,
    UserSource,
    UserState,
)
from gateway.records.ledger import ArchiveCause, ArchivedDevice, Job, JobState
from gateway.records.policies import Assignment, PolicyVersion, Rollout, RolloutState
from gateway.records.rules import ExpectedDevice, HeldDevice, RuleSetVersion
from gateway.records.tags import AuditTag

__all__ = [
    "ARCHIVE",
    "CHECKPOINT",
    "DETAILS",
    "DONE",
    "NOTHING",
    "Actor",
    "ArchiveCause",
    "ArchivedDevice",
    "Assignment",
    "AuditQuestion",
    "AuditRecord",
    "AuditTag",
    "BackendKey",
    "Change",
    "Contact",
    "Domain",
    "EntityState",
    "ExpectedDevice",
    "Grant",
    "Group",
    "HeldDevice",
    "Job",
    "JobState",
    "Member",
    "OpenMailbox",
    "Organisation",
    "OrganisationState",
    "PolicyVersion",
    "Resource",
    "ResourceKind",
    "Right",
    "Rollout",
    "RolloutState",
    "RuleSetVersion",
    "Safeguards",
    "Scope",
    "Seal",
    "Signal",
    "User",
    "UserSource",
    "UserState",
]
