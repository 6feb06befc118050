"""The use cases of one process, made from a Config: what API, command line and endpoints share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from urllib.parse import quote, urlsplit

from certs.sealing import Sealer
from gateway.app.directory import Directory, directory
from gateway.app.fleet import Fleet, fleet
from gateway.app.front import Front, front
from gateway.app.machine import ConfiguredMachine
from gateway.app.trail import Trail, trail
from gateway.chance import Secrets, SystemClock
from gateway.config import Config, read_secret
from gateway.directory.local import LocalPasswords
from gateway.probes.examining import Examination
from gateway.records.authority import EVERYTHING, Reach
from gateway.records.machine import Machine
from gateway.services.administrators import Administrators
from gateway.services.audit_verifying import LastReport
from gateway.services.refusals import Refusals
from gateway.services.repetitions import Repetitions
from gateway.services.tokens import Tokens
from gateway.store import DatabaseStore, migrate, open_store


@dataclass(frozen=True)
class Services(Directory, Fleet, Trail, Front):
    """The use cases of one process, on one store; what API, CLI and endpoints share."""

    store: DatabaseStore
    administrators: Administrators
    tokens: Tokens
    repetitions: Repetitions
    refusals: Refusals
    examine: Examination
    machine: Machine
    made: Callable[[DatabaseStore], "Services"]

    def within(self, reach: Reach) -> "Services":
        """The same use cases on a store that holds nothing but what is within reach (T25)."""
        if reach.everything:
            return self
        # What refusals were told lately is the process's own to remember: else each call would tell anew.
        return replace(self.made(self.store.within(reach)), refusals=self.refusals)


def services(config: Config) -> Services:
    """Make the use cases; nothing is connected before the first call."""
    store = open_store(database_url(config))
    return _on(config, store, front(config, store, _sealing(config)), LastReport())


def _on(config: Config, store: DatabaseStore, door: Front, last: LastReport) -> Services:
    clock, keys, sealing = SystemClock(), Secrets(), _sealing(config)
    records = trail(config, store, sealing, last)
    groups = (directory(config, store), fleet(store, sealing), records, door)
    return Services(
        **{name: use_case for group in groups for name, use_case in vars(group).items()},
        store=store,
        administrators=Administrators(store, clock, keys, LocalPasswords()),
        tokens=Tokens(store, store.within(EVERYTHING), clock, keys),
        repetitions=Repetitions(store, clock, keys.identity("p-")),
        refusals=Refusals(store, clock),
        examine=Examination(config),
        machine=ConfiguredMachine(config, clock),
        made=partial(_on, config, door=door, last=last),
    )


def _sealing(config: Config) -> Callable[[], Sealer]:
    """The secret is read when it is needed first, and then kept."""
    return lru_cache(1)(lambda: Sealer(read_secret(config.sealing_key_file)))


def database_url(config: Config) -> str:
    """The store's URL, with the password of ``store.password_file`` where there is one."""
    if config.store.password_file is None:
        return config.store_url
    parts = urlsplit(config.store_url)
    password = quote(read_secret(config.store.password_file).decode(), safe="")
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{password}@{host}").geturl()


def prepare(config: Config) -> None:
    """Bring the database up to date; run once, before any worker."""
    migrate(database_url(config))


def domain_names(store: DatabaseStore) -> Sequence[str]:
    """The mail domains of every organisation."""
    with store.read() as transaction:
        return tuple(domain.name for domain in transaction.directory.domains())
