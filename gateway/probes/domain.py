"""One look at a domain: all of its records and both phases, at the same time (product 2.5).

The order of work is bounded in two ways: an examination asks a handful of names at once, and whoever runs
many examinations has a limit of its own (``gateway.domain_watch``).
"""

import asyncio
from collections.abc import Sequence

from autodiscover.observation import Observed, Phase, Survey
from autodiscover.verdicts import ALIASES, Verdict, judge
from autodiscover.zone import Purpose, Record
from gateway.probes.dns import Server
from gateway.probes.phases import Surroundings, phases
from gateway.probes.trust import roots

AT_ONCE = 4
"""Names of one domain that are asked for at the same time."""


class Examiner:
    """Looks at domains from outside.

    Args:
        public_host: where the aliases should lead.
    """

    def __init__(self, around: Surroundings, public_host: str) -> None:
        self._around = around
        self._public_host = public_host

    async def examine(self, domain: str, records: Sequence[Record]) -> tuple[Verdict, ...]:
        """A verdict on each record.

        Raises:
            CertificateError, OSError: the authorities of the configuration cannot be read.
        """
        roots(self._around.ca)
        limit = asyncio.Semaphore(AT_ONCE)

        async def survey(record: Record) -> Survey:
            async with limit:
                return await self._survey(record, await own)

        async with asyncio.TaskGroup() as group:
            own = group.create_task(self._around.resolver.authorities(domain))
            public = group.create_task(self._around.resolver.addresses(self._public_host))
            walked = group.create_task(self._walk(domain, records))
            surveys = [group.create_task(survey(record)) for record in records]
        return tuple(
            _judged(record, asked.result(), public.result(), walked.result())
            for record, asked in zip(records, surveys, strict=True)
        )

    async def _walk(self, domain: str, records: Sequence[Record]) -> tuple[Phase, ...]:
        if not any(record.purpose is Purpose.AUTODISCOVER for record in records):
            return ()
        return await phases(domain, self._around)

    async def _survey(self, record: Record, own: Sequence[Server]) -> Survey:
        """An alias is asked for its addresses, as clients do; one of IPv6 alone has no A record."""
        resolver = self._around.resolver
        if record.purpose not in ALIASES:
            return await resolver.survey(record.name, record.rdtype, own)
        seen = await resolver.survey(record.name, "A", own)
        if seen.answer.found or not seen.answer.outcome.settled:
            return seen
        six = await resolver.survey(record.name, "AAAA", own)
        return six if six.answer.found else seen


def _judged(record: Record, survey: Survey, public: Observed, walked: tuple[Phase, ...]) -> Verdict:
    return judge(record, survey, public=public, phases=walked)
