"""A request that was made under a key, so that making it again does nothing again (product 7.3)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """What is known of a keyed request; key and request are digests.

    Attributes:
        principal: whose key it is; somebody else's same key is another one.
        life: the process that took it, for as long as that lived.
        status: of the answer, 0 before there is one.
        body: of the answer; None where it is not kept, such as a secret that is shown once.
    """

    principal: str
    key: str
    request: str
    life: str
    created_at: datetime
    status: int = 0
    media_type: str = ""
    body: bytes | None = None
