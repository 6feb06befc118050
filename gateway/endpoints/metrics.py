"""``/metrics`` of the admin listener (product 9.4): what the workers wrote on the board, and the database.

Nothing here has a user, a device or an address in it, and every label's values are the gateway's own words:
commands, verdicts, states, backends of the configuration. So the number of series is bounded whatever
strangers send. The words of a verdict are those of the access log.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version

import anyio.to_thread
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from gateway.board import FEED_SILENCE, SILENT_S, Document
from gateway.endpoints.api.calls import ADMINISTRATOR, require
from gateway.endpoints.middleware import Receive, Scope, Send
from gateway.errors import GatewayError
from gateway.proxy.latency import BOUNDS
from gateway.records.authority import Permission

PATH = "/metrics"
MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
ACCIDENTS = frozenset(
    {"backend down", "backend slow", "backend answered nonsense", "broken off", "backend gives orders"}
)
WIPES: Mapping[str, str] = {
    "wipe directive": "delivered",
    "wipe directive again": "delivered again",
    "wipe recorded": "acknowledged",
}
SIGN_INS = frozenset({"unauthenticated", "throttled"})
STATES: Mapping[str, tuple[str, str]] = {
    "devices": ("state", "Partnerships by their state"),
    "organisations": ("state", "Organisations by their state"),
    "wipe_orders": ("progress", "Wipe orders by how far they have come"),
    "jobs": ("state", "Off-boardings by their state"),
    "webhook_deliveries": ("state", "Deliveries to webhooks by their state"),
    "letters": ("state", "Mails to administrators by their state"),
    "held_devices": ("", "Devices that wait in quarantine"),
    "audit_sequence": ("", "Number of the newest record of the audit trail"),
}
GAUGES: Mapping[str, tuple[str, str]] = {
    "parked_requests": ("backend", "Long polls that wait"),
    "known_devices": ("", "Partnerships that workers hold in memory"),
    "connections": ("", "Clients that are connected"),
    "resident_bytes": ("", "Memory of the process"),
    "open_files": ("", "File descriptors of the process"),
}

Counts = Mapping[str, Mapping[str, int]]


class MetricsPage:
    """Raw ASGI application for the path; whoever asks has been let in, or ``open`` says that anybody may.

    A scope with an administrator in it must hold ``metrics:read`` for the whole gateway.
    """

    def __init__(self, metrics: "Metrics", *, open_to_all: bool = False) -> None:
        self.open = open_to_all
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's
        """Answer GET and HEAD."""
        status, body = 405, b""
        if scope["method"] in ("GET", "HEAD"):
            status, body = await self._answer(scope)
        headers = [
            (b"content-type", MEDIA_TYPE.encode("ascii") if status == 200 else b"text/plain"),
            (b"content-length", str(len(body)).encode("ascii")),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        told = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": told, "more_body": False})

    async def _answer(self, scope: Scope) -> tuple[int, bytes]:
        if not self.open:
            try:
                require(scope[ADMINISTRATOR], Permission.METRICS_READ, everywhere=True)
            except GatewayError as error:
                return 403, error.public.encode()
        return 200, await anyio.to_thread.run_sync(self._metrics.exposition)


class Metrics:
    """Puts the exposition together.

    Args:
        documents: what is on the board.
        counts: rows of the database, None while it is away.
        days_left: days until the first certificate runs out, None without one.
    """

    def __init__(
        self,
        documents: Callable[[], Sequence[Document]],
        counts: Callable[[], Counts | None],
        days_left: Callable[[], float | None],
    ) -> None:
        self._documents = documents
        self._counts = counts
        self._days_left = days_left
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def exposition(self) -> bytes:
        """The text for Prometheus; asks the database, so call it in a thread."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing to say in advance: registering must not ask the database."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Every family, as it stands now."""
        documents = self._documents()
        now = time.monotonic()
        alive = [each for each in documents if now - each["at"] <= SILENT_S]
        yield InfoMetricFamily("usher", "The release that runs", {"release": version("usher-gateway")})
        yield from _of_requests(documents)
        yield from _of_backends(documents)
        yield from _of_workers(alive, now)
        yield from _of_store(self._counts())
        days = self._days_left()
        if days is not None:
            help_ = "Days until the first of the certificates runs out"
            yield _gauge("usher_certificate_days_left", help_, days)


def _of_requests(documents: Sequence[Document]) -> Iterator[Metric]:
    answered: Counter[tuple[str, str, str, str]] = Counter()
    for each in documents:
        for command, verdict, status, count in each["answered"]:
            answered[each["role"], command, verdict, str(status)] += count
    requests = CounterMetricFamily(
        "usher_requests", "Requests that ended", labels=("listener", "command", "verdict", "code")
    )
    for kind, count in sorted(answered.items()):
        requests.add_metric(kind, count)
    yield requests
    lost = sum(each["counters"].get("contacts_lost", 0) for each in documents)
    yield _counter("usher_contacts_lost", "Last contacts that the database did not take", lost)
    yield from _by_verdict(answered)


def _by_verdict(answered: Mapping[tuple[str, str, str, str], int]) -> Iterator[Metric]:
    """What an operator asks for, told apart by the words that the requests ended with."""
    provisioning: Counter[str] = Counter()
    wipes: Counter[str] = Counter(dict.fromkeys(WIPES.values(), 0))
    accidents: Counter[str] = Counter(dict.fromkeys(ACCIDENTS, 0))
    failures: Counter[str] = Counter({"clients": 0, "admin": 0})
    for (listener, command, verdict, code), count in answered.items():
        if command == "Provision":
            provisioning[verdict] += count
        if verdict in WIPES:
            wipes[WIPES[verdict]] += count
        if verdict in ACCIDENTS:
            accidents[verdict] += count
        if verdict in SIGN_INS and code in ("401", "429", "503"):
            failures[listener] += count
    yield _labelled("usher_provisioning", "Provision requests by their outcome", "outcome", provisioning)
    yield _labelled("usher_wipes", "Wipe directives handed over and acknowledged", "event", wipes)
    yield _labelled("usher_backend_errors", "Requests that a mail server failed", "reason", accidents)
    yield _labelled("usher_sign_in_failures", "Sign-ins refused or put off", "listener", failures)


def _of_backends(documents: Sequence[Document]) -> Iterator[Metric]:
    found: dict[str, list[float]] = {}
    for each in documents:
        for name, values in each["latency"].items():
            held = found.get(name, [0] * len(values))
            found[name] = [old + new for old, new in zip(held, values, strict=True)]
    seconds = HistogramMetricFamily(
        "usher_backend_seconds",
        "Time to the head of a mail server's answer, long polls and uploads apart",
        labels=("backend",),
    )
    bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
    for name, (*counts, total) in sorted(found.items()):
        running, buckets = 0.0, []
        for bound, count in zip(bounds, counts, strict=True):
            running += count
            buckets.append((bound, running))
        seconds.add_metric((name,), buckets, total)
    yield seconds


def _of_workers(alive: Sequence[Document], now: float) -> Iterator[Metric]:
    roles = Counter(each["role"] for each in alive)
    yield _labelled("usher_workers", "Processes that serve", "listener", roles, GaugeMetricFamily)
    for name, (label, help_) in GAUGES.items():
        sums: Counter[tuple[str, ...]] = Counter()
        for each in alive:
            for value_of, value in each["gauges"].get(name, {}).items():
                sums[(each["role"], value_of) if label else (each["role"],)] += value
        family = GaugeMetricFamily(
            f"usher_{name}", help_, labels=("listener", label) if label else ("listener",)
        )
        for labels, value in sorted(sums.items()):
            family.add_metric(labels, value)
        yield family
    silent = [
        each["gauges"][FEED_SILENCE][""] + now - each["at"]
        for each in alive
        if each["gauges"].get(FEED_SILENCE)
    ]
    if silent:
        help_ = "Age of the oldest snapshot of any worker: seconds since it heard the change feed"
        yield _gauge("usher_change_feed_silence_seconds", help_, max(silent))


def _of_store(counts: Counts | None) -> Iterator[Metric]:
    yield _gauge("usher_store_up", "1 while the database answers", float(counts is not None))
    for name, (label, help_) in STATES.items():
        values = (counts or {}).get(name)
        if values is None:
            continue
        if label:
            yield _labelled(f"usher_{name}", help_, label, values, GaugeMetricFamily)
        else:
            yield _gauge(f"usher_{name}", help_, values[""])


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value)


def _counter(name: str, help_: str, value: float) -> Metric:
    return CounterMetricFamily(name, help_, value)


_Family = type[CounterMetricFamily] | type[GaugeMetricFamily]


def _labelled(
    name: str, help_: str, label: str, values: Mapping[str, float], family: _Family = CounterMetricFamily
) -> Metric:
    made = family(name, help_, labels=(label,))
    for each, value in sorted(values.items()):
        made.add_metric((each,), value)
    return made
