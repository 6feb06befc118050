"""What a phone tells of its life: structured events, and the lines that people read.

An event never holds a password, a policy key or the content of a message, so that a story may be printed,
logged or sent on as it is.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

Fact = str | int | float | bool | None


class Step(Enum):
    """What part of its life a phone speaks of."""

    DISCOVER = "discover"
    OPTIONS = "options"
    PROVISION = "provision"
    REPORT = "report"
    FOLDERS = "folders"
    SYNC = "sync"
    PING = "ping"
    MAIL = "mail"
    WIPE = "wipe"
    PROBE = "probe"
    WAIT = "wait"
    REFUSED = "refused"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one phone.

    Attributes:
        at: seconds since 1970.
        text: for people, in the third person, without the phone's name.
        facts: for programs: numbers and short texts, no secret.
    """

    at: float
    address: str
    device_id: str
    step: Step
    text: str
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))

    def as_json(self) -> str:
        """One line of JSON, facts beside the fixed fields."""
        fixed = {
            "at": round(self.at, 3),
            "address": self.address,
            "device_id": self.device_id,
            "step": self.step.value,
            "text": self.text,
        }
        return json.dumps({**self.facts, **fixed}, ensure_ascii=False)

    def as_line(self, name: str = "") -> str:
        """``12:03:04.123  name  text`` in local time."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.at))
        moment = f"{clock}.{int(self.at * 1000) % 1000:03d}"
        return "  ".join(part for part in (moment, name, self.text) if part)


Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """The listener of a phone that nobody listens to."""
