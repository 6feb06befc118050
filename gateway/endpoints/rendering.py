"""The only place where an outcome or an error kind becomes bytes on the wire (house.md 6).

Replies of the cores and refusals of the shell meet here; ``gateway.proxy.drain.answer`` sends what comes out.
"""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import Any

from gateway.errors import GatewayError, Kind
from mdm import status
from mdm.ashttp import Reply, Version
from mdm.errors import ProtocolError
from mdm.query import CommandRequest, DeviceFieldError

RETRY_AFTER = 30
"""Seconds to wait after 503: longer than a worker's restart, shorter than a person's patience."""

CHALLENGE = ("WWW-Authenticate", 'Basic realm="Usher", charset="UTF-8"')
UNAUTHENTICATED = Reply(401, (CHALLENGE, ("Cache-Control", "private")))
METHOD_NOT_ALLOWED = Reply(
    405, (("Allow", "OPTIONS,POST"),), b"ActiveSync answers OPTIONS and POST.\n", "text/plain"
)
BUSY = Reply(503, (("Retry-After", str(RETRY_AFTER)),))


def later(seconds: float) -> Reply:
    """503 with the time after which to come again."""
    return Reply(503, (("Retry-After", str(max(ceil(seconds), 1))),))


def protocol_reply(fault: ProtocolError, request: CommandRequest | None) -> Reply:
    """A core's error in the request's dialect: Status from 14.0 on, HTTP before or when nothing is known.

    A wrong DeviceId or DeviceType is found before there is a request, but tells command and version itself.
    """
    if isinstance(fault, DeviceFieldError) and fault.status is not None:
        return status.refusal(fault.command, fault.version, fault.status)
    if request is None or fault.status is None or request.version < Version.V14_0:
        return Reply(fault.http)
    return status.refusal(request.command, request.version, fault.status)


ACTIVESYNC: Mapping[Kind, tuple[int | None, int]] = MappingProxyType(
    {
        Kind.MALFORMED: (101, 400),
        Kind.UNSUPPORTED: (137, 501),
        Kind.TOO_LARGE: (None, 413),
        Kind.UNAUTHENTICATED: (None, 401),
        Kind.FORBIDDEN: (130, 403),
        Kind.UNCONFIRMED: (130, 403),
        Kind.NOT_FOUND: (123, 403),
        Kind.CONFLICT: (None, 503),
        Kind.CHANGED: (None, 503),
        Kind.THROTTLED: (None, 503),
        Kind.UNAVAILABLE: (None, 503),
        Kind.BACKEND_DOWN: (None, 503),
        Kind.BACKEND_SLOW: (None, 504),
        Kind.INTERNAL: (110, 500),
    }
)
"""Kind to (common Status from 14.0 on, or None where HTTP alone says it; HTTP up to 12.1)."""

REST: Mapping[Kind, int] = MappingProxyType(
    {
        Kind.MALFORMED: 400,
        Kind.UNSUPPORTED: 501,
        Kind.TOO_LARGE: 413,
        Kind.UNAUTHENTICATED: 401,
        Kind.FORBIDDEN: 403,
        Kind.UNCONFIRMED: 403,
        Kind.NOT_FOUND: 404,
        Kind.CONFLICT: 409,
        Kind.CHANGED: 412,
        Kind.THROTTLED: 429,
        Kind.UNAVAILABLE: 503,
        Kind.BACKEND_DOWN: 502,
        Kind.BACKEND_SLOW: 504,
        Kind.INTERNAL: 500,
    }
)
"""Kind to the status of a problem document."""


def kind_reply(error: GatewayError, request: CommandRequest | None) -> Reply:
    """A shell's error on the ActiveSync path (the table of house.md 6)."""
    code, http = ACTIVESYNC[error.kind]
    if code is not None and request is not None and request.version >= Version.V14_0:
        return status.refusal(request.command, request.version, code)
    if http == 503:
        return BUSY
    return UNAUTHENTICATED if http == 401 else Reply(http)


def problem(error: GatewayError) -> tuple[int, dict[str, Any]]:
    """A shell's error as an RFC 9457 problem document for the REST API."""
    http = REST[error.kind]
    document: dict[str, Any] = {"type": "about:blank", "title": error.kind.value, "status": http}
    if error.public:
        document["detail"] = error.public
    if error.faults:
        document["errors"] = [{"field": name, "fault": fault} for name, fault in error.faults.items()]
    return http, document
