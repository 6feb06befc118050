"""What can be wrong with a discovery request, numbered for each format (spec/autodiscover.md 2.8, 4.3).

A format raises ``DiscoveryError`` and nothing else. POX answers one with HTTP 200 and its code in the
body: any other HTTP status tells a client that this address does not speak AutoDiscover at all.
"""

from enum import Enum


class Fault(Enum):
    """One kind of failure: its POX ErrorCode, SOAP ErrorCode and JSON HTTP status, and a text for people."""

    UNKNOWN_MAILBOX = (500, "InvalidUser", 404, "The email address can't be found.")
    INVALID_REQUEST = (600, "InvalidRequest", 400, "Invalid Request")
    NOT_UNDERSTOOD = (600, "InvalidRequest", 400, "A header that must be understood is not")
    NO_PROVIDER = (601, "InvalidRequest", 400, "Provider is not available")
    INTERNAL = (603, "InternalServerError", 500, "Internal Server Error")

    def __init__(self, pox: int, soap: str, json: int, message: str) -> None:
        self.pox = pox
        self.soap = soap
        self.json = json
        self.message = message


class DiscoveryError(Exception):
    """A request that gets an error body instead of settings.

    Attributes:
        fault: what the client is told.
        reason: what the log is told; never sent, since it may quote the request.
    """

    def __init__(self, fault: Fault, reason: str = "") -> None:
        super().__init__(reason or fault.message)
        self.fault = fault
        self.reason = reason
