"""The console's own files: a stylesheet, a script, an icon, and htmx as its npm package has it.

They are read once, served with a validator, and are all that a page loads (product 7.2: nothing from
outside).
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from gateway.errors import GatewayError, Kind

TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """A file: its octets, the same compressed, its type and its validator."""

    plain: bytes
    packed: bytes
    media_type: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """All files by their name."""
    folder = files(__package__).joinpath("static")
    return {each.name: _asset(each.name, each.read_bytes()) for each in folder.iterdir()}


def _asset(name: str, octets: bytes) -> Asset:
    suffix = name[name.rindex(".") :]
    tag = f'"{hashlib.sha256(octets).hexdigest()[:16]}"'
    return Asset(octets, gzip.compress(octets, mtime=0), TYPES[suffix], tag)


async def serve_asset(name: str, request: Request) -> Response:
    """One file; NOT_FOUND for any other name, so no path leads anywhere."""
    found = assets().get(name)
    if found is None:
        raise GatewayError(Kind.NOT_FOUND)
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found.plain, headers=headers, media_type=found.media_type)
    return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)
