"""The build that comes to mind first: Starlette on Hypercorn, httpx to the backend, no checks at all."""

import asyncio
import sys
from typing import cast

import httpx
import uvloop
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

HOPS = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"})

sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
# Where sniffio is not installed httpcore searches the disk for it on every request, a quarter of its CPU
# time: an accident of the environment that would flatter us.


def application(origin: str) -> Starlette:
    """A streaming reverse proxy."""
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None))

    async def proxy(request: Request) -> StreamingResponse:
        headers = [(name, value) for name, value in request.headers.items() if name not in HOPS]
        url = f"{origin}{request.url.path}?{request.url.query}"
        outbound = client.build_request(request.method, url, headers=headers, content=request.stream())
        answer = await client.send(outbound, stream=True)
        kept = {name: value for name, value in answer.headers.items() if name not in HOPS}
        after = BackgroundTask(answer.aclose)
        return StreamingResponse(answer.aiter_raw(), answer.status_code, kept, background=after)

    return Starlette(routes=[Route("/{path:path}", proxy, methods=["POST", "OPTIONS"])])


async def serve(port: int, origin: str) -> None:
    """Serve until the process ends."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.backlog = 4096
    app = cast(ASGIFramework, application(origin))
    await hypercorn_serve(app, config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
