"""The composition root: a Config becomes applications (house.md 2). The only place that knows every part.

Everything is made in the worker that uses it, after the fork: connections, threads and snapshots do not
survive one. ``clients`` serves devices and mail programs, ``redirect`` port 80, ``admin`` the administration
listener; ``prepare`` brings the database up to date before any of them starts.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from autodiscover import pox
from autodiscover.model import Encryption, Endpoints, MailServer, UrlRedirect
from autodiscover.zone import MailRecords
from certs.sealing import Sealer
from gateway.chance import Secrets, SystemClock
from gateway.config import ACTIVESYNC_PATH, Backend, Config, UserMapping, read_secret
from gateway.directory.local import LocalPasswords
from gateway.domain_watch import TICK_S, DomainWatch
from gateway.endpoints.activesync import ActiveSync, Rooms
from gateway.endpoints.conduct import ConductWatch
from gateway.endpoints.credentials import Credentials
from gateway.endpoints.discovery import DiscoveryEndpoint
from gateway.endpoints.discovery_answers import DiscoveryAnswers
from gateway.endpoints.discovery_gate import DiscoveryGate
from gateway.endpoints.door import Door
from gateway.endpoints.errands import Errands
from gateway.endpoints.handshakes import Handshakes
from gateway.endpoints.hosts import Certified, HostCheck, ServedHosts, certified_names
from gateway.endpoints.lane import Lane, Proof
from gateway.endpoints.listening import Listening
from gateway.endpoints.passage import Passage
from gateway.endpoints.profile_signing import ProfileSigner
from gateway.endpoints.profiles import ProfileEndpoint
from gateway.endpoints.provisioning import Provisioning
from gateway.endpoints.redirect import PlainRedirect
from gateway.endpoints.routing import Routing
from gateway.endpoints.threads import Threads
from gateway.endpoints.waiting import WaitingRoom
from gateway.endpoints.welcome import Welcome
from gateway.endpoints.wellknown import WellKnown
from gateway.health_watch import EVERY_S as HEALTH_S
from gateway.health_watch import Backends, HealthWatch
from gateway.probes.examining import Examination
from gateway.proxy.asgi import Message, Receive, Send
from gateway.proxy.backends import Route
from gateway.proxy.longpolls import LongPolls
from gateway.proxy.upstream import Upstream
from gateway.records import Change, Contact
from gateway.rollout_watch import EVERY_S as ROLLOUT_S
from gateway.rollout_watch import RolloutWatch
from gateway.services.access_rules import AccessRules
from gateway.services.archive import ArchiveService
from gateway.services.assignments import Assignments
from gateway.services.audit import AuditService
from gateway.services.backend_keys import BackendKeys
from gateway.services.decisions import Decisions
from gateway.services.default_access import DefaultAccess
from gateway.services.devices import DeviceService
from gateway.services.discovery import Discovery
from gateway.services.discovery_memory import DiscoveryMemory
from gateway.services.domain_records import DomainRecords, Served
from gateway.services.finding import Finder
from gateway.services.groups import Groups
from gateway.services.identity import Identities
from gateway.services.inventory import Inventory
from gateway.services.jobs import JobRunner
from gateway.services.login import Login
from gateway.services.misbehaviour import Misbehaviour
from gateway.services.offboarding import Offboarding
from gateway.services.overrides import Overrides
from gateway.services.panic import Panic
from gateway.services.permissions import Permissions
from gateway.services.policies import PolicyService
from gateway.services.profiles import Profiles
from gateway.services.quarantine import Quarantine
from gateway.services.recollection import Recollection
from gateway.services.recovery import Recovery
from gateway.services.resources import Resources
from gateway.services.rollouts import Rollouts
from gateway.services.safeguards import SafeguardService
from gateway.services.snapshots import Snapshots
from gateway.services.tenants import Tenants
from gateway.services.throttle import Throttle
from gateway.services.upkeep import prune
from gateway.services.users import Users
from gateway.services.wipe_lane import WipeLane
from gateway.services.wipes import Wipes
from gateway.store import DatabaseStore, FeedGap, migrate, open_store
from gateway.worker import JOBS_S, UPKEEP_S, WIPES_S, Rounds, Watch, WriteBehind

if TYPE_CHECKING:
    from gateway.endpoints.administration import Administration

QUARANTINE_S = 300.0
"""Seconds between two looks at the queues of waiting devices; what expires there is counted in days."""

IMPLICIT_TLS = frozenset({993, 995, 465})
"""Mail ports on which TLS starts with the first byte; others start it in the dialogue."""


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases of one process, on one store; what API, CLI and endpoints share."""

    store: DatabaseStore
    tenants: Tenants
    users: Users
    groups: Groups
    resources: Resources
    permissions: Permissions
    policies: PolicyService
    access_rules: AccessRules
    default_access: DefaultAccess
    overrides: Overrides
    decisions: Decisions
    quarantine: Quarantine
    assignments: Assignments
    rollouts: Rollouts
    devices: DeviceService
    misbehaviour: Misbehaviour
    identities: Identities
    inventory: Inventory
    recovery: Recovery
    wipes: Wipes
    safeguards: SafeguardService
    panic: Panic
    offboarding: Offboarding
    jobs: JobRunner
    archive: ArchiveService
    audit: AuditService
    finder: Finder
    domain_records: DomainRecords
    examine: Examination
    profiles: Profiles


def services(config: Config) -> Services:
    """Make the use cases; nothing is connected before the first call."""
    store = open_store(database_url(config))
    clock, keys, passwords = SystemClock(), Secrets(), LocalPasswords()
    backends = tuple(config.backends)
    rules = AccessRules(store, clock, keys)
    return Services(
        store=store,
        tenants=Tenants(store, clock, keys, backends=backends, base_domain=config.base_domain),
        users=Users(store, clock, keys, passwords, backends=backends, by_login=_by_login(config)),
        groups=Groups(store, clock, keys, backends=backends),
        resources=Resources(store, clock, keys),
        permissions=Permissions(store, clock),
        policies=PolicyService(store, clock),
        access_rules=rules,
        default_access=DefaultAccess(store, clock),
        overrides=Overrides(store, clock),
        decisions=Decisions(store, clock),
        quarantine=Quarantine(store, clock, rules),
        assignments=Assignments(store, clock),
        rollouts=Rollouts(store, clock),
        devices=DeviceService(store, clock, keys),
        misbehaviour=Misbehaviour(store, clock),
        identities=Identities(store, clock),
        inventory=Inventory(store, clock),
        recovery=Recovery(store, clock, lru_cache(1)(lambda: Sealer(read_secret(config.sealing_key_file)))),
        wipes=Wipes(store, clock, keys),
        safeguards=SafeguardService(store, clock),
        panic=Panic(store, clock),
        offboarding=Offboarding(store, clock, keys),
        jobs=JobRunner(store, clock, keys),
        archive=ArchiveService(store, clock),
        audit=AuditService(store),
        finder=Finder(store),
        domain_records=DomainRecords(
            store,
            clock,
            public_host=config.public_host,
            port=config.public_port,
            served={name: _served(config, backend) for name, backend in config.backends.items()},
        ),
        examine=Examination(config),
        profiles=Profiles(store, clock, keys, config.origin),
    )


def _by_login(config: Config) -> frozenset[str]:
    """Backends for which all domains of an organisation are one name space of users."""
    told = (UserMapping.LOCAL_PART, UserMapping.DOMAIN_USER)
    return frozenset(name for name, backend in config.backends.items() if backend.user_mapping in told)


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


class Clients:
    """The application of a client worker (``gateway.serving.application.Application``)."""

    def __init__(self, config: Config, certified: Certified | None = None) -> None:
        self._config = config
        self._services = services(config)
        self._threads = Threads()
        self._login = Login(throttle=Throttle(shared=config.shared_networks))
        self.snapshots = Snapshots()
        self.polls = LongPolls({name: backend.long_polls for name, backend in config.backends.items()})
        self._upstreams: dict[str, Upstream] = {}
        self._recollection = Recollection(self._services.store, self._services.devices)
        self._listening = Listening(
            self.snapshots,
            self._login,
            self.polls,
            self._recollection,
            self._services.devices,
            self._threads,
        )
        self._hosts = ServedHosts(
            config.public_host,
            config.extra_hosts,
            certified or certified_names(config).__contains__,
            self._read_domains,
        )
        self._memory = DiscoveryMemory(self.snapshots.trusted, time.monotonic)
        self._gate = DiscoveryGate(
            self._services.store, self._threads, self.snapshots.trusted, time.monotonic, time.time
        )
        self._watch = Watch(self._services.store.feed, self.snapshots, self._changed, self._lost, FeedGap)
        self._waiting = WaitingRoom(self._services.quarantine, self._threads, time.time)
        self._write_behind = WriteBehind(self.snapshots, self._touch)
        self._upkeep = Rounds(self._prune, UPKEEP_S, name="upkeep")
        self._app: Callable[[Message, Receive, Send], Any] = self._not_started

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def start(self) -> None:
        """Connect to the world: sessions, threads, the change feed."""
        self._upstreams = {name: _upstream(backend) for name, backend in self._config.backends.items()}
        self._app = HostCheck(self._compose(), self._hosts)
        await self._hosts.start()
        self._watch.start()
        self._write_behind.start()
        self._upkeep.start()

    async def drain(self) -> None:
        """End every long poll in the way its client understands."""
        self.polls.drain()

    async def close(self) -> None:
        """Write what is left and let go of everything."""
        self._watch.stop()
        self._listening.stop()
        self._upkeep.stop()
        await self._write_behind.stop()
        for upstream in self._upstreams.values():
            await upstream.close()
        self._threads.close()
        self._services.store.close()

    def _compose(self) -> Routing:
        config, made, threads = self._config, self._services, self._threads
        credentials = Credentials(
            self._login,
            made.users,
            LocalPasswords(),
            self._upstreams,
            threads,
            time.monotonic,
            last_verdict_s=config.limits.last_verdict_s,
        )
        answers = self._answers()
        discovery = self._discovery(credentials, answers)
        proof = Proof(made.users.resolve, WipeLane(made.store, SystemClock()).prove)
        errands = Errands(Handshakes(BackendKeys(made.store, SystemClock()), threads))
        rooms = Rooms(
            credentials=credentials,
            door=Door(
                self.snapshots,
                self._recollection,
                threads,
                last_verdict_s=config.limits.last_verdict_s,
                waiting=self._waiting,
            ),
            lane=Lane(proof, self.snapshots, self._recollection, threads),
            provisioning=Provisioning(made.devices, made.recovery, threads, config.limits),
            conduct=ConductWatch(made.misbehaviour, made.identities, threads),
            passage=Passage(self._upstreams, self.polls, self.snapshots, errands, config.limits),
            welcome=Welcome(credentials, self._recollection, threads, self._upstreams),
            discovery=partial(discovery.speak, pox),
        )
        activesync = ActiveSync(rooms, self.snapshots, drain_s=config.limits.early_answer_drain_s)
        profiles = ProfileEndpoint(
            made.profiles,
            answers,
            credentials.signed,
            ProfileSigner(config.tls, config.public_host),
            threads.store,
        )
        return Routing(activesync, discovery, profiles, WellKnown(answers, config.public_host))

    def _answers(self) -> DiscoveryAnswers:
        routes = {name: route(self._config, backend) for name, backend in self._config.backends.items()}
        own_hosts = (self._config.public_host, *self._config.extra_hosts)
        look_up = Discovery(self._services.store, routes, own_hosts).find
        return DiscoveryAnswers(look_up, self._threads.store, self._memory)

    def _discovery(self, credentials: Credentials, answers: DiscoveryAnswers) -> DiscoveryEndpoint:
        return DiscoveryEndpoint(
            answers,
            partial(self._gate.signed, credentials.signed),
            SystemClock(),
            body_limit=self._config.limits.discovery_bytes,
        )

    def _changed(self, changes: Sequence[Change]) -> None:
        self._memory.drop(changes)
        self._gate.drop(changes)
        self._listening.changed(changes)
        self._hosts.changed(changes)

    def _lost(self) -> None:
        self._memory.clear()
        self._gate.clear()
        self._listening.lost()
        self._hosts.outdated()

    async def _read_domains(self) -> Sequence[str]:
        return await self._threads.store(domain_names, self._services.store)

    async def _touch(self, contacts: Sequence[Contact]) -> None:
        await self._threads.store(self._services.devices.touch, contacts)
        await self._waiting.write()

    async def _prune(self) -> None:
        await self._threads.store(prune, self._services.store, SystemClock())

    async def _not_started(self, _scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


class Redirecting:
    """The application of the plain-HTTP listener; only names that a certificate has are redirected to."""

    def __init__(self, config: Config, certified: Certified | None = None) -> None:
        covers = certified or certified_names(config).__contains__
        self._app = PlainRedirect(config.public_host, covers, config.public_port, config.tls.acme_webroot)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def start(self) -> None:
        """Nothing to connect."""

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """Nothing to let go of."""


def clients(config: Config, certified: Certified | None = None) -> Clients:
    """The application of devices and mail programs; ``certified`` as for ``redirect``."""
    return Clients(config, certified)


def redirect(config: Config, certified: Certified | None = None) -> Redirecting:
    """The application of port 80; ``certified`` tells whether a certificate in service has a folded name, by
    default what the files held at the start."""
    return Redirecting(config, certified)


def admin(config: Config) -> "Administration":
    """The application of the administration listener."""
    from gateway.endpoints.administration import Administration  # noqa: PLC0415 - no client worker pays for it

    made, threads = services(config), Threads()

    async def store_answers() -> bool:
        await threads.store(made.tenants.organisations)
        return True

    def close() -> None:
        threads.close()
        made.store.close()

    return Administration(made, config.token_file, {"store": store_answers}, close, _rounds(config, made))


def _rounds(config: Config, made: Services) -> Sequence[Rounds]:
    """What the administration's process does by itself: nobody's request waits for it there."""
    health = HealthWatch(made.tenants, Backends(config.backends).answers)
    spreading = RolloutWatch(made.rollouts)

    async def expire() -> None:
        await asyncio.to_thread(made.quarantine.expire)

    rounds = [
        Rounds(expire, QUARANTINE_S, name="quarantine"),
        Rounds(partial(asyncio.to_thread, made.jobs.round), JOBS_S, name="jobs"),
        Rounds(partial(asyncio.to_thread, made.wipes.expire), WIPES_S, name="wipes"),
        Rounds(partial(asyncio.to_thread, made.archive.round), UPKEEP_S, name="archive"),
        Rounds(health.round, HEALTH_S, name="health"),
        Rounds(spreading.round, ROLLOUT_S, name="rollouts"),
    ]
    if config.dns.check_every_s:
        domains = DomainWatch(made.domain_records, made.examine, SystemClock(), config.dns)
        rounds.append(Rounds(domains.round, TICK_S, name="domains"))
    return rounds


def route(config: Config, backend: Backend) -> Endpoints | UrlRedirect:
    """Where discovery leads a backend's users: to what is served here, or to a foreign server's answer."""
    return UrlRedirect(backend.autodiscover_url) if backend.autodiscover_url else endpoints(config, backend)


def _served(config: Config, backend: Backend) -> Served:
    mail = MailRecords(backend.mx, backend.spf, backend.dmarc, backend.dkim)
    return Served(endpoints(config, backend), mail)


def endpoints(config: Config, backend: Backend) -> Endpoints:
    """What AutoDiscover may advertise of a backend: nothing that it does not serve (product 2.4)."""
    return Endpoints(
        activesync=config.origin + ACTIVESYNC_PATH,
        autodiscover=config.origin + pox.PATH,
        ews=backend.ews_url or None,
        mapi=backend.mapi_url or None,
        oab=backend.oab_url or None,
        imap=_mail_server(backend.imap),
        pop3=_mail_server(backend.pop3),
        smtp=_mail_server(backend.smtp),
        web_mail=backend.web_mail or None,
        caldav=backend.caldav_url or None,
        carddav=backend.carddav_url or None,
    )


def _mail_server(text: str) -> MailServer | None:
    host, _, port = text.rpartition(":")
    if not host:
        return None
    encryption = Encryption.SSL if int(port) in IMPLICIT_TLS else Encryption.TLS
    return MailServer(host, int(port), encryption)


def domain_names(store: DatabaseStore) -> Sequence[str]:
    """The mail domains of every organisation."""
    with store.read() as transaction:
        return tuple(domain.name for domain in transaction.directory.domains())


def _upstream(backend: Backend) -> Upstream:
    secret = read_secret(backend.secret_file) if backend.secret_file is not None else b""
    return Upstream(Route(backend, secret=secret))
