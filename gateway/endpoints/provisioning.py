"""The two documents that the gateway reads for itself: Provision and Settings (product 3.3; MS-ASPROV).

Provision is answered here in one transaction and never reaches a backend. Of Settings only DeviceInformation
is read, and DevicePassword is taken out; the rest goes on as it came, because out-of-office and the like
belong to the mail server.
"""

from gateway.config import Limits
from gateway.endpoints.bodies import Body, Inspected
from gateway.endpoints.rendering import later
from gateway.endpoints.threads import Threads
from gateway.log import Trace
from gateway.services.devices import DeviceService
from gateway.services.partnerships import device_actor
from gateway.services.recovery import Recovery
from gateway.services.snapshots import Known
from mdm import provision, wbxml
from mdm.ashttp import Reply
from mdm.device import DeviceInformation, DeviceKey
from mdm.gatekeeper import answer_here
from mdm.query import CommandRequest
from mdm.settings import RecoveryPassword, merge, read_information, read_password, without_password


class Provisioning:
    """Answers Provision and learns from Settings."""

    def __init__(self, devices: DeviceService, recovery: Recovery, threads: Threads, limits: Limits) -> None:
        self._devices = devices
        self._recovery = recovery
        self._threads = threads
        self._provision_bytes = limits.provision_bytes
        self._settings_bytes = limits.settings_bytes

    async def provision(
        self,
        request: CommandRequest,
        key: DeviceKey,
        body: Body,
        trace: Trace,
        user_agent: str,
        *,
        unverified: bool = False,
        paused_s: float = 0.0,
    ) -> Reply:
        """Answer one Provision request; what it changed is durable when this returns.

        Args:
            paused_s: seconds for which a device that loops is not to ask anew; what it acknowledges is heard.

        Raises:
            ProtocolError: the body is no WBXML (102).
            GatewayError: TOO_LARGE, UNAVAILABLE, NOT_FOUND.
            ClientLeft: the client went away.
        """
        octets = await body.whole(self._provision_bytes)
        message = provision.read(request, octets)
        if paused_s and isinstance(message, provision.PolicyRequest):
            trace.verdict = "looping"
            return later(paused_s)
        actor = device_actor(key, trace.client, user_agent, trace.request_id)
        exchange = await self._threads.store(
            self._devices.provision, key, request, message, actor, unverified=unverified
        )
        trace.verdict = exchange.effect.value
        return exchange.reply

    async def answer_quarantined(
        self,
        request: CommandRequest,
        known: Known,
        body: Body,
        trace: Trace,
        user_agent: str,
        *,
        first: bytes = b"",
    ) -> Reply:
        """Answer FolderSync or Settings of a quarantined device; nothing reaches the backend (6.5).

        ``first`` is what has been read of the body already.
        """
        octets = await body.whole(self._settings_bytes, first)
        reply, information = answer_here(request, octets)
        await self._learn(known, information, trace, user_agent)
        return reply

    async def read_settings(
        self, known: Known, seen: Inspected, body: Body, trace: Trace, user_agent: str
    ) -> str | None:
        """Gather a Settings document, keep what it reports, and leave in ``seen`` what the mail server may
        see: all of it, but no DevicePassword.

        Returns:
            The Status of the password that was in it, None without one. ``seen`` is empty then where there
            was nothing else.

        Raises:
            ProtocolError: no well-formed document.
            GatewayError: TOO_LARGE.
        """
        seen.first = await body.whole(self._settings_bytes, seen.first)
        seen.more = False
        root = wbxml.decode(seen.first)
        await self._learn(known, read_information(root), trace, user_agent)
        given = read_password(root)
        if given is None:
            return None
        rest = without_password(root)
        seen.first = b"" if rest is None else wbxml.encode(rest)
        return (
            await self._kept(known, given, trace, user_agent)
            if isinstance(given, RecoveryPassword)
            else given
        )

    async def _kept(self, known: Known, given: RecoveryPassword, trace: Trace, user_agent: str) -> str:
        key = known.device.key
        actor = device_actor(key, trace.client, user_agent, trace.request_id)
        return await self._threads.store(self._recovery.take, actor, key, given)

    async def _learn(
        self, known: Known, told: DeviceInformation | None, trace: Trace, user_agent: str
    ) -> None:
        if told is None or merge(known.device.information, told) == known.device.information:
            return
        key = known.device.key
        actor = device_actor(key, trace.client, user_agent, trace.request_id)
        known.device = await self._threads.store(self._devices.learn_information, key, told, actor)
