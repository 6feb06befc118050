"""The job that brings policy changes to the devices (product 4.3), run by the administration's process alone.

It keeps nothing: what is to be done stands in the database, each step is one short transaction, and after a
restart the next round goes on where the last one ended. While it is down nobody is told to come, and nobody
is refused for what nobody told.
"""

import asyncio
import logging

from gateway.errors import GatewayError
from gateway.services.rollouts import Rollouts

EVERY_S = 1.0
"""How often is looked for devices whose moment has come: a device is late by as much."""

STEPS = 25
"""Steps for one organisation before the next one has its turn: two and a half thousand devices."""

_log = logging.getLogger(__name__)


class RolloutWatch:
    """Works on what is due; ``gateway.worker.Rounds`` calls ``round`` again and again."""

    def __init__(self, rollouts: Rollouts) -> None:
        self._rollouts = rollouts

    async def round(self) -> None:
        """One turn for every organisation with a change under way.

        Raises:
            GatewayError: the database does not answer.
        """
        for organisation in await asyncio.to_thread(self._rollouts.under_way):
            await self._turn(organisation)

    async def _turn(self, organisation: str) -> None:
        """One organisation's accident is not the others'."""
        try:
            for _ in range(STEPS):
                if not await asyncio.to_thread(self._rollouts.advance, organisation):
                    return
        except GatewayError as error:
            _log.warning("a policy change waits: %s", error, extra={"organisation": organisation})
        except Exception:
            _log.exception("a policy change waits", extra={"organisation": organisation})
