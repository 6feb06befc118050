"""Who may talk at all (product 6.1): an order of precedence with a reason, and no protocol in it.

The pending wipe stands above all of this and is the gatekeeper's business. Below it: organisation and user
state, the override of this partnership, then the organisation's default. The reason is kept because every
decision must be explainable to an administrator (product 6.4).
"""

from dataclasses import dataclass

from mdm.device import AccessLevel

USER_REFUSED = 126
DEVICE_REFUSED = 129
TOO_MANY_DEVICES = 177


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """One answer of product 6.1.

    Attributes:
        reason: what decided, in words for an administrator; never shown to a device.
        status: common Status of MS-ASCMD 2.2.2 with which anything but Allow is refused.
    """

    level: AccessLevel
    reason: str
    status: int = DEVICE_REFUSED


USER_DISABLED = AccessDecision(AccessLevel.BLOCK, "the user is disabled", USER_REFUSED)
ORGANISATION_INACTIVE = AccessDecision(AccessLevel.BLOCK, "the organisation is not active", USER_REFUSED)
DEVICE_LIMIT = AccessDecision(AccessLevel.BLOCK, "the user has too many devices", TOO_MANY_DEVICES)


def decide(
    override: AccessLevel | None,
    default: AccessLevel,
    *,
    override_reason: str = "",
    user_enabled: bool = True,
    organisation_active: bool = True,
) -> AccessDecision:
    """Answer for one partnership: the first of organisation, user, override and default that speaks.

    Args:
        override: an administrator's word for this partnership, None where there is none.
        default: the organisation's answer where nothing else decides.
    """
    if not organisation_active:
        return ORGANISATION_INACTIVE
    if not user_enabled:
        return USER_DISABLED
    if override is not None:
        return AccessDecision(override, override_reason or "set for this device")
    return AccessDecision(default, "the organisation's default")
