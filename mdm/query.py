"""The request line of ActiveSync: plain and base64 query to CommandRequest and back (MS-ASHTTP 2.2.1.1.1).

Both forms say the same, so both give the same value, and what goes on to a mail server is built from that
value: never the octets that a stranger sent (T17). A query is plain when it holds ``&`` or ``Cmd=``,
otherwise it is base64. Duplicates, mixtures of the forms, control characters and broken escapes are refused
instead of guessed.

Canonical DeviceId: letters, digits and ``. _ -`` are kept, any other octets of the base64 form become
hexadecimal, and all of it is upper case; so one phone is one device whichever form it speaks.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from mdm.ashttp import Command, Version, version
from mdm.errors import QueryError

__all__ = ["Command", "CommandRequest", "DeviceFieldError", "parse", "to_base64", "to_plain"]

QUERY_LIMIT: Final = 8192
"""Characters of a query: far above the longest LongId, below any server's limit for a request line."""

CACHED_QUERY_LIMIT: Final = 512
"""Characters of a query that is worth remembering; together with the number of entries it bounds the
memory."""

CACHED_VALUE_LIMIT: Final = 128
"""Characters of a value whose escaped form is worth remembering."""

DEVICE_ID_LIMIT: Final = 32
"""Characters of a canonical DeviceId (grammar of MS-ASHTTP 2.2.1.1.1.2.3); hexadecimal has room for 16
octets."""

DEVICE_TYPE_LIMIT: Final = 32
"""Characters of a DeviceType; the published suite expects Status 109 for 35."""

_PLAIN: Final = re.compile(r"&|^cmd=", re.IGNORECASE)
"""``Cmd=`` counts at the beginning only: base64 may end in those very letters."""

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEVICE_ID: Final = re.compile(r"[A-Za-z0-9._-]+")
_DEVICE_TYPE: Final = re.compile(r"[A-Za-z0-9._-]+(?: +[A-Za-z0-9._-]+)*")
_POLICY_KEY: Final = re.compile(r"[0-9]{1,10}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_URL_SAFE: Final = str.maketrans("-_", "+/")

_SAVE_IN_SENT: Final = 0x01
_ACCEPT_MULTIPART: Final = 0x02
_OPTIONS_TAG: Final = 7
_USER_TAG: Final = 8

_PARAMETERS: Final = {
    0: "AttachmentName",
    1: "CollectionId",
    2: "CollectionName",
    3: "ItemId",
    4: "LongId",
    5: "ParentId",
    6: "Occurrence",
}
"""Tag of the base64 form to the name of the plain form."""
_TAGS: Final = {name: number for number, name in _PARAMETERS.items()}
_NAMES: Final = {
    name.lower(): name for name in (*_TAGS, "Cmd", "User", "DeviceId", "DeviceType", "SaveInSent")
}

_BY_NAME: Final = {command.value: command for command in Command}
_BY_CODE: Final = {command.code: command for command in Command if command.code is not None}
_BY_VERSION_OCTET: Final = {known.code: known for known in Version if known >= Version.V12_1}


class DeviceFieldError(QueryError):
    """A DeviceId or DeviceType that is missing or of the wrong form: Status 108 or 109 from 14.0 on, else
    400.

    Attributes:
        command, version: what ``mdm.status.refusal`` needs to put the Status into the command's own answer.
    """

    def __init__(self, message: str, status: int, command: Command, spoken: Version) -> None:
        super().__init__(message, status=status if spoken >= Version.V14_0 else None)
        self.command = command
        self.version = spoken


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """One request line, in whichever form it came.

    Attributes:
        command: what is asked.
        device_id: canonical DeviceId, at most 32 of ``A-Z 0-9 . _ -``.
        device_type: as sent.
        version: protocol version, from the blob or from the header.
        policy_key: the device's key, blob before header; None when there was none, 0 when it said 0.
        user: ``User`` as typed, None without one; says nothing about who is authenticated.
        parameters: command parameters by their plain names, in order.
        save_in_sent: ``SaveInSent=T`` or its bit.
        accept_multipart: ``MS-ASAcceptMultiPart: T`` or its bit.
        locale: LCID of the base64 form, None in the plain form.
        base64: whether the query was base64.
        device_id_octets: DeviceId of the base64 form, octet by octet, to rebuild it exactly; else empty.
    """

    command: Command
    device_id: str
    device_type: str
    version: Version
    policy_key: int | None = field(default=None, repr=False)
    user: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    save_in_sent: bool = False
    accept_multipart: bool = False
    locale: int | None = None
    base64: bool = False
    device_id_octets: bytes = b""

    def parameter(self, name: str) -> str | None:
        """Value of a command parameter, None without one."""
        return next((value for known, value in self.parameters if known == name), None)


def parse(
    query: bytes | str, *, version: str | None, policy_key: str | None, multipart: str | None
) -> CommandRequest:
    """The request that a query string and the three protocol headers make.

    Args:
        query: what follows ``?``, undecoded.
        version: ``MS-ASProtocolVersion``, None when absent; needed by the plain form, unread in the base64
            form.
        policy_key: ``X-MS-PolicyKey``, None when absent.
        multipart: ``MS-ASAcceptMultiPart``, None when absent.

    Raises:
        QueryError: HTTP 400, or 501 for a command that does not exist.
        DeviceFieldError: DeviceId or DeviceType missing or of the wrong form.
    """
    if len(query) <= CACHED_QUERY_LIMIT and len(policy_key or "") <= 10 and len(version or "") <= 4:
        return _remembered(query, version, policy_key, multipart == "T")
    return _parse(query, version, policy_key, multipart == "T")


def _parse(query: bytes | str, spoken: str | None, policy_key: str | None, multipart: bool) -> CommandRequest:
    if len(query) > QUERY_LIMIT:
        raise QueryError("query too long")
    try:
        text = query.decode() if isinstance(query, bytes) else query
    except UnicodeDecodeError as fault:
        raise QueryError("query is not UTF-8") from fault
    header_key = _header_key(policy_key)
    if _PLAIN.search(text):
        return _plain(text, spoken, header_key, multipart)
    return _blob(_unwrap(text), header_key)


_remembered = lru_cache(maxsize=32_768)(_parse)
"""Phones repeat themselves: nearly every request of a device has the query of its last one. With fewer
places than devices that take turns, hardly any request would find its own; full it is about 25 MiB."""


def _header_key(text: str | None) -> int | None:
    if text is None:
        return None
    if not _POLICY_KEY.fullmatch(text) or int(text) > 0xFFFFFFFF:
        raise QueryError("X-MS-PolicyKey is no 32-bit decimal number")
    return int(text)


def _plain(query: str, spoken: str | None, policy_key: int | None, multipart: bool) -> CommandRequest:
    fields = _fields(query)
    name = fields.pop("Cmd", None)
    if name is None:
        raise QueryError("no Cmd")
    command = _BY_NAME.get(name)
    if command is None:
        raise QueryError("unknown command", http=501)
    known = _version(command, spoken)
    user = fields.pop("User", None)
    save = fields.pop("SaveInSent", "F")
    if save not in ("T", "F"):
        raise QueryError("SaveInSent is neither T nor F")
    device_id, device_type = _device(command, known, fields.pop("DeviceId", ""), fields.pop("DeviceType", ""))
    return CommandRequest(
        command=command,
        device_id=device_id.upper(),
        device_type=device_type,
        version=known,
        policy_key=policy_key,
        user=user,
        parameters=tuple(fields.items()),
        save_in_sent=save == "T",
        accept_multipart=multipart,
    )


def _fields(query: str) -> dict[str, str]:
    """Known parameters of a plain query by proper name; names match in any case, unknown ones are dropped."""
    seen: set[str] = set()
    fields: dict[str, str] = {}
    for part in query.split("&"):
        if not part:
            continue
        raw_name, equals, raw_value = part.partition("=")
        key = _unescape(raw_name).lower()
        if not equals or not key:
            raise QueryError("a parameter without name or value")
        if key in seen:
            raise QueryError("a parameter twice")
        seen.add(key)
        name = _NAMES.get(key)
        value = _unescape(raw_value)
        if name is not None:
            fields[name] = value
        elif not value.strip("="):
            raise QueryError("plain and base64 form mixed")
    return fields


def _unescape(text: str) -> str:
    octets = text.encode("utf-8", "surrogatepass")
    if _BAD_ESCAPE.search(octets):
        raise QueryError("broken percent escape")
    try:
        value = unquote_to_bytes(octets).decode()
    except UnicodeDecodeError as fault:
        raise QueryError("a value is not UTF-8") from fault
    return _printable(value)


def _printable(value: str) -> str:
    if _CONTROL.search(value):
        raise QueryError("control character")
    return value


def _version(command: Command, spoken: str | None) -> Version:
    if spoken is not None:
        return version(spoken)
    if command is Command.AUTODISCOVER:
        return Version.V2_5
    raise QueryError("no MS-ASProtocolVersion")


def _device(command: Command, spoken: Version, device_id: str, device_type: str) -> tuple[str, str]:
    """DeviceId and DeviceType if both have the right form. Discovery asks for a user, so it may lack both."""
    absent = ("",) if command is Command.AUTODISCOVER else ()
    if device_id not in absent and not _fits(device_id, _DEVICE_ID, DEVICE_ID_LIMIT):
        raise DeviceFieldError("DeviceId missing or invalid", 108, command, spoken)
    if device_type not in absent and not _fits(device_type, _DEVICE_TYPE, DEVICE_TYPE_LIMIT):
        raise DeviceFieldError("DeviceType missing or invalid", 109, command, spoken)
    return device_id, device_type


def _fits(text: str, form: re.Pattern[str], limit: int) -> bool:
    return len(text) <= limit and form.fullmatch(text) is not None


def _unwrap(text: str) -> bytes:
    """Octets of a base64 query: padding may be missing, the URL-safe letters and escaped ``+ / =`` are
    equal."""
    value = _unescape(text).translate(_URL_SAFE)
    if not _BASE64.fullmatch(value):
        raise QueryError("neither a plain nor a base64 query")
    value = value.rstrip("=")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error as fault:
        raise QueryError("broken base64") from fault


class _Octets:
    """Fields of the base64 query, read front to back."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._pos = 0

    def __bool__(self) -> bool:
        return self._pos < len(self._octets)

    def take(self, count: int) -> bytes:
        start, self._pos = self._pos, self._pos + count
        if self._pos > len(self._octets):
            raise QueryError("base64 query ends early")
        return self._octets[start : self._pos]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def counted(self) -> bytes:
        return self.take(self.number(1))


def _blob(octets: bytes, header_key: int | None) -> CommandRequest:
    fields = _Octets(octets)
    spoken = _BY_VERSION_OCTET.get(fields.number(1))
    if spoken is None:
        raise QueryError("unknown version octet")
    code, locale, raw_id = fields.number(1), fields.number(2), fields.counted()
    raw_key, raw_type = fields.counted(), fields.counted()
    if len(raw_key) not in (0, 4):
        raise QueryError("policy key of neither 0 nor 4 octets")
    options, user, parameters = _tagged(fields)
    command = _BY_CODE.get(code)
    if command is None:
        raise QueryError("unknown command code", http=501)
    device_id, device_type = _device(command, spoken, _canonical(raw_id), raw_type.decode("latin-1"))
    return CommandRequest(
        command=command,
        device_id=device_id.upper(),
        device_type=device_type,
        version=spoken,
        policy_key=int.from_bytes(raw_key, "little") if raw_key else header_key,
        user=user,
        parameters=parameters,
        save_in_sent=bool(options & _SAVE_IN_SENT),
        accept_multipart=bool(options & _ACCEPT_MULTIPART),
        locale=locale,
        base64=True,
        device_id_octets=raw_id,
    )


def _tagged(fields: _Octets) -> tuple[int, str | None, tuple[tuple[str, str], ...]]:
    """Options, User and the command parameters; unknown tags are skipped."""
    found: dict[int, bytes] = {}
    while fields:
        number, value = fields.number(1), fields.counted()
        if number in found:
            raise QueryError("a parameter twice")
        found[number] = value
    options = found.pop(_OPTIONS_TAG, b"\x00")
    if len(options) != 1:
        raise QueryError("Options of more or less than one octet")
    user = found.pop(_USER_TAG, None)
    parameters = tuple((_PARAMETERS[key], _utf8(value)) for key, value in found.items() if key in _PARAMETERS)
    return options[0], None if user is None else _utf8(user), parameters


def _utf8(octets: bytes) -> str:
    try:
        return _printable(octets.decode())
    except UnicodeDecodeError as fault:
        raise QueryError("a value is not UTF-8") from fault


def _canonical(octets: bytes) -> str:
    text = octets.decode("latin-1")
    return text if _DEVICE_ID.fullmatch(text) else octets.hex()


def to_plain(request: CommandRequest, *, user: str) -> str:
    """The plain query of a request, for a mail server that knows the account as ``user``.

    Version, policy key and AcceptMultiPart travel in headers, which the caller sends.
    """
    fields = [("Cmd", request.command.value), ("User", user), ("DeviceId", request.device_id)]
    fields += [("DeviceType", request.device_type), *request.parameters]
    if request.save_in_sent:
        fields.append(("SaveInSent", "T"))
    return "&".join([f"{name}={_quoted(value)}" for name, value in fields])


def _quoted(value: str) -> str:
    if value.isascii() and value.isalnum():
        return value
    return _remembered_quoted(value) if len(value) <= CACHED_VALUE_LIMIT else quote(value, safe="")


_remembered_quoted = lru_cache(maxsize=32_768)(partial(quote, safe=""))
"""The same names of users come again with every request."""


def to_base64(request: CommandRequest, *, user: str | None = None) -> str:
    """The base64 query of a request; the User tag only where ``user`` is given. A request that came in this
    form keeps its DeviceId octet by octet.

    Raises:
        QueryError: a version, command or value that the form has no room for.
    """
    code = request.command.code
    if code is None or request.version.code not in _BY_VERSION_OCTET:
        raise QueryError("not expressible in base64")
    key = b"" if request.policy_key is None else request.policy_key.to_bytes(4, "little")
    options = request.save_in_sent * _SAVE_IN_SENT | request.accept_multipart * _ACCEPT_MULTIPART
    tagged = [(_TAGS[name], value.encode()) for name, value in request.parameters]
    if options:
        tagged.append((_OPTIONS_TAG, bytes((options,))))
    if user is not None:
        tagged.append((_USER_TAG, user.encode()))
    octets = b"".join(
        (
            bytes((request.version.code, code)),
            (request.locale or 0).to_bytes(2, "little"),
            _counted(request.device_id_octets or request.device_id.encode()),
            _counted(key),
            _counted(request.device_type.encode()),
            *(bytes((number,)) + _counted(value) for number, value in tagged),
        )
    )
    return base64.b64encode(octets).decode()


def _counted(value: bytes) -> bytes:
    if len(value) > 0xFF:
        raise QueryError("value too long for the base64 form")
    return bytes((len(value),)) + value
