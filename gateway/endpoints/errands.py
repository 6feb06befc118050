"""What is done at a mail server besides carrying a request: its handshake, its orders, its curiosity (product
3.5; T36).

A demand for provisioning is met here and a request that is still at hand is repeated, once. An order to wipe
is kept for an administrator and goes no further. A server that waits to be told what a device is (Exchange's
DeviceDiscovery) is told what the device told the gateway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.endpoints.door import Visit
from gateway.endpoints.handshakes import SOON, Handshakes, Place, PutOff, Settlement
from gateway.log import background
from gateway.proxy import drain
from gateway.proxy.answers import UNAVAILABLE
from gateway.proxy.asgi import Receive, Send
from gateway.proxy.backends import Identity
from gateway.proxy.forward import ORDERS, Outbound, Outcome, forward
from gateway.proxy.provisioner import Asker
from gateway.proxy.race import Ending
from gateway.proxy.upstream import Upstream
from gateway.services.snapshots import Known
from mdm.ashttp import Command, Reply
from mdm.handshake import Ordered

Cut = asyncio.Future[Reply]

_KEY_HEADER = "X-MS-PolicyKey"


@dataclass(frozen=True, slots=True)
class Errand:
    """One request on its way to its backend.

    Attributes:
        cut: ends the wait of a request that may hang.
        renewed: the key with which it is repeated, None while the snapshot's holds.
    """

    visit: Visit
    known: Known
    upstream: Upstream
    outbound: Outbound
    receive: Receive
    send: Send
    cut: Cut | None
    renewed: int | None = field(default=None, repr=False)

    @property
    def place(self) -> Place:
        """The partnership and its backend."""
        return self.known.device.key, self.known.backend

    @property
    def key(self) -> int | None:
        """The backend's own key."""
        return self.renewed or key_of(self.known)


def key_of(known: Known) -> int | None:
    """The key that the backend gave for this device; None without one."""
    return (known.peer.policy_key or None) if known.peer is not None else None


class Errands:
    """Everything but the plain way through.

    Args:
        admits: whether a request may still go to the mail server: what is asked there first takes seconds, in
            which its device may have been blocked or ordered to wipe (T29).
    """

    def __init__(self, handshakes: Handshakes, admits: Callable[[Visit], Awaitable[bool]]) -> None:
        self._handshakes = handshakes
        self._admits = admits

    def putting_off(self, known: Known) -> Reply:
        """What a device is told whose request cannot be repeated, for its body flows."""
        pause = self._handshakes.pause((known.device.key, known.backend))
        return SOON if pause is None else pause.reply

    async def inform(self, visit: Visit, known: Known, upstream: Upstream) -> bool:
        """Tell the backend what the device has reported of itself; False when the request may not follow.

        Raises:
            GatewayError: as ``Door.judge``.
        """
        place = known.device.key, known.backend
        await self._handshakes.inform(place, upstream, _asker(visit, known), key_of(known))
        return await self._admits(visit)

    async def finish(self, errand: Errand, outcome: Outcome, *, last: bool = False) -> Outcome:
        """A request came back with an order of the backend, or from one that had ordered a wipe.

        Args:
            last: it has been repeated once already.

        Raises:
            GatewayError: UNAVAILABLE, THROTTLED: nothing can be kept now.
        """
        handshakes, place = self._handshakes, errand.place
        if outcome.ending is Ending.PROVISIONS:
            return await self._provision(errand, outcome, last=last)
        if outcome.ending is Ending.WIPES:
            keeping = handshakes.ordered(place, Ordered(None))
            if outcome.status:
                background(keeping, name="the backend orders a wipe")
                return outcome
            return await _answer(errand, (await keeping).reply, outcome)
        if outcome.ending is Ending.ORDERS:
            return outcome if outcome.status else await _answer(errand, UNAVAILABLE, outcome)
        if outcome.backend_status == 200 and errand.visit.request.command is not Command.PING:
            background(handshakes.served(place), name="the backend serves again")
        return outcome

    async def _provision(self, errand: Errand, outcome: Outcome, *, last: bool) -> Outcome:
        """Repeat the request with a key; once more if that was another request's and outdated as well."""
        asker = _asker(errand.visit, errand.known)
        task = self._handshakes.begin(errand.place, errand.upstream, asker, errand.key)
        if outcome.status:
            return outcome
        settled = await _settled(task, errand.cut)
        if errand.cut is not None and errand.cut.done():
            return await _answer(errand, errand.cut.result(), replace(outcome, ending=Ending.CUT))
        if isinstance(settled, PutOff):
            return await _answer(errand, settled.reply, outcome)
        if not await self._admits(errand.visit):
            return await _answer(errand, SOON, outcome)
        again = _with_key(errand, settled.key, last=last or settled.fresh)
        outcome = await forward(errand.upstream, again.outbound, errand.receive, errand.send, errand.cut)
        if outcome.ending not in ORDERS or outcome.status:
            return outcome
        return await self.finish(again, outcome, last=True)


async def _settled(task: asyncio.Task[Settlement], cut: Cut | None) -> Settlement:
    """The handshake's outcome; a cut does not wait for it, and no waiter ends it for the others."""
    if cut is None:
        return await asyncio.shield(task)
    waited: set[asyncio.Future[Any]] = {task, cut}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    return task.result() if task.done() else PutOff(1.0)


def _with_key(errand: Errand, key: int | None, *, last: bool) -> Errand:
    """The same request with the key that the backend wants to see; ``last`` if that is a fresh one."""
    request, route = errand.visit.request, errand.upstream.route
    headers = [pair for pair in errand.outbound.headers if pair[0] != _KEY_HEADER]
    outbound = replace(
        errand.outbound,
        target=route.target(request, identity_of(errand.visit, errand.known), key),
        headers=[*headers, *route.key_header(request, key)],
        on_order=UNAVAILABLE if last else None,
    )
    return replace(errand, outbound=outbound, renewed=key)


async def _answer(errand: Errand, reply: Reply, outcome: Outcome) -> Outcome:
    """Answer a request of which the whole body was read."""
    await drain.answer(reply, errand.receive, errand.send, unread=False, limit_s=errand.outbound.drain_s)
    return replace(outcome, status=reply.status, sent=len(reply.body))


def identity_of(visit: Visit, known: Known) -> Identity:
    """Who asks, by every name that a backend may want."""
    return Identity(visit.basic.username, known.user.address, known.user.login)


def _asker(visit: Visit, known: Known) -> Asker:
    return Asker(
        visit.request,
        visit.raw,
        identity_of(visit, known),
        visit.basic.password,
        visit.trace.client,
        visit.trace.request_id,
        known.device.information,
    )
