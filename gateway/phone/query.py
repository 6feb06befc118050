"""The request line that a phone writes (MS-ASHTTP 2.2.1.1.1), plain or base64.

The layout is written down here a second time, apart from ``mdm.query``, on purpose: a phone that used the
gateway's own writer would agree with the gateway's reader even where both are wrong.
"""

import base64
import string
from collections.abc import Iterable
from urllib.parse import quote

from gateway.phone.identity import Identity
from mdm.ashttp import Command, Version

LOCALE = 0x0409
"""en-US."""

TAGS = {
    "AttachmentName": 0,
    "CollectionId": 1,
    "ItemId": 3,
    "LongId": 4,
    "Occurrence": 6,
}
OPTIONS_TAG = 7
SAVE_IN_SENT = 0x01
RAW_DIGITS = 32

Parameters = Iterable[tuple[str, str]]


def plain(command: Command, identity: Identity, parameters: Parameters = ()) -> str:
    """``Cmd=...&User=...&DeviceId=...&DeviceType=...`` and the command's own parameters."""
    fields = (
        ("Cmd", command.value),
        ("User", identity.user),
        ("DeviceId", identity.device_id),
        ("DeviceType", identity.device_type),
        *parameters,
    )
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields)


def base64_form(
    command: Command, identity: Identity, version: Version, key: int | None, parameters: Parameters = ()
) -> str:
    """The blob of 12.1 and later; ``key`` None leaves the policy key field empty.

    Raises:
        ValueError: the command has no code, or a parameter no tag.
    """
    if command.code is None:
        raise ValueError(f"{command.value} exists in the plain form only")
    blob = bytes((version.code, command.code)) + LOCALE.to_bytes(2, "little")
    blob += _counted(device_octets(identity.device_id))
    blob += b"\x00" if key is None else _counted(key.to_bytes(4, "little"))
    blob += _counted(identity.device_type.encode())
    for name, value in parameters:
        blob += _parameter(name, value)
    return base64.b64encode(blob).decode()


def device_octets(device_id: str) -> bytes:
    """The DeviceId in the blob: 32 hex digits stand for 16 octets, everything else for itself."""
    if len(device_id) == RAW_DIGITS and set(device_id) <= set(string.hexdigits):
        return bytes.fromhex(device_id)
    return device_id.encode()


def _parameter(name: str, value: str) -> bytes:
    if name == "SaveInSent":
        return bytes((OPTIONS_TAG, 1, SAVE_IN_SENT if value == "T" else 0))
    return bytes((TAGS[name],)) + _counted(value.encode())


def _counted(octets: bytes) -> bytes:
    return bytes((len(octets),)) + octets
