"""What is known of one partnership (product 5.1, 5.2): values only, no rules.

A partnership is a user's use of a device, so one phone with two accounts is two records. The four states
carry the product's names; finer progress of a wipe stands beside the state and never becomes a state of its
own.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class DeviceState(Enum):
    """The four states of product 5.2, by the names that administrators read."""

    PROVISIONING_REQUIRED = "Provisioning Required"
    PROVISIONING_SUCCEEDED = "Provisioning Succeeded"
    WIPE_REQUIRED = "Wipe Required"
    WIPE_SUCCEEDED = "Wipe Succeeded"


class WipeKind(Enum):
    """What a wipe erases: the whole device (RemoteWipe) or the account (AccountOnlyRemoteWipe, 16.1)."""

    DEVICE = "device"
    ACCOUNT = "account"


class WipeProgress(Enum):
    """How far a wipe has come (product 5.3); finer than the state, and no state."""

    NONE = "none"
    ORDERED = "ordered"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    ACKNOWLEDGED = "acknowledged"


class AccessLevel(Enum):
    """The three answers of product 6.1."""

    ALLOW = "allow"
    BLOCK = "block"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """Identity of a partnership: storage, log and long-poll key.

    Attributes:
        organisation: organisation id, ``m-`` and 32 hex digits.
        user: user id, as the store drew it; never an address, which may change.
        device_id: canonical DeviceId of ``mdm.query``: upper case, so that both query forms meet.
    """

    organisation: str
    user: str
    device_id: str


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What the client reports of itself (MS-ASCMD Settings/DeviceInformation); None where it said nothing."""

    model: str | None = None
    imei: str | None = None
    friendly_name: str | None = None
    os: str | None = None
    os_language: str | None = None
    phone_number: str | None = None
    user_agent: str | None = None
    enable_outbound_sms: str | None = None
    mobile_operator: str | None = None


@dataclass(frozen=True, slots=True)
class Wipe:
    """Progress of one wipe order, kept beside the state (product 5.3).

    Attributes:
        ordered_by: who asked, as the audit trail names them.
        delivered_at: when a directive was first handed to the device.
        acknowledged_at: when the device said that it wiped.
        failures: how often the device answered that the wipe failed; failed_status: its last Status then.
        approved_by: the second administrator, empty where none was needed.
        unverified: True when the acknowledgement came by the lane of a stale password (product 5.4).
    """

    kind: WipeKind
    ordered_at: datetime
    ordered_by: str
    reason: str = ""
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    failures: int = 0
    unverified: bool = False
    failed_status: int | None = None
    approved_by: str = ""

    @property
    def progress(self) -> WipeProgress:
        """How far it has come; never NONE."""
        if self.acknowledged_at is not None:
            return WipeProgress.UNVERIFIED if self.unverified else WipeProgress.ACKNOWLEDGED
        if self.failures:
            return WipeProgress.FAILED
        return WipeProgress.ORDERED if self.delivered_at is None else WipeProgress.DELIVERED


@dataclass(frozen=True, slots=True)
class Device:
    """One partnership.

    Attributes:
        device_type: DeviceType as reported.
        protocol_version: version last spoken, ``"16.1"``.
        policy_key: final key in force, 0 for none.
        temporary_key: key that only the next acknowledgement may carry, 0 for none.
        offered_at: when the temporary key was given; it dies after ``provision.TEMPORARY_KEY_LIFETIME``.
        offered_digest: digest of the policy sent with the temporary key.
        policy_digest: digest of the policy that the device acknowledged.
        provisioned_at: when the final key was given, for policies that ask for a refresh.
        acknowledged_status: Status 1 to 4 of the last acknowledgement, None before the first.
        proof_key: last final key that the device is known to hold. A wipe clears ``policy_key`` but not this
            one: it is what proves the device when its password no longer works (product 5.4).
        proof_failures, proof_window: wrong proofs in the hour that began at ``proof_window``.
        reprovision_at: when a changed policy reaches this device, while it is being spread over a window
            (product 4.3); until then the policy that it has counts as current.
        offers, offers_since: rounds of provisioning that count, and when the last one began (``mdm.loops``).
        diagnosis: what keeps the device out of compliance, in words for an administrator.
        access: an administrator's override for this partnership, None where the rules decide; access_until:
            when the override ends, None for never.
        held_since: when quarantine began, None outside it.
        suspended_until, suspended_reason: quarantine for misbehaviour (product 5.8).
        conflict: why this may not be the device that it says, in words; no access while not empty (T4).
        family: name of the client family that the partnership began with (``mdm.families``), which is kept
            whatever the client says of itself later; empty where nobody looked.
        claimed: family and DeviceType, with a slash between, that a conflict is about; empty for others.
        alias: an administrator's name for the device, beside what it reports.
        revision: row version; a save names the revision that it read.
    """

    key: DeviceKey
    device_type: str
    protocol_version: str
    first_seen: datetime
    last_seen: datetime
    state: DeviceState = DeviceState.PROVISIONING_REQUIRED
    policy_key: int = field(default=0, repr=False)
    temporary_key: int = field(default=0, repr=False)
    offered_at: datetime | None = None
    offered_digest: str = ""
    policy_digest: str = ""
    provisioned_at: datetime | None = None
    acknowledged_status: int | None = None
    reprovision_at: datetime | None = None
    offers: int = 0
    offers_since: datetime | None = None
    diagnosis: str = ""
    proof_key: int = field(default=0, repr=False)
    proof_failures: int = 0
    proof_window: datetime | None = None
    wipe: Wipe | None = None
    access: AccessLevel | None = None
    access_reason: str = ""
    access_until: datetime | None = None
    held_since: datetime | None = None
    suspended_until: datetime | None = None
    suspended_reason: str = ""
    conflict: str = ""
    family: str = ""
    claimed: str = ""
    alias: str = ""
    information: DeviceInformation = field(default_factory=DeviceInformation)
    last_sync: datetime | None = None
    last_ip: str = ""
    user_agent: str = ""
    revision: int = 0
