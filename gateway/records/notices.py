"""Reasons for which an administrator should look at a device (product 5.7, 5.8; T4)."""

from enum import Enum


class Notice(Enum):
    """Which devices are asked for."""

    CONFLICT = "identity conflict"
    SUSPENDED = "suspended"
    LOOPING = "looping"
    SILENT = "stale"
