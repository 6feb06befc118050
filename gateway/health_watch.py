"""The health check of every organisation's mail server (product 1): Impaired is set here, and cleared.

An organisation whose server has not answered three times in a row is Impaired, so that its clients are told
503 at once instead of each waiting for a connection; the first answer ends it. Any HTTP answer counts, a
challenge above all, but for those by which a proxy says that there is nothing behind it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from gateway.config import Backend
from gateway.errors import GatewayError, Kind
from gateway.proxy.backends import Route
from gateway.proxy.race import Lost
from gateway.proxy.upstream import Upstream
from gateway.records import Actor, Organisation, OrganisationState
from gateway.services.tenants import Settings, Tenants

EVERY_S = 60.0
"""Seconds between two looks at every backend."""

IN_A_ROW = 3
"""Failures after which an organisation is Impaired: a restart of the mail server is none."""

PATIENCE_S = 15.0
"""Seconds for one answer."""

ABSENT = frozenset({502, 503, 504})
SYSTEM = Actor("system", "health check")
_log = logging.getLogger(__name__)


class HealthWatch:
    """Looks at the backends; ``gateway.worker.Rounds`` calls ``round`` again and again.

    Args:
        answers: whether the backend of this name answers.
    """

    def __init__(self, tenants: Tenants, answers: Callable[[str], Awaitable[bool]]) -> None:
        self._tenants = tenants
        self._answers = answers
        self._failures: dict[str, int] = {}

    async def round(self) -> None:
        """Ask each backend that an organisation uses once, and change the organisations that it concerns.

        Raises:
            GatewayError: the database does not answer.
        """
        organisations = await asyncio.to_thread(self._tenants.organisations)
        names = sorted({each.backend for each in organisations})
        verdicts = await asyncio.gather(*(self._look(name) for name in names))
        answered = {name: good for name, good in zip(names, verdicts, strict=True) if good is not None}
        for name, good in answered.items():
            self._failures[name] = 0 if good else self._failures.get(name, 0) + 1
        for organisation in organisations:
            if organisation.backend in answered:
                await self._settle(organisation, self._failures[organisation.backend])

    async def _look(self, name: str) -> bool | None:
        """None after an accident of our own, which says nothing of this backend and is not the others'."""
        try:
            return await self._answers(name)
        except Exception:
            _log.exception("the health check of a backend failed", extra={"backend": name})
            return None

    async def _settle(self, organisation: Organisation, failures: int) -> None:
        if organisation.state is OrganisationState.ACTIVE and failures >= IN_A_ROW:
            await self._become(organisation, OrganisationState.IMPAIRED)
        elif organisation.state is OrganisationState.IMPAIRED and not failures:
            await self._become(organisation, OrganisationState.ACTIVE)

    async def _become(self, organisation: Organisation, state: OrganisationState) -> None:
        """An administrator may have been faster: then there is nothing to do."""
        try:
            await asyncio.to_thread(
                self._tenants.change_organisation, SYSTEM, organisation.id, Settings(state=state)
            )
        except GatewayError as error:
            if error.kind not in (Kind.CONFLICT, Kind.NOT_FOUND):
                raise
        else:
            extra = {"organisation": organisation.alias, "backend": organisation.backend}
            _log.warning("an organisation is %s", state.value, extra=extra)


class Backends:
    """Asks backends whether they are there.

    Args:
        configured: by name; one that is not configured never answers.
    """

    def __init__(self, configured: Mapping[str, Backend], patience_s: float = PATIENCE_S) -> None:
        self._configured = configured
        self._patience_s = patience_s

    async def answers(self, name: str) -> bool:
        """Whether the backend gives an HTTP answer of its own to OPTIONS."""
        backend = self._configured.get(name)
        if backend is None:
            return False
        try:
            upstream = Upstream(Route(replace(backend, connections=1, long_polls=0)))
        except OSError:  # its ca_file: the proxy cannot reach it either
            return False
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await upstream.open("OPTIONS", upstream.route.path, [], b"")
        except (Lost, TimeoutError):
            return False
        else:
            answer.close()
            return answer.status not in ABSENT
        finally:
            await upstream.close()
