"""Reads ``corpus.txt`` and turns each line into the octets of a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus.txt")
HOST = b"mail.example.com"
PATH = b"/Microsoft-Server-ActiveSync"
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|[rnt\\])")
SHORT = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}
PLACE = re.compile(rb"<([a-z]+)>")


@dataclass(frozen=True)
class Trick:
    """One line of the corpus.

    Attributes:
        mark: ``-`` nothing may come out, ``~`` nothing or the canonical request, ``+`` the canonical request.
        text: as it stands in the file, for people.
    """

    section: str
    mark: str
    text: str

    def filled(self, values: Mapping[bytes, bytes]) -> bytes:
        """The trick with its placeholders replaced."""
        octets = ESCAPE.sub(lambda found: _octet(found[1]), self.text.encode())
        return PLACE.sub(lambda found: values[found[1]], octets)


def _octet(escape: bytes) -> bytes:
    return SHORT.get(escape) or bytes.fromhex(escape[1:].decode())


def tricks(section: str) -> list[Trick]:
    """The lines of one section, in order."""
    found, current = [], ""
    for line in CORPUS.read_text("utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif line and not line.startswith("#") and current == section:
            mark, _, text = line.partition(" ")
            found.append(Trick(section, mark, text))
    return found


def head(values: Mapping[bytes, bytes], *, target: bytes | None = None, policy_key: bool = True) -> bytes:
    """A good head up to the framing headers, with ``target`` in the place of the canonical one."""
    lines = [
        b"POST " + (target or PATH + b"?" + values[b"ok"]) + b" HTTP/1.1",
        b"Host: " + HOST,
        b"Authorization: " + values[b"auth"],
        b"User-Agent: Trickster/1.0",
        b"MS-ASProtocolVersion: 14.1",
        b"Content-Type: application/vnd.ms-sync.wbxml",
    ]
    if policy_key:
        lines.append(b"X-MS-PolicyKey: " + values[b"key"])
    return b"".join(line + b"\r\n" for line in lines)


def request(trick: Trick, values: Mapping[bytes, bytes]) -> bytes:
    """The octets to send for a trick of any section but ``body``."""
    text, framing = (
        trick.filled(values),
        b"Content-Length: " + values[b"length"] + b"\r\n\r\n" + values[b"body"],
    )
    match trick.section:
        case "path":
            return head(values, target=text if b"?" in text else text + b"?" + values[b"ok"]) + framing
        case "query":
            return head(values, target=PATH + b"?" + text) + framing
        case "header":
            return head(values) + text + b"\r\n" + framing
        case _:
            return text
