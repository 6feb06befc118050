"""What an answer demands of a phone before it may go on (MS-ASCMD 2.2.2, MS-ASPROV 3.1.5.2).

One table for every command, as phones have one. Where clients differ the friendlier reading is taken: 141
means "provision", as iOS and TbSync have it, not "leave", as AOSP has it.
"""

from collections.abc import Mapping
from enum import Enum

from gateway.phone.line import Answer

RETRY_SECONDS = 30.0
"""How long a phone rests when the server names no time."""
LONGEST_REST_SECONDS = 900.0


class Demand(Enum):
    """What must happen before the command is worth another try."""

    NOTHING = "nothing"
    PROVISION = "provision"
    PROVISION_OR_LEAVE = "provision or leave"
    CREDENTIALS = "credentials"
    MOVE = "move"
    REST = "rest"
    LEAVE = "leave"
    UNKNOWN = "unknown"


_BY_HTTP: Mapping[int, Demand] = {
    401: Demand.CREDENTIALS,
    403: Demand.PROVISION_OR_LEAVE,
    449: Demand.PROVISION,
    451: Demand.MOVE,
    456: Demand.LEAVE,
    457: Demand.LEAVE,
    429: Demand.REST,
    502: Demand.REST,
    503: Demand.REST,
    504: Demand.REST,
}
_BY_STATUS: Mapping[int, Demand] = {
    111: Demand.REST,
    114: Demand.REST,
    126: Demand.LEAVE,
    127: Demand.LEAVE,
    128: Demand.LEAVE,
    129: Demand.LEAVE,
    130: Demand.LEAVE,
    131: Demand.LEAVE,
    139: Demand.LEAVE,
    140: Demand.PROVISION,
    141: Demand.PROVISION,
    142: Demand.PROVISION,
    143: Demand.PROVISION,
    144: Demand.PROVISION,
    145: Demand.LEAVE,
    165: Demand.PROVISION,
    177: Demand.LEAVE,
}


def demand(answer: Answer) -> Demand:
    """What ``answer`` asks for; NOTHING also for a Status that only its own command understands."""
    if answer.http == 200:
        status = answer.status
        return Demand.NOTHING if status is None else _BY_STATUS.get(status, Demand.NOTHING)
    return _BY_HTTP.get(answer.http, Demand.UNKNOWN)


def rest_seconds(answer: Answer) -> float:
    """``Retry-After`` in seconds, within reason; the date form is not worth a phone's trouble."""
    said = answer.headers.get("retry-after", "")
    return min(float(said), LONGEST_REST_SECONDS) if said.isdecimal() else RETRY_SECONDS
