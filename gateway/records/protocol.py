"""What one device and the gateway said to each other, as far as it may be kept (product 8, T28)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mdm.device import DeviceKey


@dataclass(frozen=True, slots=True)
class Traced:
    """A device whose exchanges are recorded until a moment.

    Attributes:
        ordered_by: who switched it on, as the audit trail names them.
    """

    key: DeviceKey
    since: datetime
    until: datetime
    ordered_by: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, redacted by whoever recorded it; ``sequence`` is given by the store."""

    key: DeviceKey
    at: datetime
    document: Mapping[str, Any]
    sequence: int = 0
