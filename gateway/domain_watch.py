"""The background check of every domain's records (product 2.5), run by the administration's process alone.

No client waits for it: clients are served by other processes, and what is found is only shown. A domain that
was good is looked at again after the configured time, one that was not after a sixth of it, since somebody is
waiting to see the mend. The moment depends on the name a little, so that a thousand domains that were added
in one go do not stay together for ever. What is due is told by the store, so a restart repeats nothing.
"""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from autodiscover.verdicts import Verdict
from autodiscover.zone import Record
from gateway.config import DnsConfig
from gateway.errors import GatewayError
from gateway.services.domain_records import DomainRecords, Plan
from gateway.services.ports import Clock

SOONER = 6
"""One that was not good is looked at so many times as often."""

SPREAD = 0.1
"""Part of the pause by which domains differ."""

LONGEST_S = 120.0
"""For one domain with everything that answers slowly; then it is given up until its next turn."""

TICK_S = 60.0
"""How often is looked for what is due."""

Examine = Callable[[str, Sequence[Record]], Awaitable[tuple[Verdict, ...]]]
_log = logging.getLogger(__name__)


class DomainWatch:
    """Looks at what is due; ``gateway.worker.Rounds`` calls ``round`` again and again.

    Args:
        examine: looks at one domain from outside.
        longest_s: for one domain.
    """

    def __init__(
        self,
        records: DomainRecords,
        examine: Examine,
        clock: Clock,
        config: DnsConfig,
        *,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._records = records
        self._examine = examine
        self._clock = clock
        self._every = timedelta(seconds=config.check_every_s)
        self._at_once = config.checks
        self._longest_s = longest_s

    async def round(self) -> None:
        """Look at every domain that is due, a bounded number at once.

        Raises:
            GatewayError: the database does not answer.
        """
        due = await asyncio.to_thread(self._due)
        limit = asyncio.Semaphore(self._at_once)

        async def look(plan: Plan, was_good: bool | None) -> None:
            async with limit:
                await self._look(plan, was_good)

        async with asyncio.TaskGroup() as group:
            for plan, was_good in due:
                group.create_task(look(plan, was_good))

    def _due(self) -> list[tuple[Plan, bool | None]]:
        now = self._clock.now()
        kept = self._records.checked()
        due = []
        for plan in self._records.plans():
            at, good = kept.get(plan.domain, (None, None))
            if at is None or now >= self._next(plan.domain, at, bool(good)):
                due.append((plan, good))
        return due

    def _next(self, domain: str, at: datetime, good: bool) -> datetime:
        share = zlib.crc32(domain.encode()) / 2**32
        pause = self._every if good else self._every / SOONER
        return at + pause * (1 + SPREAD * share)

    async def _look(self, plan: Plan, was_good: bool | None) -> None:
        """One domain's accident is not the others'."""
        try:
            async with asyncio.timeout(self._longest_s):
                verdicts = await self._examine(plan.domain, plan.records)
            check = await asyncio.to_thread(self._records.save, plan, verdicts)
        except TimeoutError:
            _log.warning("the check of a domain was given up", extra={"domain": plan.domain})
        except GatewayError as error:
            _log.warning("the check of a domain was not kept: %s", error, extra={"domain": plan.domain})
        except Exception:
            _log.exception("the check of a domain failed", extra={"domain": plan.domain})
        else:
            if was_good is not None and was_good is not check.verified:
                words = "is verified" if check.verified else "is not verified any more"
                _log.warning("a domain %s", words, extra={"domain": plan.domain})
