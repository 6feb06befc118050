"""A setting's bounds stand beside its default, with the reason for them; ``loading`` enforces them."""

from dataclasses import field
from typing import Any

KIB = 1024
MIB = 1024 * KIB


def limit(default: Any, reason: str, low: float, high: float) -> Any:
    return field(default=default, metadata={"reason": reason, "low": low, "high": high})
