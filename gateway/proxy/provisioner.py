"""Provision with a mail server that has policies of its own, on behalf of a device (product 3.5; MS-ASPROV
3.1.5.1; T36).

Both phases in the version and the query form of the request that was refused, with that user's credentials.
The policy itself is not looked at: the device obeys the gateway's, and the acknowledgement says so. Whatever
the server answers is bounded in size and time, and understood by ``mdm.handshake``, never passed on.
"""

import asyncio
from dataclasses import dataclass, field, replace

import aiohttp

from gateway.proxy.asgi import RawHeaders
from gateway.proxy.backends import Identity
from gateway.proxy.headers import request_headers
from gateway.proxy.race import Lost
from gateway.proxy.upstream import Upstream
from gateway.proxy.wire import Answer as HttpAnswer
from mdm import handshake
from mdm.ashttp import Command
from mdm.device import DeviceInformation
from mdm.handshake import Answer, Granted, Refused
from mdm.query import CommandRequest

PATIENCE_S = 20.0
"""Both phases together: a phone waits for its answer meanwhile."""

MAX_ANSWER = 64 * 1024
"""A Provision answer with every element of a policy has less than 2 KiB."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf.

    Attributes:
        request: the one that the backend refused; its version, form and device are used.
        raw: that request's headers, for the allow-list.
        password: of the request at hand, not kept.
        information: what the device reported of itself.
    """

    request: CommandRequest
    raw: RawHeaders = field(repr=False)
    identity: Identity
    password: str = field(repr=False)
    forwarded_for: str
    request_id: str
    information: DeviceInformation


async def provision(upstream: Upstream, asker: Asker, patience_s: float = PATIENCE_S) -> Answer:
    """Do both phases; the answer of the last one that was reached. Never raises for what the backend does."""
    version = asker.request.version
    try:
        async with asyncio.timeout(patience_s):
            first = handshake.request(version, asker.information)
            offered = await _provision(upstream, asker, first, 0)
            if not isinstance(offered, Granted):
                return offered
            second = handshake.acknowledgement(version, offered.key)
            return await _provision(upstream, asker, second, offered.key)
    except TimeoutError:
        return Refused("it did not answer Provision in time")
    except Lost as lost:
        return Refused(f"it could not be asked to provision: {lost.ending.value}")


async def inform(upstream: Upstream, asker: Asker, key: int | None, patience_s: float = PATIENCE_S) -> bool:
    """Tell what the device reported of itself; returns whether the backend took it."""
    body = handshake.report(asker.request.version, asker.information)
    try:
        async with asyncio.timeout(patience_s):
            answer = await _ask(upstream, asker, Command.SETTINGS, body, key)
    except (TimeoutError, Lost):
        return False
    answer.close()
    return answer.status == 200


async def _provision(upstream: Upstream, asker: Asker, body: bytes, key: int) -> Answer:
    answer = await _ask(upstream, asker, Command.PROVISION, body, key)
    try:
        if answer.status != 200:
            return Refused(f"it answered Provision with HTTP {answer.status}")
        if "Content-Encoding" in answer.headers:
            return Refused("its answer to Provision is compressed")
        octets = await _whole(answer)
    finally:
        answer.close()
    return Refused("its answer to Provision is too long") if octets is None else handshake.read_answer(octets)


async def _ask(
    upstream: Upstream, asker: Asker, command: Command, body: bytes, key: int | None
) -> HttpAnswer:
    route = upstream.route
    request = replace(
        asker.request, command=command, parameters=(), save_in_sent=False, accept_multipart=False
    )
    shown = route.credentials(asker.identity, asker.password) + route.key_header(request, key)
    headers = request_headers(
        asker.raw,
        request,
        has_body=True,
        forwarded_for=asker.forwarded_for,
        request_id=asker.request_id,
        credentials=shown,
        cookies=route.config.cookies,
    )
    return await upstream.open("POST", route.target(request, asker.identity, key), headers, body)


async def _whole(answer: HttpAnswer) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    try:
        while chunk := await answer.content.readany():
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER:
                return None
    except (aiohttp.ClientError, OSError):
        return b""
    return b"".join(parts)
