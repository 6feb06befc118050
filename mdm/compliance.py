"""What an administrator is told about a device's compliance (product 4.4, 5.2; research/wants.md 6, 16, 25).

The four states of product 5.2 are the lifecycle and stay four. This is how the record reads, in one word and
one sentence: what the device answered, what it still owes and what stands in its way. Applied policies are a
client's own claim, and the words say so (T5).
"""

from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta
from enum import Enum
from typing import Final

from mdm.ashttp import version
from mdm.device import Device, DeviceState
from mdm.policy import Policy

ANSWER_WITHIN: Final = timedelta(minutes=15)
"""How long an offer may wait for its acknowledgement (``mdm.provision.TEMPORARY_KEY_LIFETIME``)."""


class Compliance(Enum):
    """How a device stands to its policy."""

    COMPLIANT = "compliant"
    CHANGE_COMING = "change coming"
    REFRESH_DUE = "refresh due"
    PARTIAL = "partial"
    NOT_APPLIED = "not applied"
    EXTERNAL = "externally managed"
    WITHOUT_POLICY = "served without policy"
    NEVER_ASKED = "never asked"
    ASKED = "asked"
    UNANSWERED = "unanswered"
    DECLINED = "declined"
    OUTDATED = "outdated"
    LOOPING = "looping"
    SUSPENDED = "suspended"
    CONFLICT = "identity conflict"
    WIPING = "to be wiped"
    WIPED = "wiped"


SERVED: Final = frozenset(
    {
        Compliance.COMPLIANT,
        Compliance.CHANGE_COMING,
        Compliance.PARTIAL,
        Compliance.NOT_APPLIED,
        Compliance.EXTERNAL,
        Compliance.WITHOUT_POLICY,
    }
)
"""In these the policy keeps no mail from the device; access rules still may."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The state and the reason in words."""

    compliance: Compliance
    words: str


_REFUSALS: Final = {
    2: "could apply the policy only in part, and the policy does not accept that",
    3: "did not apply the policy",
    4: "is managed by somebody else, and the policy does not accept that",
}
_TOLERATED: Final = {
    2: (Compliance.PARTIAL, "applied the policy in part, by its own word; the policy accepts that"),
    3: (Compliance.NOT_APPLIED, "did not apply the policy; the policy serves such devices"),
    4: (Compliance.EXTERNAL, "is managed by somebody else, by its own word; the policy accepts that"),
}


def assess(device: Device, policy: Policy, now: datetime) -> Finding:
    """How the device stands to the policy that is in force for it."""
    return _overriding(device, now) or _provisioning(device, policy, now)


def _overriding(device: Device, now: datetime) -> Finding | None:
    """What stands above the policy, in the order in which it decides."""
    if device.state is DeviceState.WIPE_REQUIRED:
        return Finding(Compliance.WIPING, "is wiped when it comes")
    if device.state is DeviceState.WIPE_SUCCEEDED:
        return Finding(Compliance.WIPED, "said that it wiped; it is wiped again until it is removed")
    if device.conflict:
        return Finding(Compliance.CONFLICT, device.conflict)
    if device.suspended_until is not None and device.suspended_until > now:
        return Finding(
            Compliance.SUSPENDED, f"{device.suspended_reason}; until {_told(device.suspended_until)}"
        )
    if device.diagnosis:
        return Finding(Compliance.LOOPING, device.diagnosis)
    return None


def _provisioning(device: Device, policy: Policy, now: datetime) -> Finding:
    if device.state is DeviceState.PROVISIONING_SUCCEEDED:
        return _provisioned(device, policy, now)
    if device.temporary_key and device.offered_at is not None:
        return _offered(device.offered_at, now)
    refusal = _REFUSALS.get(device.acknowledged_status or 0)
    if refusal is not None and device.provisioned_at is None:
        return Finding(Compliance.DECLINED, refusal)
    if device.provisioned_at is not None:
        return _lost(refusal, policy, device.acknowledged_status)
    if policy.allow_non_provisionable:
        return Finding(
            Compliance.WITHOUT_POLICY, "never asked for its policy; the policy serves such devices"
        )
    return Finding(Compliance.NEVER_ASKED, "never asked for its policy, and gets nothing before it does")


def _lost(refusal: str | None, policy: Policy, status: int | None) -> Finding:
    """It was provisioned once, and is so no longer: by its own answer, or since the policy changed."""
    if refusal is not None and not _tolerates(policy, status):
        return Finding(Compliance.DECLINED, refusal)
    return Finding(Compliance.OUTDATED, "has to fetch its policy again, and has not come for it yet")


def _tolerates(policy: Policy, status: int | None) -> bool:
    if status == 4:
        return policy.accept_external
    accepted = (status == 2 and policy.accept_partial) or (status == 3 and policy.accept_declined)
    return policy.allow_non_provisionable or accepted


def _offered(at: datetime, now: datetime) -> Finding:
    if now - at <= ANSWER_WITHIN:
        return Finding(
            Compliance.ASKED, f"was given its policy at {_told(at)} and has not acknowledged it yet"
        )
    return Finding(Compliance.UNANSWERED, f"was given its policy at {_told(at)} and never acknowledged it")


def _coming(moment: datetime, now: datetime) -> str:
    """Whoever waits is served with what it has, also while a pause or a rate holds its turn back."""
    if moment.year == MAXYEAR:
        return "keeps an older policy: bringing it the changed one was cancelled"
    if moment <= now:
        return "gets the changed policy as soon as its turn comes"
    return f"gets the changed policy from {_told(moment)} on"


def _provisioned(device: Device, policy: Policy, now: datetime) -> Finding:
    if device.reprovision_at is not None:
        return Finding(Compliance.CHANGE_COMING, _coming(device.reprovision_at, now))
    if device.policy_digest != policy.digest(version(device.protocol_version)):
        return Finding(Compliance.OUTDATED, "acknowledged an older policy than the one in force")
    hours = policy.refresh_hours
    given = device.provisioned_at
    if hours and given is not None and now - given >= timedelta(hours=hours):
        return Finding(Compliance.REFRESH_DUE, f"has to fetch its policy every {hours} hours, and it is time")
    tolerated = _TOLERATED.get(device.acknowledged_status or 0)
    if tolerated is not None:
        return Finding(*tolerated)
    return Finding(Compliance.COMPLIANT, "applied the policy, by its own word")


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
