"""What a worker serves: the agreement between ``gateway.app``, which composes, and ``gateway.serving``.

The supervisor and the worker loop get factories as arguments and know nothing of what they build, so the
tests of the server stand on applications of their own (house.md 2).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.board import Board
from gateway.config import Config

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class Application(Protocol):
    """A raw ASGI application with the four moments of a worker's life.

    ``start`` is awaited before the first connection is accepted, in the worker's own process and loop: here
    are sessions, pools and threads made. ``drain`` is awaited when the worker is told to stop, after it
    accepts no new connection: it ends every long poll in the way its client understands, and returns when it
    has told them all. ``close`` is awaited last, when no request is left or the grace is over.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...
    async def start(self) -> None: ...
    async def drain(self) -> None: ...
    async def close(self) -> None: ...


Factory = Callable[[Config], Application]


@dataclass(frozen=True, slots=True)
class Applications:
    """One factory for each kind of listener; called in the worker, after the fork.

    Attributes:
        clients: devices and mail programs, on the TLS listener and on the plain one behind a front proxy.
        redirect: plain HTTP on port 80: phase 3 of AutoDiscover and nothing else.
        admin: the administration listener.
        prepare: migrations; run once, in a process of its own, before any worker; it raises to stop all.
        board: where workers write their figures, one slot for each and the last for administration's.
    """

    clients: Factory
    redirect: Factory
    admin: Factory
    prepare: Callable[[Config], None]
    board: Board | None = None
