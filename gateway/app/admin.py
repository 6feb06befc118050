"""The application of the administration listener, and what its process does by itself."""

import asyncio
import socket
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from gateway.app.use_cases import Services, services
from gateway.board import FEED_SILENCE, SILENT_S, Board
from gateway.board_watch import EVERY_S as HISTORY_S
from gateway.board_watch import BoardWatch
from gateway.chance import SystemClock
from gateway.config import Config
from gateway.domain_watch import TICK_S, DomainWatch
from gateway.endpoints.threads import Threads
from gateway.health_watch import EVERY_S as HEALTH_S
from gateway.health_watch import Backends, HealthWatch
from gateway.rollout_watch import EVERY_S as ROLLOUT_S
from gateway.rollout_watch import RolloutWatch
from gateway.services.snapshots import FEED_SILENCE as DOUBTFUL
from gateway.worker import JOBS_S, UPKEEP_S, WIPES_S, Rounds

if TYPE_CHECKING:
    from gateway.endpoints.administration import Administration

CHECKPOINTS_S = 5.0
"""Seconds between two looks whether a checkpoint of the audit trail is due."""

DEVICES_S = 900.0
"""Seconds between two counts of all devices, of which the last one of a day is in the charts."""

QUARANTINE_S = 300.0
"""Seconds between two looks at the queues of waiting devices; what expires there is counted in days."""


def admin(config: Config, board: Board | None = None) -> "Administration":
    """The application of the administration listener; ``board`` has what the workers counted."""
    from gateway.app.metrics import metrics  # noqa: PLC0415 - no client worker pays for these
    from gateway.app.telling import telling  # noqa: PLC0415 - likewise
    from gateway.endpoints.administration import Administration  # noqa: PLC0415 - likewise
    from gateway.endpoints.rates import Rates  # noqa: PLC0415 - likewise

    made, threads = services(config), Threads()

    async def store_answers() -> bool:
        await threads.store(made.tenants.organisations)
        return True

    def close() -> None:
        threads.close()
        made.store.close()

    rates, told = Rates(config.admin, time.monotonic), telling(config, made)
    application = Administration(
        made,
        config.token_file if config.admin.bootstrap else None,
        {"store": store_answers, "change feed": partial(_feeds_heard, board)},
        close,
        (*_rounds(config, made, board), *told.rounds),
        rates,
        told.told,
    )
    application.metrics = metrics(config, made.store, board)
    return application


async def _feeds_heard(board: Board | None) -> bool:
    """Whether every client worker hears of changes; without it orders reach nobody (house.md 4a)."""
    now = time.monotonic()
    documents = [each for each in board.all() if now - each["at"] <= SILENT_S] if board else []
    silences = [each["gauges"].get(FEED_SILENCE, {}).get("", 0.0) for each in documents]
    return all(silence <= DOUBTFUL for silence in silences)


def _rounds(config: Config, made: Services, board: Board | None) -> Sequence[Rounds]:
    """What the administration's process does by itself: nobody's request waits for it there."""
    health = HealthWatch(made.tenants, Backends(config.backends).answers)
    spreading = RolloutWatch(made.rollouts)
    rounds = [
        Rounds(partial(asyncio.to_thread, made.quarantine.expire), QUARANTINE_S, name="quarantine"),
        Rounds(partial(asyncio.to_thread, made.checkpoints.round), CHECKPOINTS_S, name="checkpoints"),
        Rounds(partial(asyncio.to_thread, made.jobs.round), JOBS_S, name="jobs"),
        Rounds(partial(asyncio.to_thread, made.wipes.expire), WIPES_S, name="wipes"),
        Rounds(partial(asyncio.to_thread, made.archive.round), UPKEEP_S, name="archive"),
        Rounds(partial(asyncio.to_thread, made.repetitions.prune), UPKEEP_S, name="kept requests"),
        Rounds(partial(asyncio.to_thread, made.protocol_logs.round), WIPES_S, name="protocol logs"),
        Rounds(partial(asyncio.to_thread, made.history.count_devices), DEVICES_S, name="device history"),
        Rounds(health.round, HEALTH_S, name="health"),
        Rounds(spreading.round, ROLLOUT_S, name="rollouts"),
    ]
    if board is not None:
        watch = BoardWatch(board.all, made.history, socket.gethostname())
        rounds.append(Rounds(partial(asyncio.to_thread, watch.round), HISTORY_S, name="history"))
    if config.dns.check_every_s:
        domains = DomainWatch(made.domain_records, made.examine, SystemClock(), config.dns)
        rounds.append(Rounds(domains.round, TICK_S, name="domains"))
    return rounds
