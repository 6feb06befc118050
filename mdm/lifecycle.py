"""The life of one partnership: the states of product 5.2 and MS-ASPROV 3.1.5, and nothing else.

``TRANSITIONS`` and ``FORBIDDEN`` together list every pair of input and state; a test holds them to it, and
the diagram in docs/lifecycle.md is drawn from them. Time and keys are arguments, so a step can be replayed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from mdm.device import Device, DeviceState, Wipe

PROVISIONING_REQUIRED = DeviceState.PROVISIONING_REQUIRED
PROVISIONING_SUCCEEDED = DeviceState.PROVISIONING_SUCCEEDED
WIPE_REQUIRED = DeviceState.WIPE_REQUIRED
WIPE_SUCCEEDED = DeviceState.WIPE_SUCCEEDED

WIPING = frozenset({WIPE_REQUIRED, WIPE_SUCCEEDED})


class Input(Enum):
    """What can happen to a partnership."""

    POLICY_REQUESTED = "policy requested"
    POLICY_ACKNOWLEDGED = "policy acknowledged"
    POLICY_DECLINED = "policy declined"
    POLICY_CHANGED = "policy changed"
    WIPE_REQUIRED = "wipe required"
    WIPE_CANCELLED = "wipe cancelled"
    WIPE_CONFIRMED = "wipe confirmed"
    WIPE_FAILED = "wipe failed"
    REMOVED = "removed"
    REMOVED_BY_FORCE = "removed by force"


DEVICE_INPUTS = frozenset(
    {
        Input.POLICY_REQUESTED,
        Input.POLICY_ACKNOWLEDGED,
        Input.POLICY_DECLINED,
        Input.WIPE_CONFIRMED,
        Input.WIPE_FAILED,
    }
)
"""Inputs that a device can bring about by what it sends; the others are an administrator's."""


class Effect(Enum):
    """What the caller has to send or do after a step."""

    NOTHING = "nothing to send"
    OFFER_POLICY = "temporary key and policy"
    GRANT_KEY = "final key"
    REFUSE = "refuse"
    REVOKE_KEYS = "keys cleared"
    ORDER_WIPE = "wipe ordered"
    CANCEL_WIPE = "wipe cancelled"
    DIRECT_WIPE = "wipe directive"
    REPEAT_WIPE = "wipe directive again"
    RECORD_WIPE = "wipe recorded"
    FORGET = "gone"
    BURY = "tombstone"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an input leads, None for out of the list, and what the caller does about it."""

    target: DeviceState | None
    effect: Effect


class Forbidden(Exception):
    """An input that the state does not allow; the caller tells the administrator, or ignores the device."""

    def __init__(self, event: Input, state: DeviceState) -> None:
        super().__init__(f"{event.value} is not possible in {state.value}")
        self.input = event
        self.state = state


_STATES = (PROVISIONING_REQUIRED, PROVISIONING_SUCCEEDED, WIPE_REQUIRED, WIPE_SUCCEEDED)
_NO = None
_HERE_OFFER = (
    Transition(PROVISIONING_REQUIRED, Effect.OFFER_POLICY),
    Transition(PROVISIONING_SUCCEEDED, Effect.OFFER_POLICY),
)
_GRANT = Transition(PROVISIONING_SUCCEEDED, Effect.GRANT_KEY)
_REFUSE = Transition(PROVISIONING_REQUIRED, Effect.REFUSE)
_REVOKE = Transition(PROVISIONING_REQUIRED, Effect.REVOKE_KEYS)
_ORDER = Transition(WIPE_REQUIRED, Effect.ORDER_WIPE)
_DIRECT = Transition(WIPE_REQUIRED, Effect.DIRECT_WIPE)
_DIRECT_AFTER = Transition(WIPE_SUCCEEDED, Effect.DIRECT_WIPE)
_STAY = Transition(WIPE_REQUIRED, Effect.NOTHING)
_STAY_AFTER = Transition(WIPE_SUCCEEDED, Effect.NOTHING)
_WIPED = Transition(WIPE_SUCCEEDED, Effect.RECORD_WIPE)
_GONE = Transition(None, Effect.FORGET)

_ROWS: Mapping[Input, tuple[Transition | None, ...]] = {
    Input.POLICY_REQUESTED: (*_HERE_OFFER, _DIRECT, _DIRECT_AFTER),
    Input.POLICY_ACKNOWLEDGED: (_GRANT, _GRANT, _DIRECT, _DIRECT_AFTER),
    Input.POLICY_DECLINED: (_REFUSE, _REFUSE, _DIRECT, _DIRECT_AFTER),
    Input.POLICY_CHANGED: (_REVOKE, _REVOKE, _STAY, _STAY_AFTER),
    Input.WIPE_REQUIRED: (_ORDER, _ORDER, _STAY, _ORDER),
    Input.WIPE_CANCELLED: (_NO, _NO, Transition(PROVISIONING_REQUIRED, Effect.CANCEL_WIPE), _NO),
    Input.WIPE_CONFIRMED: (_NO, _NO, _WIPED, _WIPED),
    Input.WIPE_FAILED: (_NO, _NO, Transition(WIPE_REQUIRED, Effect.REPEAT_WIPE), _NO),
    Input.REMOVED: (_GONE, _GONE, _NO, _GONE),
    Input.REMOVED_BY_FORCE: (_GONE, _GONE, Transition(WIPE_REQUIRED, Effect.BURY), _GONE),
}
"""One row per input, one column per state in the order of ``_STATES``."""

TRANSITIONS: Mapping[tuple[Input, DeviceState], Transition] = MappingProxyType(
    {
        (event, state): transition
        for event, row in _ROWS.items()
        for state, transition in zip(_STATES, row, strict=True)
        if transition is not None
    }
)
"""Every legal pair."""

FORBIDDEN: frozenset[tuple[Input, DeviceState]] = frozenset(
    (event, state)
    for event, row in _ROWS.items()
    for state, transition in zip(_STATES, row, strict=True)
    if transition is None
)
"""Every other pair."""


def step(
    device: Device,
    event: Input,
    *,
    now: datetime,
    new_key: int = 0,
    digest: str = "",
    status: int | None = None,
    wipe: Wipe | None = None,
) -> tuple[Device | None, Effect]:
    """Let one input happen.

    Args:
        now: the caller's clock, aware UTC.
        new_key: temporary key for a request, final key for an acknowledgement; 1 to 2**31-1.
        digest: digest of the policy that is being offered.
        status: Policy Status of the acknowledgement (1 to 4), or the Status of a wipe that failed.
        wipe: the order, for ``WIPE_REQUIRED``. An order that is already open is kept as it is; to change its
            kind it must be cancelled first.

    Returns:
        The device afterwards, None when it leaves the list, and what to do about it.

    Raises:
        Forbidden: the state does not allow this input.
        ValueError: a key or a wipe order is needed and was not given.
    """
    transition = TRANSITIONS.get((event, device.state))
    if transition is None:
        raise Forbidden(event, device.state)
    if transition.target is None:
        return None, transition.effect
    moved = replace(device, state=transition.target)
    change = _CHANGES.get(transition.effect)
    if change is not None:
        moved = change(moved, _Occasion(now, new_key, digest, status, wipe))
    return moved, transition.effect


@dataclass(frozen=True, slots=True)
class _Occasion:
    """What came with an input."""

    now: datetime
    new_key: int
    digest: str
    status: int | None
    wipe: Wipe | None

    @property
    def key(self) -> int:
        if not 0 < self.new_key < 2**31:
            raise ValueError("this step needs a policy key from 1 to 2**31-1")
        return self.new_key


def _offer(device: Device, occasion: _Occasion) -> Device:
    return replace(
        device, temporary_key=occasion.key, offered_at=occasion.now, offered_digest=occasion.digest
    )


def _grant(device: Device, occasion: _Occasion) -> Device:
    return replace(
        _without_keys(device),
        policy_key=occasion.key,
        proof_key=occasion.key,
        policy_digest=device.offered_digest,
        provisioned_at=occasion.now,
        acknowledged_status=occasion.status,
    )


def _decline(device: Device, occasion: _Occasion) -> Device:
    return replace(_without_keys(device), acknowledged_status=occasion.status)


def _revoke(device: Device, _: _Occasion) -> Device:
    """What went wrong with the policy before says nothing of the next one (``mdm.loops``)."""
    return replace(_without_keys(device), offers=0, offers_since=None, diagnosis="")


def _order(device: Device, occasion: _Occasion) -> Device:
    if occasion.wipe is None:
        raise ValueError("a required wipe needs its order")
    return replace(_without_keys(device), wipe=occasion.wipe)


def _cancel(device: Device, _: _Occasion) -> Device:
    """The order leaves the record; who gave and who cancelled it stays in the audit trail."""
    return replace(device, wipe=None)


def _direct(device: Device, occasion: _Occasion) -> Device:
    if device.wipe is None or device.wipe.delivered_at is not None:
        return device
    return replace(device, wipe=replace(device.wipe, delivered_at=occasion.now))


def _fail(device: Device, occasion: _Occasion) -> Device:
    if device.wipe is None:
        return device
    wipe = replace(device.wipe, failures=device.wipe.failures + 1, failed_status=occasion.status)
    return _direct(replace(device, wipe=wipe), occasion)


def _confirm(device: Device, occasion: _Occasion) -> Device:
    if device.wipe is None or device.wipe.acknowledged_at is not None:
        return device
    return replace(device, wipe=replace(device.wipe, acknowledged_at=occasion.now))


def _without_keys(device: Device) -> Device:
    """Keys and digests gone; ``proof_key`` stays, it is what the phone still holds (product 5.4). What was to
    come to the device at a time of its own has come with that, or is overtaken (product 4.3)."""
    return replace(
        device,
        policy_key=0,
        temporary_key=0,
        offered_at=None,
        offered_digest="",
        policy_digest="",
        reprovision_at=None,
    )


_CHANGES: Mapping[Effect, Callable[[Device, _Occasion], Device]] = MappingProxyType(
    {
        Effect.OFFER_POLICY: _offer,
        Effect.GRANT_KEY: _grant,
        Effect.REFUSE: _decline,
        Effect.REVOKE_KEYS: _revoke,
        Effect.ORDER_WIPE: _order,
        Effect.CANCEL_WIPE: _cancel,
        Effect.DIRECT_WIPE: _direct,
        Effect.REPEAT_WIPE: _fail,
        Effect.RECORD_WIPE: _confirm,
    }
)
"""What an effect writes into the record; the others write the state alone."""
