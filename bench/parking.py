"""Parking a fleet in Ping: each phone asks for something short first, then hangs on the same connection.

The first answer proves that the phone is let in; verifying unknown credentials is bounded to what a gateway
allows one network to try at once.
"""

import asyncio
import ssl
from collections.abc import Sequence

from bench.client import Line, connect
from bench.fleet import Phone, ping_body, sync_body
from gateway.services.throttle import PER_NETWORK

SETTLE_S = 3.0
"""The backend holds the last Ping by then, and every worker watches for its client's departure."""

AT_ONCE = PER_NETWORK.burst // 2


async def park(port: int, fleet: Sequence[Phone], context: ssl.SSLContext | None = None) -> list[Line]:
    """Bring every phone of ``fleet`` into Ping; the lines are in the fleet's order."""
    room = asyncio.Semaphore(AT_ONCE)
    sync, ping = sync_body(), ping_body()

    async def one(phone: Phone) -> Line:
        async with room:
            line = await connect(port, context)
            status = await line.ask(phone.request("Sync", sync))
            if status != 200:
                raise RuntimeError(f"phone {phone.number} was answered {status}")
            line.send(phone.request("Ping", ping))
            return line

    lines = await asyncio.gather(*(one(phone) for phone in fleet))
    await asyncio.sleep(SETTLE_S)
    return lines


def leave(lines: Sequence[Line]) -> None:
    """All phones lose their network."""
    for line in lines:
        line.close()
