"""What processes tell each other: the change feed's rows and what a request taught of a device."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Scope(Enum):
    """What a row of the change feed is about. DIRECTORY is what changes neither a password nor who checks it:
    unlike ORGANISATION it leaves everybody signed in. RULES changes nothing but who is let in: rules and the
    default beside them."""

    DEVICE = "device"
    USER = "user"
    ORGANISATION = "organisation"
    POLICY = "policy"
    DIRECTORY = "directory"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the change feed: what every process must look at again.

    Attributes:
        sequence: grows; a reader keeps the last one it handled.
        organisation: its id; ``user`` and ``device_id`` narrow it, empty where they do not apply.
    """

    scope: Scope
    organisation: str
    user: str = ""
    device_id: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """What one request taught of a known device; written behind in batches (house.md 4a)."""

    organisation: str
    user: str
    device_id: str
    at: datetime
    ip: str
    user_agent: str
    protocol_version: str
    synced: bool = False
