"""What can be wrong with a message, each with its wire form (MS-ASHTTP 2.2.2, MS-ASCMD 2.2.2).

A core raises one of these and nothing else. Every error knows the HTTP status that protocol versions up to
12.1 get and the common Status that 14.0 and later get, so the shell renders it without knowing its cause.

    ProtocolError
     +-- QueryError       the request line or a protocol header
     +-- WBXMLError       the body cannot be decoded; carries the byte offset
     +-- SchemaError      the body decodes, but is not the document that the command wants
     +-- PolicyError      a policy value out of range; names every wrong value at once
"""

from collections.abc import Mapping
from types import MappingProxyType


class ProtocolError(Exception):
    """A message that cannot be accepted.

    Attributes:
        http: HTTP status for protocol versions up to 12.1, and for 14.0 and later when ``status`` is None.
        status: common Status (MS-ASCMD 2.2.2) for 14.0 and later, or None when HTTP alone says it.
    """

    http: int = 400
    status: int | None = 101

    def __init__(self, message: str, *, http: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        if http is not None:
            self.http = http
        if status is not None:
            self.status = status


class QueryError(ProtocolError):
    """A request line or header that breaks MS-ASHTTP 2.2.1: HTTP 400, or 501 for an unknown command.

    A base64 or plain query that cannot be understood has no version to speak of, so its answer is HTTP alone;
    a device id or type of the wrong form has a Status (108, 109) from 14.0 on.
    """

    status: int | None = None


class WBXMLError(ProtocolError):
    """A body that is no WBXML of MS-ASWBXML: Status 102, HTTP 400 up to 12.1.

    Attributes:
        offset: byte at which decoding stopped.
    """

    status = 102

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} at byte {offset}")
        self.offset = offset


class SchemaError(ProtocolError):
    """A body that decodes but is not what its command asks for: Status 103, HTTP 400 up to 12.1."""

    status = 103


class PolicyError(Exception):
    """Policy values that no EASProvisionDoc can carry.

    Attributes:
        faults: setting name to what is wrong with its value, every wrong one at once.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults: Mapping[str, str] = MappingProxyType(dict(faults))


class RuleError(Exception):
    """An access rule that cannot be compiled.

    Attributes:
        faults: place within the rule to what is wrong there, every wrong one at once.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{place}: {fault}" for place, fault in faults.items()))
        self.faults: Mapping[str, str] = MappingProxyType(dict(faults))
