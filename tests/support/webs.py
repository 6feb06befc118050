"""A healthy gateway's web servers in a thread of their own, for what runs a loop by itself."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.probes.phases import PATH
from tests.support.stranger import CHALLENGE, answer, sound, stranger


@dataclass(frozen=True)
class Web:
    """The ports on 127.0.0.1."""

    https: int
    http: int


@contextlib.contextmanager
def healthy_web(host: str) -> Iterator[Web]:
    """Answers both phases for ``host`` as it should be."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    stack = contextlib.AsyncExitStack()

    async def begin() -> Web:
        redirect = answer("302 Found", f"Location: https://{host}{PATH}")
        https = await stack.enter_async_context(stranger(CHALLENGE, sound(host)))
        http = await stack.enter_async_context(stranger(redirect))
        return Web(https.port, http.port)

    try:
        yield asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
