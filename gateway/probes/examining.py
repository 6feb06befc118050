"""The examiner of a configuration, made when it is first asked (product 2.5).

Every process has the use cases, few of them ever look at a domain: a client worker pays for no DNS library.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from autodiscover.verdicts import Verdict
from autodiscover.zone import Record
from gateway.config import Config

if TYPE_CHECKING:
    from gateway.probes.dns import Resolver
    from gateway.probes.domain import Examiner

PLAIN_PORT = 80
"""Where the world finds the redirect, whatever the listener behind it is bound to."""


class Examination:
    """Looks at a domain's records: ``await examination(domain, records)``."""

    def __init__(self, config: Config) -> None:
        self._examiner = cache(lambda: examiner(config))

    async def __call__(self, domain: str, records: Sequence[Record]) -> tuple[Verdict, ...]:
        """A verdict on each record; raises as ``probes.domain.Examiner.examine`` does."""
        return await self._examiner().examine(domain, records)


def examiner(config: Config) -> "Examiner":
    """The examiner that the settings describe."""
    from gateway.probes.domain import Examiner  # noqa: PLC0415 - the DNS library, only where it is used
    from gateway.probes.phases import Surroundings  # noqa: PLC0415 - likewise

    hosts = frozenset({config.public_host, *config.extra_hosts})
    around = Surroundings(
        resolver(config),
        hosts,
        config.dns.ca_file,
        https_port=config.public_port,
        http_port=PLAIN_PORT,
    )
    return Examiner(around, config.public_host)


def resolver(config: Config) -> "Resolver":
    """Who is asked, by the settings."""
    from gateway.probes.dns import Resolver, Server  # noqa: PLC0415 - likewise

    servers = [Server(each.host, each.port) for each in config.dns.resolvers]
    return Resolver(servers, timeout_s=config.dns.timeout_s)
