"""The exposition: what Prometheus reads, without a name in it."""

import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.board import SILENT_S
from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.metrics import MEDIA_TYPE, Metrics, MetricsPage
from gateway.proxy.latency import BOUNDS
from gateway.records.authority import MACHINE, Appointment, Authority, Role

ANSWERED = [
    ["Sync", "answered", 200, 10],
    ["Sync", "backend down", 503, 2],
    ["Provision", "final key", 200, 3],
    ["Provision", "wipe directive", 200, 1],
    ["Provision", "wipe recorded", 200, 1],
    ["Sync", "unauthenticated", 401, 5],
    ["Sync", "no credentials", 401, 9],
]
COUNTS = {"devices": {"Succeeded": 4, "Wipe Required": 1}, "held_devices": {"": 2}}


def document(role: str = "clients", *, at: float | None = None, **gauges: float) -> dict[str, Any]:
    return {
        "role": role,
        "at": time.monotonic() if at is None else at,
        "answered": ANSWERED if role == "clients" else [["", "unauthenticated", 401, 1]],
        "counters": {"contacts_lost": 6},
        "latency": {"default": [1] * (len(BOUNDS) + 1) + [2.5]} if role == "clients" else {},
        "gauges": {
            "parked_requests": {"default": gauges.get("parked", 5)},
            "resident_bytes": {"": 1000.0},
            "feed_silence_seconds": {"": gauges.get("silence", 0.25)},
        },
    }


def read(documents: list[dict[str, Any]], counts: Any = COUNTS, days: float | None = 12.5) -> dict[str, Any]:
    text = Metrics(lambda: documents, lambda: counts, lambda: days).exposition().decode()
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_sums_of_all_workers() -> None:
    values = read([document(), document(), document("admin")])
    labels = "[('code', '200'), ('command', 'Sync'), ('listener', 'clients'), ('verdict', 'answered')]"
    assert values[f"usher_requests_total{labels}"] == 20
    assert values["usher_wipes_total[('event', 'delivered')]"] == 2
    assert values["usher_wipes_total[('event', 'acknowledged')]"] == 2
    assert values["usher_provisioning_total[('outcome', 'final key')]"] == 6
    assert values["usher_backend_errors_total[('reason', 'backend down')]"] == 4
    assert values["usher_sign_in_failures_total[('listener', 'clients')]"] == 10
    assert values["usher_sign_in_failures_total[('listener', 'admin')]"] == 1
    assert values["usher_contacts_lost_total[]"] == 18
    assert values["usher_workers[('listener', 'clients')]"] == 2
    assert values["usher_parked_requests[('backend', 'default'), ('listener', 'clients')]"] == 10
    assert values["usher_resident_bytes[('listener', 'clients')]"] == 2000
    assert 0.25 <= values["usher_change_feed_silence_seconds[]"] < 30


def test_a_histogram_counts_upwards() -> None:
    values = read([document(), document()])
    buckets = [
        values[f"usher_backend_seconds_bucket[('backend', 'default'), ('le', '{bound}')]"]
        for bound in (*BOUNDS, "+Inf")
    ]
    assert buckets == [2.0 * (place + 1) for place in range(len(BOUNDS) + 1)]
    assert values["usher_backend_seconds_sum[('backend', 'default')]"] == 5.0


def test_a_worker_that_died_keeps_its_counts_and_loses_its_gauges() -> None:
    values = read([document(), document(at=time.monotonic() - SILENT_S - 1, silence=99.0)])
    assert values["usher_wipes_total[('event', 'delivered')]"] == 2
    assert values["usher_workers[('listener', 'clients')]"] == 1
    assert values["usher_parked_requests[('backend', 'default'), ('listener', 'clients')]"] == 5
    assert values["usher_change_feed_silence_seconds[]"] < 60


def test_the_database_and_the_certificates() -> None:
    values = read([])
    assert values["usher_devices[('state', 'Wipe Required')]"] == 1
    assert values["usher_held_devices[]"] == 2
    assert values["usher_store_up[]"] == 1
    assert values["usher_certificate_days_left[]"] == 12.5
    away = read([], counts=None, days=None)
    assert away["usher_store_up[]"] == 0
    assert not any(name.startswith(("usher_devices", "usher_certificate")) for name in away)


async def asked(
    page: MetricsPage, authority: Authority | None, method: str = "GET"
) -> tuple[int, bytes, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": method, "path": "/metrics", ADMINISTRATOR: authority}
    await page(scope, receive, send)
    return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])[b"content-type"]


@pytest.mark.parametrize(
    ("appointments", "status"),
    [
        (MACHINE, 200),
        ((Appointment(Role.VIEWER),), 200),
        ((Appointment(Role.OWNER, organisation="m-1"),), 403),
        ((), 403),
    ],
    ids=["machine", "viewer", "owner of one organisation", "nobody"],
)
async def test_it_is_for_who_may_read_metrics_of_the_whole_gateway(
    appointments: tuple[Appointment, ...], status: int
) -> None:
    page = MetricsPage(Metrics(list, lambda: None, lambda: None))
    assert (await asked(page, Authority("a", appointments=appointments)))[0] == status


async def test_open_to_all_when_the_configuration_says_so() -> None:
    page = MetricsPage(Metrics(list, lambda: None, lambda: None), open_to_all=True)
    status, body, media_type = await asked(page, None)
    assert (status, media_type) == (200, MEDIA_TYPE.encode())
    assert b"usher_store_up 0.0" in body
    assert (await asked(page, None, "HEAD"))[:2] == (200, b"")
    assert (await asked(page, None, "POST"))[0] == 405
