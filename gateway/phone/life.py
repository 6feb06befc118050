"""The usual life of a phone: set up, provision, sync, wait, and react to what it is told (spec 4.3, 6.1)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum

from gateway.phone.demands import RETRY_SECONDS, Demand, demand, rest_seconds
from gateway.phone.device import Phone, Provisioning
from gateway.phone.errors import PhoneError, Unreachable
from gateway.phone.line import Answer
from gateway.phone.reading import Awakening, Changes, Folder
from gateway.phone.story import Step
from mdm.ashttp import Version

DEFAULT_HEARTBEAT_SECONDS = 480
"""Where AOSP starts."""
PROVISIONING_ROUNDS = 5
"""Rounds without an accepted command before a phone stops: AOSP has no such limit and loops (spec 6.3)."""
MAXIMUM_MOVES = 3
SYNC_PAGES = 100
"""Pages of one folder before a phone thinks that the server never ends."""
WATCHED_KINDS = frozenset({2, 8, 9})
"""Folders that a Ping names: inbox, calendar, contacts."""


class Ending(Enum):
    """Why a life ended."""

    SYNCED = "synced"
    WIPED = "wiped"
    REFUSED = "refused"
    FAILED = "failed"


class _Over(Exception):
    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


class Life:
    """Lives one phone's life; ``run`` once.

    Args:
        heartbeat: seconds that a Ping asks for.
        once: stop after the first complete synchronisation instead of hanging in Ping.
        patience: how often in a row a phone rests and tries again before it gives up; None for ever.
    """

    def __init__(
        self,
        phone: Phone,
        *,
        heartbeat: int = DEFAULT_HEARTBEAT_SECONDS,
        once: bool = False,
        patience: int | None = None,
    ) -> None:
        self._phone = phone
        self._heartbeat = heartbeat
        self._once = once
        self._patience = patience
        self._rests = 0
        self._rounds = 0
        self._moves = 0
        self._folder_limit: int | None = None

    async def run(self) -> Ending:
        """Live until the phone is wiped, refused or, with ``once``, in sync."""
        try:
            await self._set_up()
            await self._hierarchy()
            await self._collect(list(self._phone.folders.values()))
            while not self._once:
                await self._wait()
        except _Over as over:
            return over.ending
        except PhoneError as error:
            self._phone.tell(Step.PROBLEM, f"gives up: {error}")
            return Ending.FAILED
        return Ending.SYNCED

    async def _set_up(self) -> None:
        if self._phone.server is None:
            await self._phone.discover()
        await self._phone.options()

    async def _hierarchy(self) -> None:
        answer = await self._insist(self._phone.folder_sync)
        if answer.status == 9:
            self._phone.tell(Step.FOLDERS, "has to read its folders anew")
            answer = await self._insist(self._phone.folder_sync)
        if answer.status != 1:
            raise PhoneError(f"FolderSync: HTTP {answer.http}, Status {answer.status}")
        count = len(self._phone.folders)
        self._phone.tell(Step.FOLDERS, f"sees {_count(count, 'folder')}", folders=count)

    async def _collect(self, folders: Iterable[Folder]) -> None:
        for folder in folders:
            held = len(self._phone.items.get(folder.server_id, ()))
            await self._pages(folder)
            now = len(self._phone.items.get(folder.server_id, ()))
            if now != held:
                text = f"has {_count(now, 'item')} in {folder.name}"
                text += f", {now - held:+d}" if held else ""
                self._phone.tell(Step.SYNC, text, folder=folder.name, items=now, difference=now - held)

    async def _pages(self, folder: Folder) -> None:
        for _ in range(SYNC_PAGES):
            first = self._phone.sync_keys.get(folder.server_id, "0") == "0"
            answer, change = await self._page(folder)
            status = answer.status if change is None else change.status
            if status in (8, 12):
                return await self._hierarchy()
            if status not in (None, 1, 3):
                return self._phone.tell(Step.PROBLEM, f"Sync of {folder.name}: Status {status}")
            if status != 3 and not first and (change is None or not change.more):
                return None
        return None

    async def _page(self, folder: Folder) -> tuple[Answer, Changes | None]:
        seen: tuple[Changes, ...] = ()

        async def step() -> Answer:
            nonlocal seen
            answer, seen = await self._phone.sync([folder])
            return answer

        answer = await self._insist(step)
        return answer, seen[0] if seen else None

    async def _wait(self) -> None:
        watched = self._watched()
        text = f"waits up to {self._heartbeat} s for news of {_count(len(watched), 'folder')}"
        self._phone.tell(Step.PING, text, heartbeat=self._heartbeat, folders=len(watched))
        awakening: Awakening | None = None

        async def step() -> Answer:
            nonlocal awakening
            answer, awakening = await self._phone.ping(self._heartbeat, watched)
            return answer

        answer = await self._insist(step)
        await self._wake(awakening, answer)

    async def _wake(self, awakening: Awakening | None, answer: Answer) -> None:
        status = None if awakening is None else awakening.status
        limit = None if awakening is None else awakening.limit
        self._phone.tell(
            Step.PING,
            f"is woken after {answer.seconds:.1f} s: {_MEANING.get(status or 0, 'an unusable answer')}",
            status=status,
            seconds=round(answer.seconds, 3),
        )
        if status == 2 and awakening is not None:
            named = [self._phone.folders[one] for one in awakening.folders if one in self._phone.folders]
            await self._collect(named)
        elif status == 5 and limit and limit != self._heartbeat:
            self._heartbeat = limit
        elif status == 6 and limit and limit != self._folder_limit:
            self._folder_limit = limit
        elif status == 7:
            await self._hierarchy()
        elif status != 1:
            await self._rest(RETRY_SECONDS, f"Ping: HTTP {answer.http}, Status {status}")

    def _watched(self) -> list[Folder]:
        folders = list(self._phone.folders.values())
        watched = [folder for folder in folders if folder.kind in WATCHED_KINDS] or folders
        return watched[: self._folder_limit]

    async def _insist(self, step: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat one command, doing what each answer demands, until it is really answered."""
        self._rounds = 0
        while True:
            try:
                answer = await step()
            except Unreachable as error:
                await self._rest(min(RETRY_SECONDS, 2.0**self._rests), str(error))
                continue
            if demand(answer) is Demand.NOTHING:
                self._rests = 0
                return answer
            await self._comply(demand(answer), answer)

    async def _comply(self, wanted: Demand, answer: Answer) -> None:
        match wanted:
            case Demand.PROVISION:
                await self._provision(answer)
            case Demand.PROVISION_OR_LEAVE if self._rounds == 0:
                await self._provision(answer)
            case Demand.REST:
                await self._rest(rest_seconds(answer), _said(answer))
            case Demand.MOVE if self._moves < MAXIMUM_MOVES:
                self._moves += 1
                self._phone.move(answer.headers.get("x-ms-location", ""))
            case Demand.CREDENTIALS:
                self._leave("its password is not accepted", answer)
            case Demand.LEAVE | Demand.PROVISION_OR_LEAVE:
                self._leave(f"is turned away: {_said(answer)}", answer)
            case _:
                raise PhoneError(_said(answer))

    async def _provision(self, asked: Answer) -> None:
        self._rounds += 1
        self._phone.tell(Step.PROVISION, f"is asked to provision: {_said(asked)}", **_facts(asked))
        if self._rounds > PROVISIONING_ROUNDS:
            self._leave("is asked to provision again and again, and stops", asked)
        if self._phone.identity.temper.provisions:
            await self._conclude(*await self._phone.provision())
        else:
            await self._resist("does not provision", asked)

    async def _conclude(self, outcome: Provisioning, answer: Answer) -> None:
        match outcome:
            case Provisioning.ACCEPTED | Provisioning.NO_POLICY:
                self._phone.tell(Step.PROVISION, f"has provisioned: {outcome.value}")
                await self._report()
            case Provisioning.WIPED:
                raise _Over(Ending.WIPED)
            case Provisioning.REFUSED if demand(answer) is Demand.REST:
                await self._rest(rest_seconds(answer), _said(answer))
            case Provisioning.REFUSED:
                self._leave(f"cannot provision: {_said(answer)}", answer)
            case _:
                await self._resist(f"has not done what was asked: {outcome.value}", answer)

    async def _report(self) -> None:
        if self._phone.version is not None and self._phone.version <= Version.V14_0:
            answer = await self._phone.report()
            self._phone.tell(Step.REPORT, f"has reported itself: {_said(answer)}", **_facts(answer))

    async def _resist(self, text: str, answer: Answer) -> None:
        if self._once:
            self._leave(text, answer)
        self._rounds = 0
        await self._rest(RETRY_SECONDS, text)

    async def _rest(self, seconds: float, reason: str) -> None:
        if self._patience is not None and self._rests >= self._patience:
            raise PhoneError(reason)
        self._rests += 1
        self._phone.tell(Step.WAIT, f"rests {seconds:.0f} s: {reason}", seconds=seconds)
        await asyncio.sleep(seconds)

    def _leave(self, text: str, answer: Answer) -> None:
        self._phone.tell(Step.REFUSED, text, **_facts(answer))
        raise _Over(Ending.REFUSED)


_MEANING = {
    1: "nothing new",
    2: "there is news",
    3: "the server wants the whole request",
    5: "another heartbeat is wanted",
    6: "fewer folders are wanted",
    7: "its folders have to be read again",
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _said(answer: Answer) -> str:
    return f"HTTP {answer.http}" + (f", Status {answer.status}" if answer.status is not None else "")


def _facts(answer: Answer) -> dict[str, int | None]:
    return {"http": answer.http, "status": answer.status}
