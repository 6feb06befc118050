"""Answers that are given before the request's body was read (MS-ASHTTP 2.2.2; Hypercorn 0.18, trap 1).

Hypercorn queues ten chunks of a body and then waits for the application to take one. When the application
answers and leaves, that wait never ends: the connection, its task and 640 KiB stay for ever, which any
stranger can cause with a large POST and a wrong password. So whoever answers early reads on while it answers,
for a bounded time. Reading on has a second use: closing a socket with unread data makes the kernel send RST,
which can take the answer away from under the client's eyes.
"""

import asyncio

from gateway.proxy.asgi import DISCONNECT, Receive, Send, head, tail
from mdm.ashttp import Reply

DRAIN_S = 5.0
"""A phone that sends for longer than this after its answer loses the connection."""


async def drain(receive: Receive, limit_s: float = DRAIN_S) -> None:
    """Read and drop what the client still sends, until the request is over or ``limit_s`` seconds have
    passed.
    """
    try:
        async with asyncio.timeout(limit_s):
            while (await receive())["type"] != DISCONNECT:
                pass
    except TimeoutError:
        return


async def answer(
    reply: Reply, receive: Receive, send: Send, *, unread: bool, limit_s: float = DRAIN_S
) -> None:
    """Send a complete answer; ``unread`` says that the request's body has not been read to its end.

    The client gets all of the answer at once; the exchange ends when its body has ended or ``limit_s`` is
    over.
    """
    await send(head(reply))
    if unread:
        await end(receive, send, body=reply.body, limit_s=limit_s)
    else:
        await send(tail(reply.body))


async def end(receive: Receive, send: Send, *, body: bytes = b"", limit_s: float = DRAIN_S) -> None:
    """Send the last of an answer while dropping what the client still sends; then close the exchange.

    Waiting for the end of the client's body saves the connection; where it does not come the server closes.
    """
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_to_the_end(receive, limit_s))
        if body:
            await send(tail(body, more=True))
    if reading.result():
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(drain(receive, limit_s))
        await send(tail())


async def _to_the_end(receive: Receive, limit_s: float) -> bool:
    """Read to the body's end; True when the client has left."""
    try:
        async with asyncio.timeout(limit_s):
            while True:
                message = await receive()
                if message["type"] == DISCONNECT:
                    return True
                if not message.get("more_body", False):
                    return False
    except TimeoutError:
        return False
