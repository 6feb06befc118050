"""A gateway that was just started signs its trail by itself, in the database and in its log (T26)."""

import stat
import time
from collections.abc import Callable

from gateway.records import CHECKPOINT
from gateway.services.audit_files import checkpoints_of
from tests.support.gateway_process import Gateway, gateway, usher

NOBODY = {"url": "http://127.0.0.1:9/Microsoft-Server-ActiveSync"}
PATIENCE_S = 60.0


def until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def kept(running: Gateway) -> list[int]:
    return [seal.sequence for seal in checkpoints_of(running.log.splitlines())]


def test_the_end_of_the_trail_is_signed_by_itself() -> None:
    with gateway(NOBODY, "checkpoints.example", users={"ann": "Correct-Horse-1"}) as running:
        until(lambda: bool(kept(running)), "no checkpoint in the log")
        assert stat.S_IMODE((running.folder / "audit.key").stat().st_mode) == 0o600
        with running.made.store.read() as transaction:
            seals = transaction.audit_chain.seals(CHECKPOINT)
        assert [seal.sequence for seal in seals] == kept(running)
        (running.folder / "kept.log").write_text(running.log)
        log, config = str(running.folder / "kept.log"), str(running.folder / "usher.toml")
        usher("audit", "verify", "--checkpoints", log, "--config", config)
