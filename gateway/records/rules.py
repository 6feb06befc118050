"""What lets a device in or holds it: rule sets, expected devices, devices that wait (product 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mdm.device import AccessLevel, DeviceKey


@dataclass(frozen=True, slots=True)
class RuleSetVersion:
    """One immutable version of an organisation's whole set of access rules.

    Attributes:
        documents: what ``mdm.rule_documents.to_document`` gave, with ``created_at`` and ``changed_at``.
        version: 1 for the first; 0 stands for no rules at all.
    """

    organisation: str
    version: int
    documents: tuple[Mapping[str, Any], ...]
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class ExpectedDevice:
    """An override for a device that nobody has seen yet; it becomes the device's own at first sight."""

    key: DeviceKey
    level: AccessLevel
    reason: str
    until: datetime | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class HeldDevice:
    """A device that waits for an approval (product 6.5).

    Attributes:
        reason: why it is in quarantine, in words for an administrator; ``rules`` the ids of the rules.
        requests: how often it came since.
    """

    key: DeviceKey
    since: datetime
    reason: str
    rules: tuple[str, ...]
    requests: int
    last_request: datetime
