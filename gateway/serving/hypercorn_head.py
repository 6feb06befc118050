"""The head of a request, read strictly: one meaning for us, for a front proxy and for the backend (T15).

h11 forgives a bare line feed and folded header lines, looks at its size limit only while a head is
incomplete (60 KiB in one packet pass), knows no limit on the number of headers, and reads HTTP/1.2 and
HTTP/2.0 request lines (research/perf.md 8.2 to 8.5). What is forgiven here and read differently elsewhere
is a smuggled request.
"""

import h11

from gateway.config import Limits

VERSIONS = (b"1.1", b"1.0")
END = b"\r\n\r\n"


class StrictConnection(h11.Connection):
    """h11's server side, with every head inspected before it is parsed."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=limits.header_bytes)
        self._limits = limits
        self.application_asked = False

    @property
    def they_are_waiting_for_100_continue(self) -> bool:
        """True once the application wants the body: not before it has decided (research/perf.md 8.10)."""
        return self.application_asked and super().they_are_waiting_for_100_continue

    @property
    def partial_head(self) -> bool:
        """True when a request has begun whose head is not complete."""
        return self.their_state is h11.IDLE and bool(self.trailing_data[0])

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """h11's, but a head that is lax, too long or of another protocol is refused."""
        if self.their_state is not h11.IDLE:
            return super().next_event()
        self._inspect(self.trailing_data[0])
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.application_asked = False
            if event.http_version not in VERSIONS:
                raise h11.RemoteProtocolError("unknown HTTP version", error_status_hint=505)
        return event

    def _inspect(self, data: bytes) -> None:
        end = data.find(END)
        head = data if end < 0 else data[: end + 2]
        if len(head) > self._limits.header_bytes:
            raise h11.RemoteProtocolError("head too long", error_status_hint=431)
        lines = head.count(b"\r\n")
        if lines != head.count(b"\n"):
            raise h11.RemoteProtocolError("bare line feed")
        if b"\r\n " in head or b"\r\n\t" in head:
            raise h11.RemoteProtocolError("folded header")
        if head.lower().count(b"\r\ncontent-length:") > 1:
            raise h11.RemoteProtocolError("two lengths")  # h11 makes one of two that agree
        if lines - 1 > self._limits.header_count:
            raise h11.RemoteProtocolError("too many headers", error_status_hint=431)
