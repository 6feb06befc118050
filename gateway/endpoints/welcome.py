"""OPTIONS: what versions and commands are served here (MS-ASHTTP 2.2.3, spec/eas-protocol.md 1.2).

The list is the backend's own, less the versions that the organisation does not serve, with Provision, which
the gateway answers itself. Nobody is told anything without a password; iOS sends its first OPTIONS without
one and waits for the challenge.
"""

from collections.abc import Mapping

from gateway.endpoints.credentials import Basic, Credentials
from gateway.endpoints.headers import RequestHeaders
from gateway.endpoints.passage import commands, offered
from gateway.endpoints.rendering import BUSY
from gateway.endpoints.rendering import UNAUTHENTICATED as NOT_SIGNED_IN
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError, Kind
from gateway.log import NO_CREDENTIALS, UNAUTHENTICATED, Trace
from gateway.proxy.backends import Identity
from gateway.proxy.upstream import Upstream
from gateway.records import OrganisationState
from gateway.services.recollection import Read, Recollection
from mdm.ashttp import Reply, options_reply


class Welcome:
    """Answers OPTIONS."""

    def __init__(
        self,
        credentials: Credentials,
        recollection: Recollection,
        threads: Threads,
        upstreams: Mapping[str, Upstream],
    ) -> None:
        self._credentials = credentials
        self._recollection = recollection
        self._threads = threads
        self._upstreams = upstreams

    async def answer(self, headers: RequestHeaders, trace: Trace) -> Reply:
        """The answer to OPTIONS, 401 without a right password, 503 when the backend never said what it can.

        Raises:
            GatewayError: UNAVAILABLE, BACKEND_DOWN, NOT_FOUND.
        """
        trace.command = "OPTIONS"
        found = await self._credentials.principal(headers.authorization, trace.client)
        if found is None:
            trace.verdict = NO_CREDENTIALS if headers.authorization is None else UNAUTHENTICATED
            return NOT_SIGNED_IN
        basic, principal = found
        read = await self._threads.store(self._recollection.surroundings, principal)
        if read.organisation.state is not OrganisationState.ACTIVE:
            return BUSY
        return await self._list(basic, read)

    async def _list(self, basic: Basic, read: Read) -> Reply:
        upstream = self._upstreams.get(read.backend)
        if upstream is None:
            raise GatewayError(Kind.BACKEND_DOWN, "the user's backend is not configured")
        identity = Identity(basic.username, read.user.address, read.user.login)
        capabilities = await upstream.capabilities(upstream.route.credentials(identity, basic.password))
        if capabilities is None:
            return BUSY
        versions = offered(capabilities.versions, read.organisation.legacy_versions)
        return options_reply(versions, commands(capabilities.commands)) if versions else BUSY
