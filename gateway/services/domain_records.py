"""The DNS records of each domain: what to publish, and what the last look at them found (product 2.5).

What a domain publishes follows from the backend that its addresses are routed to. The looking is done by
``gateway.probes``, which waits for strangers and so is no service; here stand the question and the result.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autodiscover import pacc, pox
from autodiscover.model import Endpoints, Site
from autodiscover.verdicts import Verdict, document
from autodiscover.zone import HTTPS, MailRecords, Publication, Record, records
from gateway.errors import GatewayError, Kind
from gateway.records import Domain, Organisation
from gateway.services.discovery import deployment
from gateway.services.names import fold_domain
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.tenants import found

UNSAID = MailRecords()
"""Of a mail server whose operator says nothing of it."""


@dataclass(frozen=True, slots=True)
class Served:
    """What one backend means for the domains that are routed to it."""

    endpoints: Endpoints
    mail: MailRecords = UNSAID


@dataclass(frozen=True, slots=True)
class Plan:
    """What a domain must and may publish."""

    domain: str
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """The last look at a domain's records.

    Attributes:
        verified: every required record was right, and both phases of AutoDiscover passed.
        records: a ``verdicts.document`` for each.
    """

    domain: str
    at: datetime
    verified: bool
    records: Sequence[Mapping[str, Any]]


class DomainRecords:
    """Records and checks of the domains of this gateway."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        public_host: str,
        port: int = HTTPS,
        served: Mapping[str, Served],
    ) -> None:
        """``served`` has an entry for every backend of the configuration."""
        self._store = store
        self._clock = clock
        self._public_host = public_host
        self._port = port
        self._served = served

    @property
    def public_host(self) -> str:
        """Where every domain's aliases lead."""
        return self._public_host

    @property
    def autodiscover_url(self) -> str:
        """The gateway's own AutoDiscover."""
        port = "" if self._port == HTTPS else f":{self._port}"
        return f"https://{self._public_host}{port}{pox.PATH}"

    def plan(self, name: str, organisation: str | None = None) -> Plan:
        """What the domain publishes.

        Raises:
            GatewayError: NOT_FOUND when there is no such domain, or the given organisation does not have it.
        """
        with self._store.read() as transaction:
            domain, home = _present(transaction, name, organisation)
        return Plan(domain.name, records(self._publication(domain, home)))

    def plans(self) -> Sequence[Plan]:
        """Those of every domain of this gateway; one whose backend is not configured any more has none."""
        with self._store.read() as transaction:
            homes = {each.id: each for each in transaction.directory.organisations()}
            domains = transaction.directory.domains()
        known = ((domain, homes.get(domain.organisation)) for domain in domains)
        return [
            Plan(domain.name, records(self._publication(domain, home)))
            for domain, home in known
            if home is not None and (domain.backend or home.backend) in self._served
        ]

    def save(self, plan: Plan, verdicts: Iterable[Verdict]) -> Check:
        """Keep what was found, in place of what was found before; a domain that has gone keeps nothing."""
        judged = tuple(verdicts)
        verified = not any(each.serious for each in judged)
        documents = [document(each) for each in judged]
        now = self._clock.now()
        with self._store.write() as transaction:
            if transaction.directory.domain(plan.domain) is not None:
                result = {"verified": verified, "records": documents}
                transaction.directory.save_domain_check(plan.domain, now, result)
        return Check(plan.domain, now, verified, documents)

    def last(self, name: str, organisation: str | None = None) -> Check | None:
        """The last check, None before the first; raises as ``plan`` does."""
        with self._store.read() as transaction:
            domain, _ = _present(transaction, name, organisation)
            kept = transaction.directory.domain_check(domain.name)
        if kept is None:
            return None
        at, written = kept
        return Check(domain.name, at, bool(written["verified"]), written["records"])

    def checked(self) -> Mapping[str, tuple[datetime, bool]]:
        """When each domain was last looked at, and whether it was good; none that never was."""
        with self._store.read() as transaction:
            directory = transaction.directory
            kept = {each.name: directory.domain_check(each.name) for each in directory.domains()}
        return {name: (check[0], bool(check[1]["verified"])) for name, check in kept.items() if check}

    def _publication(self, domain: Domain, home: Organisation) -> Publication:
        served = self._served.get(domain.backend or home.backend)
        if served is None:
            raise GatewayError(Kind.INTERNAL)
        site = Site(domain.name, home.name, served.endpoints, deployment(home.id))
        written = pacc.document(site)
        return Publication(
            domain.name,
            self._public_host,
            served.endpoints,
            port=self._port,
            proof=domain.proof,
            mail=served.mail,
            pacc_digest=pacc.digest(written) if written is not None else "",
        )


def _present(transaction: Transaction, name: str, organisation: str | None) -> tuple[Domain, Organisation]:
    domain = transaction.directory.domain(fold_domain(name))
    home = found(transaction, organisation) if organisation is not None else None
    if domain is None or (home is not None and home.id != domain.organisation):
        raise GatewayError(Kind.NOT_FOUND, "There is no such domain.")
    return domain, home or found(transaction, domain.organisation)
