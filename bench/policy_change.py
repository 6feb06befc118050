"""A policy change over a fleet that hangs in Ping (issue 4): how it is spread, and what others notice of it.

Another process sets the policy with a window of three minutes and does the administration's job of bringing
it to the devices, second by second. Each phone whose Ping is answered provisions at once, both phases, as a
phone does: what the others notice is the whole return and not only the telling. The others have a policy of
their own that stays, and ask for something short fifty times a second, before the change and throughout.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvloop

from bench.client import Line, connect
from bench.figures import Figure, report
from bench.fleet import ORGANISATION, Phone, enrol, phones, sync_body
from bench.gateway import Place, backend, opened, place, running
from bench.parking import leave, park
from bench.processes import LOAD, here
from gateway.app import services
from gateway.chance import SystemClock
from gateway.config import load
from gateway.records import Actor
from gateway.services.assignments import Target
from gateway.services.safeguards import SafeguardChanges, SafeguardService
from mdm.codepages import tag
from mdm.element import Element, element
from mdm.layers import Reach
from mdm.wbxml import decode, encode

PARKED = 10_000
OTHERS = 100
WINDOW_MINUTES = 3
PER_MINUTE = 4_000
"""The configured rate: a little above what the window alone would give."""
PACE_S = 0.02
CALM_S = 15.0
WAIT_S = 240.0
TRIES, RETRY_S = 10, 5.0
"""A phone that is told to come later does, as often as this."""
SPAN_S = 20.0
"""The rate is looked at over spans of this length."""
ACTOR = Actor("admin", "bench")
_POLICIES, _POLICY = tag("Provision", "Policies"), tag("Provision", "Policy")
_KEY = tag("Provision", "PolicyKey")


def change(config: Path) -> None:
    """Set the policy and bring it to the devices; prints when it was durable."""
    made = services(load(config, {}))
    safeguards = SafeguardService(made.store, SystemClock())
    safeguards.change(ACTOR, ORGANISATION, SafeguardChanges(rollout_per_minute=PER_MINUTE), may_loosen=True)
    made.policies.set_policy(ACTOR, ORGANISATION, _document(8), minutes=WINDOW_MINUTES)
    print(json.dumps(time.monotonic()), flush=True)
    while organisations := made.rollouts.under_way():
        for each in organisations:
            while made.rollouts.advance(each):
                pass
        time.sleep(1.0)
    made.store.close()


def _document(length: int) -> dict[str, object]:
    return {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": length}}


def _provision(*parts: Element) -> bytes:
    return encode(element(tag("Provision", "Provision"), *parts))


def _policies(*parts: Element) -> Element:
    kind = element(tag("Provision", "PolicyType"), "MS-EAS-Provisioning-WBXML")
    return element(_POLICIES, element(_POLICY, kind, *parts))


def initial() -> bytes:
    """The request of the policy."""
    model = element(tag("Settings", "Model"), "iPhone15,2")
    told = element(tag("Settings", "DeviceInformation"), element(tag("Settings", "Set"), model))
    return _provision(told, _policies())


def acknowledgement(key: str) -> bytes:
    """The policy is applied."""
    return _provision(_policies(element(_KEY, key), element(tag("Provision", "Status"), "1")))


async def _said(line: Line, request: bytes) -> bytes:
    """Ask, and give the body of a 200."""
    waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def answered(_: Line, status: int, body: bytes) -> None:
        if waiting.done():
            return
        if status == 200:
            waiting.set_result(body)
        else:
            waiting.set_exception(RuntimeError(f"answered {status}"))

    line.answered = answered
    line.send(request)
    return await waiting


async def provision(line: Line, phone: Phone) -> int:
    """Both phases; gives the final key."""
    key = "0"
    for body in (initial(), None):
        answer = await _said(line, phone.request("Provision", body or acknowledgement(key)))
        found = decode(answer).path(_POLICIES, _POLICY, _KEY)
        if found is None:
            raise RuntimeError(f"phone {phone.number} was given no key")
        key = found.text
    return int(key)


async def _ask(lines: Sequence[Line], requests: Sequence[bytes], end: asyncio.Event) -> list[float]:
    """Ask in turn at a steady pace until the end; seconds of each answer."""
    took: list[float] = []
    asked: set[asyncio.Task[None]] = set()

    free = list(range(OTHERS))

    async def one(number: int) -> None:
        began = time.monotonic()
        await lines[number].ask(requests[number])
        took.append(time.monotonic() - began)
        free.append(number)

    while not end.is_set():
        if free:
            task = asyncio.ensure_future(one(free.pop(0)))
            asked.add(task)
            task.add_done_callback(asked.discard)
        await asyncio.sleep(PACE_S)
    await asyncio.wait(asked, timeout=10) if asked else None
    return took


async def _measure(where: Place, fleet: list[Phone]) -> tuple[list[float], list[float], list[float], int]:
    """Times of the calm and of the change; when each phone was told, and how many came back."""
    crowd, rest = fleet[:PARKED], fleet[PARKED:]
    others = [await connect(where.plain) for _ in rest]
    keys = [await provision(line, phone) for line, phone in zip(others, rest, strict=True)]
    requests = [
        phone.request("Sync", sync_body()).replace(b"Key: %d" % phone.policy_key, b"Key: %d" % key)
        for phone, key in zip(rest, keys, strict=True)
    ]
    parked = await park(where.plain, crowd)
    calm = await _ask(others, requests, _after(CALM_S))
    told: list[float] = []
    returned: list[int] = []

    async def come_back(line: Line, phone: Phone, ping: "asyncio.Future[int]") -> None:
        await ping
        told.append(line.at)
        for tries in range(TRIES):
            try:
                await provision(line, phone)
            except RuntimeError:
                await asyncio.sleep(RETRY_S)
                continue
            returned.append(tries)
            return

    waits = [line.answer() for line in parked]
    coming = [asyncio.ensure_future(come_back(*each)) for each in zip(parked, crowd, waits, strict=True)]
    end = asyncio.Event()
    busy = asyncio.ensure_future(_ask(others, requests, end))
    committed = await _committed(where.config)
    _, missing = await asyncio.wait(coming, timeout=WAIT_S)
    for task in missing:
        task.cancel()
    end.set()
    took = await busy
    leave([*parked, *others])
    print(f"{sum(returned)} times a phone was told to come later", file=sys.stderr)
    return calm, took, sorted(at - committed for at in told), len(returned)


def _after(seconds: float) -> asyncio.Event:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, event.set)
    return event


async def _committed(config: Path) -> float:
    """Start the change; when it was durable. The process goes on until all are told."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.policy_change", str(config)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    return float(json.loads(await process.stdout.readline()))


def busiest(told: Sequence[float]) -> float:
    """The most that were told within ``SPAN_S``, in devices a minute."""
    most, begin = 0, 0
    for end, at in enumerate(told):
        while told[begin] < at - SPAN_S:
            begin += 1
        most = max(most, end - begin + 1)
    return most * 60 / SPAN_S


def _furnished(where: Place, fleet: list[Phone]) -> None:
    made = opened(where)
    enrol(made, fleet)
    made.policies.create(
        ACTOR,
        ORGANISATION,
        "kept",
        {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 5}},
    )
    for phone in fleet[PARKED:]:
        made.assignments.assign(ACTOR, ORGANISATION, Target(Reach.USER, phone.address), "kept")
    made.store.close()


def figures() -> Iterator[Figure]:
    """When the last one was told, the busiest span against the rate, and the others' p99 against the calm."""
    here(LOAD)
    fleet = phones(PARKED + OTHERS)
    with backend() as mail, place(mail, workers=4) as where:
        _furnished(where, fleet)
        with running(where) as served:
            calm, busy, told, returned = uvloop.run(_measure(served.place, fleet))
    print(f"{len(told)} of {PARKED} told, {returned} came back; {len(busy)} others", file=sys.stderr)
    late = told[-1] if len(told) == PARKED else WAIT_S
    yield Figure("policy_change_last_told", late, "s", WINDOW_MINUTES * 60)
    yield Figure("policy_change_busiest_minute", busiest(told), "devices/min", PER_MINUTE)
    before, during = (statistics.quantiles(each, n=100)[98] for each in (calm, busy))
    print(f"p99 of others: {before * 1000:.1f} ms, then {during * 1000:.1f} ms", file=sys.stderr)
    yield Figure("policy_change_others_p99_ratio", during / before, "times", 2.0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        change(Path(sys.argv[1]))
    else:
        sys.exit(report(figures()))
