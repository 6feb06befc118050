"""Carrying an admitted request to its mail server (house.md 4 steps 7 and 8; product 3.3 to 3.6).

Here a decision becomes a request of our own: the target and the headers are rebuilt from parsed values, the
wait gets its limit, and a request that may hang is entered among the long polls so that a wipe can cut it.
A backend that provisions on its own gets the key that it gave, from the snapshot; when it demands a new one,
the handshake is done here and a request that is still at hand is repeated, once.
"""

from collections.abc import Mapping

from gateway.config import Limits
from gateway.endpoints.bodies import Inspected
from gateway.endpoints.door import Visit
from gateway.endpoints.errands import Errand, Errands, identity_of, key_of
from gateway.endpoints.handshakes import SOON
from gateway.endpoints.rendering import BUSY
from gateway.errors import GatewayError, Kind
from gateway.proxy import drain
from gateway.proxy.answers import UNAVAILABLE
from gateway.proxy.asgi import RawHeaders, Receive, Send
from gateway.proxy.backends import Route
from gateway.proxy.forward import ORDERS, Outbound, Outcome, forward
from gateway.proxy.headers import request_headers
from gateway.proxy.longpolls import LongPolls
from gateway.proxy.race import Ending
from gateway.proxy.upstream import Upstream
from gateway.services.snapshots import Known, Snapshots
from mdm.access import DEVICE_REFUSED
from mdm.ashttp import Command, Reply, Version, rp_headers
from mdm.status import refusal

UPLOADS_PER_USER = 16
"""Long bodies under way for one user in a process: each holds a connection to the backend for as long as its
sender likes, and ten devices that send two mails at once are rare (T20, T21)."""

LEGACY = (Version.V2_5, Version.V12_0)


class Passage:
    """Everything between the verdict and the backend.

    Args:
        upstreams: backend name to its connections.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        polls: LongPolls,
        snapshots: Snapshots,
        errands: Errands,
        limits: Limits,
    ) -> None:
        self._upstreams = upstreams
        self._errands = errands
        self._snapshots = snapshots
        self._polls = polls
        self._slack_s = limits.heartbeat_slack_s
        self._drain_s = limits.early_answer_drain_s
        self._max_body = limits.max_body_bytes
        self._uploads: dict[str, int] = {}

    def upstream(self, known: Known) -> Upstream:
        """The backend that serves this partnership; GatewayError BACKEND_DOWN when it is not configured."""
        found = self._upstreams.get(known.backend)
        if found is None:
            raise GatewayError(Kind.BACKEND_DOWN, "the organisation's backend is not configured")
        return found

    async def carry(
        self, visit: Visit, known: Known, seen: Inspected, receive: Receive, send: Send
    ) -> Outcome:
        """Forward the request and answer it; returns how that ended."""
        if not seen.more:
            return await self._carry(visit, known, seen, receive, send)
        user = known.user.id
        under_way = self._uploads.get(user, 0)
        if under_way >= UPLOADS_PER_USER:
            return await self._put_off(BUSY, seen, receive, send)
        self._uploads[user] = under_way + 1
        try:
            return await self._carry(visit, known, seen, receive, send)
        finally:
            self._uploads[user] -= 1
            if not self._uploads[user]:
                del self._uploads[user]

    async def _carry(
        self, visit: Visit, known: Known, seen: Inspected, receive: Receive, send: Send
    ) -> Outcome:
        upstream = self.upstream(known)
        if (
            known.untold
            and upstream.route.discovers
            and not await self._errands.inform(visit, known, upstream)
        ):
            return await self._put_off(SOON, seen, receive, send)
        outbound = self._outbound(visit, known, seen, upstream)
        if not seen.waits:
            outcome = await forward(upstream, outbound, receive, send)
            if outcome.ending is Ending.ANSWERED and known.peer is None:
                return outcome
            return await self._finish(Errand(visit, known, upstream, outbound, receive, send, None), outcome)
        poll = self._polls.open(
            known.device.key, visit.request, known.backend, visit.principal.proof, visit.source
        )
        if poll is None:
            return await self._put_off(BUSY, seen, receive, send)
        try:
            outcome = await forward(upstream, outbound, receive, send, poll.cut)
            errand = Errand(visit, known, upstream, outbound, receive, send, poll.cut)
            return await self._finish(errand, outcome)
        finally:
            self._polls.close(poll)

    async def _finish(self, errand: Errand, outcome: Outcome) -> Outcome:
        peer = errand.known.peer
        wiped = peer is not None and peer.wipe_at is not None
        if errand.upstream.route.provisions and (wiped or outcome.ending in ORDERS):
            return await self._errands.finish(errand, outcome)
        return outcome

    async def _put_off(self, reply: Reply, seen: Inspected, receive: Receive, send: Send) -> Outcome:
        await drain.answer(reply, receive, send, unread=seen.more, limit_s=self._drain_s)
        return Outcome(Ending.DOWN, reply.status)

    def _outbound(self, visit: Visit, known: Known, seen: Inspected, upstream: Upstream) -> Outbound:
        request, route = visit.request, upstream.route
        identity, config = identity_of(visit, known), route.config
        key = key_of(known) if route.provisions else None
        has_body = bool(seen.first) or seen.more
        return Outbound(
            "POST",
            route.target(request, identity, key),
            request_headers(
                visit.raw,
                request,
                has_body=has_body,
                forwarded_for=visit.trace.client,
                request_id=visit.trace.request_id,
                credentials=route.credentials(identity, visit.basic.password)
                + route.key_header(request, key),
                cookies=config.cookies,
            ),
            first=seen.first,
            more=seen.more,
            content_length=visit.headers.content_length,
            timeout_s=seen.heartbeat + self._slack_s if seen.heartbeat else config.answer_timeout_s,
            on_forbidden=refusal(request.command, request.version, DEVICE_REFUSED),
            extra=self._announcement(known, upstream) if seen.new_hierarchy else [],
            pages=request.command is Command.GET_ATTACHMENT,
            on_order=self._on_order(known, seen, route),
            max_body=self._max_body,
            drain_s=self._drain_s,
        )

    def _on_order(self, known: Known, seen: Inspected, route: Route) -> Reply | None:
        if not route.provisions:
            return UNAVAILABLE
        return self._errands.putting_off(known) if seen.more else None

    def _announcement(self, known: Known, upstream: Upstream) -> RawHeaders:
        """``X-MS-RP`` and its lists, once for each device (MS-ASHTTP R1202)."""
        capabilities = upstream.learnt.last
        if capabilities is None or not self._snapshots.announce_once(known.device.key):
            return []
        versions = offered(capabilities.versions, known.view.organisation.legacy_versions)
        headers = rp_headers(versions, commands(capabilities.commands))
        return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers]


def offered(versions: tuple[Version, ...], legacy: bool) -> tuple[Version, ...]:
    """What clients are told: the backend's versions, without those that the organisation does not serve."""
    return tuple(version for version in versions if legacy or version not in LEGACY)


def commands(names: tuple[str, ...]) -> tuple[str, ...]:
    """The backend's commands with Provision, which the gateway answers itself (SOGo does not list it)."""
    return names if Command.PROVISION.value in names else (*names, Command.PROVISION.value)
