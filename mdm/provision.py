"""The Provision command (MS-ASPROV 2.2.2, 3.2.5): what a device asks, and the whole decision of the answer.

``read`` turns a body into one of five messages; it goes by names and never by positions, since real clients
put stray Status elements and wipe acknowledgements in many places. ``exchange`` decides: it takes the device,
the policy, the time and a fresh key, and gives back the device afterwards and the answer. A pending wipe
outranks whatever was asked. Keys are compared in constant time.
"""

import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.codepages import tag
from mdm.device import Device, DeviceInformation, WipeKind
from mdm.errors import ProtocolError, SchemaError
from mdm.lifecycle import FORBIDDEN, WIPING, Effect, Input, step
from mdm.policy import Policy
from mdm.query import CommandRequest
from mdm.settings import acknowledgement, merge, read_information
from mdm.status import refusal
from mdm.wbxml import Element, decode, element, encode

TEMPORARY_KEY_LIFETIME: Final = timedelta(minutes=15)
"""How long an offer may wait for its acknowledgement: a person may have to choose a password first."""

WBXML_POLICY: Final = "MS-EAS-Provisioning-WBXML"
WAP_POLICY: Final = "MS-WAP-Provisioning-XML"
POLICY_TYPE_LIMIT: Final = 64
"""Characters of a PolicyType that is repeated in an answer; both real ones have less than 30."""

SUCCESS, PROTOCOL_ERROR = 1, 2
UNKNOWN_POLICY_TYPE, WRONG_KEY = 3, 5
"""Policy Status values of an answer."""
APPLIED, PARTLY_APPLIED, NOT_APPLIED, EXTERNALLY_MANAGED = 1, 2, 3, 4
"""Policy Status values of an acknowledgement."""
WIPE_DONE, WIPE_NOT_DONE = 1, 2
"""Status values of the acknowledgement of a wipe."""
MISSING_BODY = 101
BLOCKED, NOT_FULLY_PROVISIONABLE, EXTERNAL_REFUSED, INFORMATION_REQUIRED = 129, 139, 145, 165

PROVISION = tag("Provision", "Provision")
POLICIES = tag("Provision", "Policies")
POLICY = tag("Provision", "Policy")
POLICY_TYPE = tag("Provision", "PolicyType")
POLICY_KEY = tag("Provision", "PolicyKey")
DATA = tag("Provision", "Data")
STATUS = tag("Provision", "Status")
DIRECTIVES = {
    WipeKind.DEVICE: tag("Provision", "RemoteWipe"),
    WipeKind.ACCOUNT: tag("Provision", "AccountOnlyRemoteWipe"),
}


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """The initial request: a device asks for its policy."""

    policy_type: str
    information: DeviceInformation | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The second request: what became of the policy.

    Attributes:
        policy_key: text of the key as sent.
        status: 1 applied, 2 in part, 3 not at all, 4 managed by somebody else.
    """

    policy_type: str
    policy_key: str = field(repr=False)
    status: int
    information: DeviceInformation | None = None


@dataclass(frozen=True, slots=True)
class WipeAcknowledgement:
    """What became of a wipe directive of this kind."""

    kind: WipeKind
    succeeded: bool
    information: DeviceInformation | None = None


@dataclass(frozen=True, slots=True)
class WipePoll:
    """A Provision that asks for nothing: is there a wipe for me?"""

    information: DeviceInformation | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A Provision that breaks the schema: Provision Status 2, unless a wipe is pending."""

    reason: str
    information: DeviceInformation | None = None


Message = PolicyRequest | Acknowledgement | WipeAcknowledgement | WipePoll | Malformed


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one Provision request led to.

    Attributes:
        device: the record afterwards; the same object where nothing changed.
        effect: what ``lifecycle.step`` said, NOTHING where no input happened.
        reply: the answer.
        input: what happened, for the audit trail; None for requests that changed nothing.
    """

    device: Device
    effect: Effect
    reply: Reply
    input: Input | None = None


def read(request: CommandRequest, body: bytes) -> Message:
    """Understand a Provision body.

    Raises:
        WBXMLError: no WBXML (Status 102).
        ProtocolError: no body at all (Status 101).
        SchemaError: another root element than Provision (Status 103).
    """
    if not body:
        raise ProtocolError(f"{request.command.value} without a body", status=MISSING_BODY)
    root = decode(body)
    if root.tag != PROVISION:
        raise SchemaError(f"the root is {root.name}, not Provision")
    try:
        return _understand(root, read_information(root))
    except SchemaError as error:
        return Malformed(str(error))


def _understand(root: Element, information: DeviceInformation | None) -> Message:
    policy = root.path(POLICIES, POLICY)
    wipe = _wipe_acknowledgement(root, policy, information)
    if wipe is not None:
        return wipe
    if policy is not None:
        return _about_policy(policy, information)
    if root.find(POLICIES) is not None or root.find(POLICY) is not None:
        raise SchemaError("Policies without Policy, or Policy outside Policies")
    return WipePoll(information)


def _wipe_acknowledgement(
    root: Element, policy: Element | None, information: DeviceInformation | None
) -> WipeAcknowledgement | None:
    """iOS 5 put RemoteWipe inside Policy; others put it before or after Policies."""
    for place in (root, policy):
        for kind, name in DIRECTIVES.items():
            said = None if place is None else place.find(name)
            if said is not None:
                return WipeAcknowledgement(kind, _wipe_status(said), information)
    return None


def _wipe_status(said: Element) -> bool:
    status = _whole(said.text_of(STATUS))
    if status not in (WIPE_DONE, WIPE_NOT_DONE):
        raise SchemaError("a wipe acknowledgement needs Status 1 or 2")
    return status == WIPE_DONE


def _about_policy(policy: Element, information: DeviceInformation | None) -> Message:
    policy_type = policy.text_of(POLICY_TYPE)
    if not policy_type:
        raise SchemaError("Policy without PolicyType")
    key, status = policy.text_of(POLICY_KEY), policy.find(STATUS)
    if key is None or status is None:
        return PolicyRequest(policy_type, information)
    outcome = _whole(status.text)
    if outcome not in (APPLIED, PARTLY_APPLIED, NOT_APPLIED, EXTERNALLY_MANAGED):
        raise SchemaError("an acknowledgement needs Status 1 to 4")
    return Acknowledgement(policy_type, key.strip(), outcome, information)


def _whole(text: str | None) -> int:
    text = (text or "").strip()
    return int(text) if len(text) == 1 and text in "0123456789" else 0


def exchange(
    request: CommandRequest,
    message: Message,
    device: Device,
    policy: Policy,
    *,
    now: datetime,
    new_key: int,
) -> Exchange:
    """Answer one Provision request.

    Args:
        policy: the effective policy of this device.
        now: the caller's clock, aware UTC.
        new_key: a key never given before, 1 to 2**31-1: it becomes the temporary or the final one.
    """
    if device.state in WIPING:
        return _while_wiping(request, message, device, now)
    if message.information is not None:
        merged = merge(device.information, message.information)
        device = device if merged == device.information else replace(device, information=merged)
    match message:
        case PolicyRequest():
            return _offer(request, message, device, policy, now, new_key)
        case Acknowledgement():
            return _acknowledged(request, message, device, policy, now, new_key)
        case Malformed():
            return _unmoved(device, _answer(PROTOCOL_ERROR))
        case WipePoll() | WipeAcknowledgement():
            return _unmoved(device, _answer(SUCCESS, message.information))


def directive(kind: WipeKind, version: Version, *, status: int = SUCCESS) -> Reply:
    """The order to wipe. Account-only exists from 16.1; below, the device is refused, never erased whole."""
    if kind is WipeKind.ACCOUNT and version < Version.V16_1:
        return refusal(Command.PROVISION, version, BLOCKED)
    return _reply(element(PROVISION, element(STATUS, str(status)), element(DIRECTIVES[kind])))


def _while_wiping(request: CommandRequest, message: Message, device: Device, now: datetime) -> Exchange:
    kind = WipeKind.DEVICE if device.wipe is None else device.wipe.kind
    if kind is WipeKind.ACCOUNT and request.version < Version.V16_1:
        return _unmoved(device, refusal(Command.PROVISION, request.version, BLOCKED))
    event = _wipe_input(message, device, kind)
    status = WIPE_NOT_DONE if event is Input.WIPE_FAILED else None
    moved, effect = step(device, event, now=now, status=status)
    after = device if moved is None or moved == device else moved
    if effect is Effect.RECORD_WIPE:
        return Exchange(after, effect, _answer(SUCCESS), event)
    answer = PROTOCOL_ERROR if effect is Effect.REPEAT_WIPE else SUCCESS
    return Exchange(after, effect, directive(kind, request.version, status=answer), event)


def _wipe_input(message: Message, device: Device, kind: WipeKind) -> Input:
    """What a message means while a wipe is open; whatever is no acknowledgement of it asks for it.

    A device that says it erased one account has not done what an order for the whole device asks, and one
    that was never handed the order cannot have obeyed it (T7).
    """
    if not isinstance(message, WipeAcknowledgement) or not _was_delivered(device):
        return Input.POLICY_REQUESTED
    if kind is WipeKind.DEVICE and message.kind is WipeKind.ACCOUNT:
        return Input.POLICY_REQUESTED
    if message.succeeded:
        return Input.WIPE_CONFIRMED
    failed = (Input.WIPE_FAILED, device.state)
    return Input.POLICY_REQUESTED if failed in FORBIDDEN else Input.WIPE_FAILED


def _was_delivered(device: Device) -> bool:
    return device.wipe is not None and device.wipe.delivered_at is not None


def _offer(
    request: CommandRequest,
    message: PolicyRequest,
    device: Device,
    policy: Policy,
    now: datetime,
    new_key: int,
) -> Exchange:
    version = request.version
    if version >= Version.V14_1 and (message.information is None or message.information.model is None):
        return _unmoved(device, refusal(Command.PROVISION, version, INFORMATION_REQUIRED))
    if message.policy_type != own_policy_type(version):
        answer = _policy(message.policy_type, UNKNOWN_POLICY_TYPE)
        return _unmoved(device, _answer(SUCCESS, message.information, answer))
    digest = policy.digest(version)
    moved, effect = step(device, Input.POLICY_REQUESTED, now=now, new_key=new_key, digest=digest)
    data = element(DATA, policy.payload(version))
    answer = _policy(message.policy_type, SUCCESS, new_key, data)
    return Exchange(
        moved or device, effect, _answer(SUCCESS, message.information, answer), Input.POLICY_REQUESTED
    )


def _acknowledged(
    request: CommandRequest,
    message: Acknowledgement,
    device: Device,
    policy: Policy,
    now: datetime,
    new_key: int,
) -> Exchange:
    if message.policy_type != own_policy_type(request.version):
        return _policy_refused(device, message, UNKNOWN_POLICY_TYPE)
    if not _answers_offer(message.policy_key, device, policy.digest(request.version), now):
        return _policy_refused(device, message, WRONG_KEY)
    refused = _objection(message.status, policy)
    event = Input.POLICY_ACKNOWLEDGED if refused is None else Input.POLICY_DECLINED
    moved, effect = step(device, event, now=now, new_key=new_key, status=message.status)
    if refused is not None:
        return Exchange(moved or device, effect, refusal(Command.PROVISION, request.version, refused), event)
    answer = _policy(message.policy_type, SUCCESS, new_key)
    return Exchange(moved or device, effect, _answer(SUCCESS, message.information, answer), event)


def _answers_offer(key: str, device: Device, digest: str, now: datetime) -> bool:
    """Whether the key is this device's temporary one, still young, and its policy still the one in force.

    A key from before a policy change must fail: what the device applied then is not what counts now.
    """
    same = hmac.compare_digest(str(device.temporary_key).encode(), key.encode())
    young = device.offered_at is not None and now - device.offered_at <= TEMPORARY_KEY_LIFETIME
    return same and device.temporary_key != 0 and young and device.offered_digest == digest


def _objection(status: int, policy: Policy) -> int | None:
    """The common Status with which an acknowledgement is refused, None when it is good enough."""
    if status == EXTERNALLY_MANAGED:
        return None if policy.accept_external else EXTERNAL_REFUSED
    accepted = {APPLIED: True, PARTLY_APPLIED: policy.accept_partial, NOT_APPLIED: policy.accept_declined}
    tolerated = policy.allow_non_provisionable or accepted[status]
    return None if tolerated else NOT_FULLY_PROVISIONABLE


def own_policy_type(version: Version) -> str:
    """The one PolicyType that this protocol version knows."""
    return WAP_POLICY if version < Version.V12_0 else WBXML_POLICY


def _policy_refused(device: Device, message: Acknowledgement, status: int) -> Exchange:
    return _unmoved(device, _answer(SUCCESS, message.information, _policy(message.policy_type, status)))


def _unmoved(device: Device, reply: Reply) -> Exchange:
    return Exchange(device, Effect.NOTHING, reply)


def _policy(policy_type: str, status: int, key: int = 0, data: Element | None = None) -> Element:
    """Policies with one Policy; PolicyKey is absent without a key, since clients take any key as success."""
    known = policy_type[:POLICY_TYPE_LIMIT] if policy_type.isprintable() else WBXML_POLICY
    parts = [element(POLICY_TYPE, known), element(STATUS, str(status))]
    if key:
        parts.append(element(POLICY_KEY, str(key)))
    if data is not None:
        parts.append(data)
    return element(POLICIES, element(POLICY, *parts))


def _answer(status: int, information: DeviceInformation | None = None, *parts: Element) -> Reply:
    heard = [] if information is None else [acknowledgement()]
    return _reply(element(PROVISION, *heard, element(STATUS, str(status)), *parts))


def _reply(root: Element) -> Reply:
    return Reply(200, body=encode(root), media_type=WBXML_TYPE)
