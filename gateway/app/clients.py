"""The application of devices and mail programs: connections, threads and snapshots of one worker."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from autodiscover import pox
from gateway.app.advertised import route
from gateway.app.use_cases import domain_names, services
from gateway.board import FEED_SILENCE, Figures
from gateway.chance import SystemClock
from gateway.config import Backend, Config, read_secret
from gateway.directory.local import LocalPasswords
from gateway.endpoints.activesync import ActiveSync, Rooms
from gateway.endpoints.conduct import ConductWatch
from gateway.endpoints.credentials import Credentials
from gateway.endpoints.discovery import DiscoveryEndpoint
from gateway.endpoints.discovery_answers import DiscoveryAnswers
from gateway.endpoints.discovery_gate import DiscoveryGate
from gateway.endpoints.door import Door
from gateway.endpoints.errands import Errands
from gateway.endpoints.handshakes import Handshakes
from gateway.endpoints.health import Health
from gateway.endpoints.hosts import Certified, HostCheck, ServedHosts, certified_names
from gateway.endpoints.lane import Lane, Proof
from gateway.endpoints.listening import Listening
from gateway.endpoints.passage import Passage
from gateway.endpoints.profile_signing import ProfileSigner
from gateway.endpoints.profiles import ProfileEndpoint
from gateway.endpoints.provisioning import Provisioning
from gateway.endpoints.routing import Routing
from gateway.endpoints.self_service.door import SelfService
from gateway.endpoints.threads import Threads
from gateway.endpoints.tracing import Tracing
from gateway.endpoints.waiting import WaitingRoom
from gateway.endpoints.welcome import Welcome
from gateway.endpoints.wellknown import WellKnown
from gateway.proxy.asgi import Message, Receive, Send
from gateway.proxy.backends import Route
from gateway.proxy.longpolls import LongPolls
from gateway.proxy.upstream import Upstream
from gateway.records import Change, Contact
from gateway.records.protocol import Exchange, Traced
from gateway.services.backend_keys import BackendKeys
from gateway.services.discovery import Discovery
from gateway.services.discovery_memory import DiscoveryMemory
from gateway.services.login import Login
from gateway.services.recollection import Recollection
from gateway.services.snapshots import Snapshots
from gateway.services.throttle import Throttle
from gateway.services.upkeep import prune
from gateway.services.wipe_lane import WipeLane
from gateway.store import FeedGap
from gateway.worker import UPKEEP_S, Rounds, Watch, WriteBehind

if TYPE_CHECKING:
    from gateway.endpoints.self_service.things import Things

TRACES_S = 2.0
"""Seconds until somebody who watches a device reads what it did."""


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
            self._services.app_passwords.alive,
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
        self._tracing = Tracing(self._read_traced, self._write_exchanges)
        self._traces = Rounds(self._tracing.round, TRACES_S, name="protocol log")
        self._upkeep = Rounds(self._prune, UPKEEP_S, name="upkeep")
        self._app: Callable[[Message, Receive, Send], Any] = self._not_started
        self._began = time.monotonic()

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
        self._tracing.outdated()
        self._traces.start()

    async def drain(self) -> None:
        """End every long poll in the way its client understands."""
        self.polls.drain()

    def figures(self) -> Figures:
        """What this worker counted, and how it stands."""
        heard_at = max(self.snapshots.fresh_at, self._began)
        return Figures(
            {
                "parked_requests": self.polls.counts(),
                "known_devices": {"": len(self.snapshots)},
                FEED_SILENCE: {"": time.monotonic() - heard_at},
            },
            {"contacts_lost": self._write_behind.lost, "exchanges_lost": self._tracing.lost},
            {name: (*each.latency.counts, each.latency.total) for name, each in self._upstreams.items()},
        )

    async def close(self) -> None:
        """Write what is left and let go of everything."""
        self._watch.stop()
        self._listening.stop()
        self._upkeep.stop()
        self._traces.stop()
        await self._tracing.close()
        await self._write_behind.stop()
        for upstream in self._upstreams.values():
            await upstream.close()
        self._threads.close()
        self._services.store.close()

    def _compose(self) -> Routing:
        config, made = self._config, self._services
        credentials, answers = self._credentials(), self._answers()
        discovery = self._discovery(credentials, answers)
        activesync = ActiveSync(
            self._rooms(credentials, discovery),
            self.snapshots,
            drain_s=config.limits.early_answer_drain_s,
            tracing=self._tracing,
        )
        profiles = ProfileEndpoint(
            made.profiles,
            answers,
            credentials.signed,
            ProfileSigner(config.tls, config.public_host),
            self._threads.store,
            bars=self._gate.bars,
        )
        known = WellKnown(answers, config.public_host)
        self_service = SelfService(credentials, made.self_sessions, profiles, self._threads, self._things)
        health = Health({"change feed": self._hears}, names=False)
        return Routing(activesync, discovery, profiles, known, health, self_service)

    def _credentials(self) -> Credentials:
        credentials = Credentials(
            self._login,
            self._services.users,
            LocalPasswords(),
            self._upstreams,
            self._threads,
            time.monotonic,
            last_verdict_s=self._config.limits.last_verdict_s,
        )
        credentials.app_passwords = self._services.app_passwords
        return credentials

    def _rooms(self, credentials: Credentials, discovery: DiscoveryEndpoint) -> Rooms:
        made, threads, limits = self._services, self._threads, self._config.limits
        proof = Proof(made.users.resolve, WipeLane(made.store, SystemClock()).prove)
        door = self._door()
        errands = Errands(Handshakes(BackendKeys(made.store, SystemClock()), threads), door.admits)
        return Rooms(
            credentials=credentials,
            door=door,
            lane=Lane(proof, self.snapshots, self._recollection, threads),
            provisioning=Provisioning(made.devices, made.recovery, threads, limits),
            conduct=ConductWatch(made.misbehaviour, made.identities, threads),
            passage=Passage(self._upstreams, self.polls, self.snapshots, errands, limits),
            welcome=Welcome(credentials, self._recollection, threads, self._upstreams),
            discovery=partial(discovery.speak, pox),
        )

    def _things(self) -> "Things":
        """The pages, with the templates that a worker who serves phones alone need not have."""
        from gateway.endpoints.self_service.things import Things  # noqa: PLC0415 - when the first page is asked for

        return Things(self._services, SystemClock())

    def _door(self) -> Door:
        return Door(
            self.snapshots,
            self._recollection,
            self._threads,
            last_verdict_s=self._config.limits.last_verdict_s,
            waiting=self._waiting,
        )

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

    async def _hears(self) -> bool:
        return self.snapshots.trusted(time.monotonic())

    def _changed(self, changes: Sequence[Change]) -> None:
        self._memory.drop(changes)
        self._gate.drop(changes)
        self._listening.changed(changes)
        self._hosts.changed(changes)
        self._tracing.changed(changes)

    def _lost(self) -> None:
        self._memory.clear()
        self._gate.clear()
        self._listening.lost()
        self._hosts.outdated()
        self._tracing.outdated()

    async def _read_domains(self) -> Sequence[str]:
        return await self._threads.store(domain_names, self._services.store)

    async def _touch(self, contacts: Sequence[Contact]) -> None:
        await self._threads.store(self._services.devices.touch, contacts)
        await self._waiting.write()

    async def _read_traced(self) -> Sequence[Traced]:
        return await self._threads.store(self._services.protocol_logs.traced)

    async def _write_exchanges(self, exchanges: Sequence[Exchange]) -> None:
        await self._threads.store(self._services.protocol_logs.write, exchanges)

    async def _prune(self) -> None:
        await self._threads.store(prune, self._services.store, SystemClock())

    async def _not_started(self, _scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def clients(config: Config, certified: Certified | None = None) -> Clients:
    """The application of devices and mail programs; ``certified`` as for ``redirect``."""
    return Clients(config, certified)


def _upstream(backend: Backend) -> Upstream:
    secret = read_secret(backend.secret_file) if backend.secret_file is not None else b""
    return Upstream(Route(backend, secret=secret))
