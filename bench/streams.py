"""Memory of a worker while 100 MiB stream through it, each way, to a reader slower than the sender.

Growth is the peak resident size during the transfer (the kernel's own high-water mark, not samples) over the
size before it; a small exchange of the same kind goes first.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator

import uvloop

from bench.backend import LONG
from bench.client import connect
from bench.figures import Figure, report
from bench.fleet import Phone, phones, send_mail_head, sync_body
from bench.gateway import backend, gateway
from bench.processes import LOAD, forget_peak, here, peak_kib, rss_kib
from mdm.codepages import tag
from mdm.element import element
from mdm.wbxml import encode

PIECE = 1 << 16
PAUSE_S = 0.002
"""After each piece the slow reader rests: about 25 MiB a second, half of what the sender can do."""

Transfer = Callable[[int, Phone], Awaitable[None]]


async def download(port: int, phone: Phone) -> None:
    """Fetch a long answer slowly."""
    body = encode(element(tag("ItemOperations", "ItemOperations")))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=PIECE)
    writer.write(phone.request("ItemOperations", body))
    head = await reader.readuntil(b"\r\n\r\n")
    received = 0
    while received < LONG and (piece := await reader.read(PIECE)):
        received += len(piece)
        await asyncio.sleep(PAUSE_S)
    writer.close()
    if not head.startswith(b"HTTP/1.1 200") or received != LONG:
        raise RuntimeError(f"{received} bytes came after {head[:20]!r}")


async def upload(port: int, phone: Phone) -> None:
    """Send a long message; the backend reads it slowly."""
    start, piece = send_mail_head(), bytes(PIECE)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(phone.head("SendMail", LONG) + start)
    left = LONG - len(start)
    while left:
        part = piece[:left]
        left -= len(part)
        writer.write(part)
        await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"answered {head[:20]!r}")


async def _growth(port: int, worker: int, phone: Phone, transfer: Transfer) -> float:
    """MiB."""
    line = await connect(port)
    await line.ask(phone.request("Sync", sync_body()))
    line.close()
    await asyncio.sleep(1)
    before = rss_kib(worker)
    forget_peak(worker)
    await transfer(port, phone)
    return (peak_kib(worker) - before) / 1024


def figures() -> Iterator[Figure]:
    """Both ways, each in a gateway of its own."""
    here(LOAD)
    ways: list[tuple[str, Transfer]] = [
        ("stream_memory_download", download),
        ("stream_memory_upload", upload),
    ]
    fleet = phones(1)
    with backend() as mail:
        for name, transfer in ways:
            with gateway(mail, fleet, workers=1, max_body=2 * LONG) as served:
                growth = uvloop.run(_growth(served.place.plain, served.workers[0], fleet[0], transfer))
            yield Figure(name, growth, "MiB", 8)


if __name__ == "__main__":
    sys.exit(report(figures()))
