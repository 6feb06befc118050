"""Provision from the other side: what the gateway says to a mail server that has policies of its own, and how
its answers are read (product 3.5; MS-ASPROV 3.1.5.1; spec/eas-protocol.md 2.2 and 6.5; T36).

The gateway answers for the device here, so nothing of an answer is ever passed on. A RemoteWipe, wherever it
stands in the document, ends the handshake: it is told to an administrator, and never acknowledged.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from typing import Final

from mdm.ashttp import Version
from mdm.device import DeviceInformation, WipeKind
from mdm.errors import WBXMLError
from mdm.provision import (
    APPLIED,
    DIRECTIVES,
    POLICIES,
    POLICY,
    POLICY_KEY,
    POLICY_TYPE,
    PROVISION,
    STATUS,
    SUCCESS,
    own_policy_type,
)
from mdm.settings import DEVICE_INFORMATION, FIELDS, SET, SETTINGS
from mdm.wbxml import Element, decode, element, encode

NO_POLICY: Final = 2
"""Policy Status of a server that has no policy for this user; then there is no key either."""

LARGEST_KEY: Final = 2**32 - 1
"""The base64 query has four octets for it."""

_KEY: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_STATUS: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_SINCE_14: Final = frozenset({"enable_outbound_sms", "mobile_operator"})


@dataclass(frozen=True, slots=True)
class Granted:
    """A key: the temporary one in the first phase, the final one in the second."""

    key: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """The server has no policy for this user and gives no key."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The server orders a wipe; ``kind`` is None where its Status says so and nothing else."""

    kind: WipeKind | None


@dataclass(frozen=True, slots=True)
class Refused:
    """No key, and why, in words for an administrator; holds nothing that the server sent but numbers."""

    reason: str


Answer = Granted | NotNeeded | Ordered | Refused


def request(version: Version, information: DeviceInformation) -> bytes:
    """The first phase; from 14.1 on the device's own report rides along."""
    policy = element(POLICY, element(POLICY_TYPE, own_policy_type(version)))
    told = [_report(version, information)] if rides_along(version, information) else []
    return encode(element(PROVISION, *told, element(POLICIES, policy)))


def acknowledgement(version: Version, key: int) -> bytes:
    """The second phase: the policy counts as applied."""
    policy = element(
        POLICY,
        element(POLICY_TYPE, own_policy_type(version)),
        element(POLICY_KEY, str(key)),
        element(STATUS, str(APPLIED)),
    )
    return encode(element(PROVISION, element(POLICIES, policy)))


def report(version: Version, information: DeviceInformation) -> bytes:
    """A Settings command that repeats what the device reported of itself."""
    return encode(element(SETTINGS, _report(version, information)))


def rides_along(version: Version, information: DeviceInformation) -> bool:
    """Whether the first phase carries the device's report."""
    return version >= Version.V14_1 and says_anything(information)


def says_anything(information: DeviceInformation) -> bool:
    """Whether the device has reported anything at all."""
    return any(astuple(information))


def digest_of(information: DeviceInformation) -> str:
    """By which it is remembered what a server has been told; empty for a device that reported nothing."""
    if not says_anything(information):
        return ""
    return hashlib.sha256(repr(astuple(information)).encode()).hexdigest()[:32]


def read_answer(body: bytes) -> Answer:
    """Understand the answer to either phase, whatever it holds."""
    if not body:
        return Refused("it answered Provision with nothing")
    try:
        root = decode(body)
    except WBXMLError:
        return Refused("its answer to Provision is no WBXML")
    order = _order(root)
    if order is not None:
        return order
    if root.tag != PROVISION:
        return Refused("it answered Provision with something else")
    status = _number(root.text_of(STATUS), SUCCESS)
    if status != SUCCESS:
        return Ordered(None) if status == 140 else Refused(f"it answered Provision with Status {status}")
    return _policy(root.path(POLICIES, POLICY))


def _policy(policy: Element | None) -> Answer:
    if policy is None:
        return Refused("its answer to Provision holds no policy")
    status = _number(policy.text_of(STATUS), SUCCESS)
    if status == NO_POLICY:
        return NotNeeded()
    if status != SUCCESS:
        return Refused(f"it answered the policy request with Status {status}")
    text = (policy.text_of(POLICY_KEY) or "").strip()
    if not _KEY.fullmatch(text) or not 0 < int(text) <= LARGEST_KEY:
        return Refused("it gave no usable policy key")
    return Granted(int(text))


def _order(root: Element) -> Ordered | None:
    kinds = {tag: kind for kind, tag in DIRECTIVES.items()}
    return next((Ordered(kinds[each.tag]) for each in _all(root) if each.tag in kinds), None)


def _all(root: Element) -> Iterator[Element]:
    waiting = [root]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += [child for child in each.children if isinstance(child, Element)]


def _number(text: str | None, absent: int) -> int:
    if text is None:
        return absent
    return int(text.strip()) if _STATUS.fullmatch(text.strip()) else 0


def _report(version: Version, information: DeviceInformation) -> Element:
    told = [
        element(tag, value)
        for tag, name in FIELDS.items()
        if (value := getattr(information, name)) is not None
        and (version >= Version.V14_0 or name not in _SINCE_14)
    ]
    return element(DEVICE_INFORMATION, element(SET, *told))
