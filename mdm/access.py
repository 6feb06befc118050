"""Who may talk at all (product 6.1): an order of precedence with a reason, and no protocol in it.

The pending wipe stands above all of this and is the gatekeeper's business. Below it, the first that speaks:
organisation, user, a dispute about who the device is, a block set for this device, misbehaviour, an override,
"only listed devices", the rules, and last the organisation's default with its exception for devices that were
there before it became strict. Misbehaviour outranks an override that allows, because an administrator who let
a phone in did not mean its floods; it never outranks a block. The reason is kept because every decision must
be explainable to an administrator (product 6.4).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mdm.device import AccessLevel
from mdm.rules import NOTHING, Outcome

USER_REFUSED = 126
DEVICE_REFUSED = 129
TOO_MANY_DEVICES = 177


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """One answer of product 6.1.

    Attributes:
        reason: what decided, in words for an administrator; never shown to a device.
        status: common Status of MS-ASCMD 2.2.2 with which anything but Allow is refused.
        until: when the answer ends by itself, None for never.
        rules: ids of the rules that decided, empty where something else did.
    """

    level: AccessLevel
    reason: str
    status: int = DEVICE_REFUSED
    until: datetime | None = None
    rules: tuple[str, ...] = ()


USER_DISABLED = AccessDecision(AccessLevel.BLOCK, "the user is disabled", USER_REFUSED)
ORGANISATION_INACTIVE = AccessDecision(AccessLevel.BLOCK, "the organisation is not active", USER_REFUSED)
DEVICE_LIMIT = AccessDecision(AccessLevel.BLOCK, "the user has too many devices", TOO_MANY_DEVICES)
NOT_LISTED = AccessDecision(AccessLevel.BLOCK, "only listed devices of this user are let in")


@dataclass(frozen=True, slots=True)
class Override:
    """An administrator's word for one partnership.

    Attributes:
        until: when it ends, None for never.
    """

    level: AccessLevel
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suspension:
    """Quarantine for misbehaviour, for a time (product 5.8)."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about a partnership that can decide, as it stands now.

    Attributes:
        default: the organisation's answer where nothing else decides.
        conflict: why this may not be the device that it says (T4), empty for no doubt.
        only_listed: the user's devices need an override that allows them (product 6, flobee's complaint).
        spared: the device was known before the default became strict, and such devices are spared.
    """

    default: AccessLevel
    override: Override | None = None
    suspension: Suspension | None = None
    conflict: str = ""
    rules: Outcome = NOTHING
    only_listed: bool = False
    spared: bool = False
    user_enabled: bool = True
    organisation_active: bool = True


def decide(standing: Standing, now: datetime) -> AccessDecision:
    """Answer for one partnership; ``now`` ends overrides and suspensions that have run out."""
    return next(decision for _, decision in explain(standing, now) if decision is not None)


def explain(standing: Standing, now: datetime) -> Iterator[tuple[str, AccessDecision | None]]:
    """Each instance in its order with what it says, None where it is silent; the first to speak decides."""
    for name, instance in _INSTANCES:
        yield name, instance(standing, now)


def _organisation(standing: Standing, _now: datetime) -> AccessDecision | None:
    return None if standing.organisation_active else ORGANISATION_INACTIVE


def _user(standing: Standing, _now: datetime) -> AccessDecision | None:
    return None if standing.user_enabled else USER_DISABLED


def _conflict(standing: Standing, _now: datetime) -> AccessDecision | None:
    return AccessDecision(AccessLevel.BLOCK, standing.conflict) if standing.conflict else None


def _block(standing: Standing, now: datetime) -> AccessDecision | None:
    said = _override(standing, now)
    return said if said is not None and said.level is AccessLevel.BLOCK else None


def _suspension(standing: Standing, now: datetime) -> AccessDecision | None:
    suspended = standing.suspension
    if suspended is None or suspended.until <= now:
        return None
    return AccessDecision(AccessLevel.QUARANTINE, suspended.reason, until=suspended.until)


def _override(standing: Standing, now: datetime) -> AccessDecision | None:
    override = standing.override
    if override is None or (override.until is not None and override.until <= now):
        return None
    return AccessDecision(override.level, override.reason or "set for this device", until=override.until)


def _listed(standing: Standing, _now: datetime) -> AccessDecision | None:
    return NOT_LISTED if standing.only_listed else None


def _rules(standing: Standing, _now: datetime) -> AccessDecision | None:
    level, decisive = standing.rules.level, standing.rules.decisive
    return None if level is None else AccessDecision(level, f"rule {', '.join(decisive)}", rules=decisive)


def _default(standing: Standing, _now: datetime) -> AccessDecision:
    if standing.spared and standing.default is not AccessLevel.ALLOW:
        return AccessDecision(AccessLevel.ALLOW, "known before the organisation's default became strict")
    return AccessDecision(standing.default, "the organisation's default")


_INSTANCES: tuple[tuple[str, Callable[[Standing, datetime], AccessDecision | None]], ...] = (
    ("organisation", _organisation),
    ("user", _user),
    ("identity", _conflict),
    ("block", _block),
    ("misbehaviour", _suspension),
    ("override", _override),
    ("only listed devices", _listed),
    ("rules", _rules),
    ("default", _default),
)
