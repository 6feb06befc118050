"""What discovery is measured against: Starlette on stock Hypercorn, which returns bytes that it was given."""

import asyncio
import sys
from pathlib import Path
from typing import cast

import uvloop
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(xml: bytes, json: bytes) -> Starlette:
    """One path for each of the two answers; nobody signs in and nothing is parsed."""

    async def pox(request: Request) -> Response:
        await request.body()
        return Response(xml, media_type="text/xml")

    async def json_v2(_: Request) -> Response:
        return Response(json, media_type="application/json")

    return Starlette(
        routes=[
            Route("/autodiscover/autodiscover.xml", pox, methods=["POST"]),
            Route("/autodiscover/autodiscover.json", json_v2),
        ]
    )


async def serve(port: int, directory: Path) -> None:
    """Serve until the process ends."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.backlog = 4096
    app = application((directory / "pox").read_bytes(), (directory / "json").read_bytes())
    await hypercorn_serve(cast(ASGIFramework, app), config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
