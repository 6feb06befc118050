"""The end of the road for mail: all of it is kept in one folder, and what is for a person there is filed.

``python sink.py PORT KEPT MAIL``: a message becomes ``KEPT/<number>.eml`` with ``KEPT/<number>.json`` for its
envelope (RFC 5321), and a file in ``MAIL/<local part>/new`` for each recipient (maildir), where IMAP sees it
at once.
"""

import asyncio
import itertools
import json
import os
import re
import sys
from pathlib import Path

NUMBERS = itertools.count(1)
ADDRESS = re.compile(r"<([^<>]*)>")
LOCAL_PART = re.compile(r"(user\d{1,4})@.*")
LARGEST = 64 * 1024 * 1024


class Sink:
    """What all conversations share: where things go."""

    def __init__(self, kept: Path, mail: Path) -> None:
        self._kept = kept
        self._mail = mail

    def file(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Keep one message; the envelope is written last, so whoever sees it finds the message complete."""
        name = f"{next(NUMBERS):06d}"
        (self._kept / f"{name}.eml").write_bytes(content)
        for recipient in recipients:
            if person := LOCAL_PART.fullmatch(recipient):
                self._deliver(person[1], name, content)
        envelope = self._kept / f"{name}.json"
        envelope.with_suffix(".part").write_text(json.dumps({"sender": sender, "recipients": recipients}))
        envelope.with_suffix(".part").rename(envelope)

    def _deliver(self, person: str, name: str, content: bytes) -> None:
        box = self._mail / person
        for folder in ("tmp", "new", "cur"):
            (box / folder).mkdir(parents=True, exist_ok=True)
        part = box / "tmp" / f"{name}.{os.getpid()}.sink"
        part.write_bytes(content)
        part.rename(box / "new" / part.name)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One SMTP conversation; whatever a sender asks beyond the minimum is refused."""
        sender, recipients = "", []
        writer.write(b"220 sink\r\n")
        while line := (await reader.readline()).decode("latin-1").strip():
            verb = line.upper()
            answer = "250 ok"
            if verb.startswith("MAIL FROM:"):
                sender, recipients = _address(line), []
            elif verb.startswith("RCPT TO:"):
                recipients.append(_address(line))
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                self.file(sender, recipients, await _content(reader))
            elif verb == "QUIT":
                writer.write(b"221 good bye\r\n")
                break
            elif not verb.startswith(("EHLO", "HELO", "RSET", "NOOP")):
                answer = "502 not here"
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
        writer.close()


def _address(line: str) -> str:
    found = ADDRESS.search(line)
    return found[1].lower() if found else ""


async def _content(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readline()) not in (b".\r\n", b""):
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(lines)


def _become_owner(folder: Path) -> None:
    """Root gives itself up only here: the interpreter and this file may lie where nobody else can read."""
    owner = folder.stat()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


async def main() -> None:
    port, kept, mail = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    server = await asyncio.start_server(Sink(kept, mail).talk, "127.0.0.1", port, limit=LARGEST)
    _become_owner(kept)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
