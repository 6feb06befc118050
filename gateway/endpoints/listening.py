"""What a process does when it hears of a change (house.md 4a, product 3.4).

Snapshots forget, the login cache forgets, and every long poll that the change concerns is judged anew: one
that may not go on is ended at once, in the way that makes the device come back and be told. One whose
password was changed gets 401, as its next request would.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gateway.endpoints.expiries import Expiries
from gateway.endpoints.rendering import UNAUTHENTICATED
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError
from gateway.log import background
from gateway.proxy.longpolls import LongPoll, LongPolls
from gateway.records import Change, Scope
from gateway.records.app_passwords import APP_PASSWORD
from gateway.services.devices import DeviceService
from gateway.services.login import Login
from gateway.services.recollection import Recollection
from gateway.services.snapshots import Known, OrganisationView, Snapshots
from mdm.ashttp import Reply
from mdm.device import DeviceKey
from mdm.gatekeeper import interrupt

BATCH = 200
"""Partnerships read in one transaction: a fleet's worth would keep the thread for seconds."""

EVERYWHERE_S = 0.15
"""Pause before a long poll is ended. Other processes hear of the change up to a tenth of a second later
(``store.changes.POLL_S``), and the device that is sent away comes back to any of them: it must find the new
verdict there, or a wiped phone would be served once more."""

RETRY_S = 0.2
"""Pause after the database did not answer: a change is told once, so what it asks for is not given up."""

_log = logging.getLogger(__name__)
T = TypeVar("T")
_GONE = Reply(503, (("Retry-After", "30"),))
"""A long poll whose partnership is gone: the device comes back and is a stranger."""


class Listening:
    """Hears of changes on the loop's thread."""

    def __init__(
        self,
        snapshots: Snapshots,
        login: Login,
        polls: LongPolls,
        recollection: Recollection,
        devices: DeviceService,
        threads: Threads,
        alive: Callable[[Collection[str]], Collection[str]] = frozenset,
    ) -> None:
        """``alive``: of these ids of app passwords those that are still worth something."""
        self._alive = alive
        self._snapshots = snapshots
        self._login = login
        self._polls = polls
        self._recollection = recollection
        self._devices = devices
        self._threads = threads
        self._expiries = Expiries(self._expired)
        polls.opened = self._opened
        self._wipes_asked = 0
        self._wipes_told = 0

    def changed(self, changes: Sequence[Change]) -> None:
        """Judge anew what ``changes`` concern; the snapshots have dropped it already."""
        self._login.drop(changes)
        if any(change.scope is Scope.DEVICE for change in changes):
            background(self._read_open_wipes(), name="open wipes")
        waiting: set[DeviceKey] = set()
        for change in changes:
            waiting |= self._waiting(change.organisation, change.user, change.device_id)
        retired = self._snapshots.retired()
        known = {key: retired[key] for key in sorted(waiting & retired.keys(), key=_order)}
        self._judge_soon(waiting - known.keys())
        if known:
            background(self._judge_by_rules(known, self._snapshots.mark()), name="long polls")

    async def _judge_by_rules(self, known: Mapping[DeviceKey, Known], mark: int) -> None:
        """Nothing but rules changed, so nothing but the rules is read: a fleet that hangs is told at once,
        where reading each of its devices would take a minute.
        """
        await asyncio.sleep(EVERYWHERE_S)
        homes = sorted({key.organisation for key in known})
        regimes = await self._answer(partial(self._recollection.regimes, homes))
        views: dict[int, OrganisationView] = {}
        for number, (key, one) in enumerate(known.items()):
            if key.organisation not in regimes:
                self._judge_soon({key})
                continue
            view = views.get(id(one.view))
            if view is None:
                view = views[id(one.view)] = one.view.ruled(*regimes[key.organisation])
            self._recheck(key, replace(one, view=view), mark)
            if number % BATCH == 0:
                await asyncio.sleep(0)

    def lost(self) -> None:
        """Changes were missed: everything is judged anew."""
        self._login.forget_all()
        background(self._read_open_wipes(), name="open wipes")
        self._judge_soon(self._waiting("", "", ""))

    def _waiting(self, organisation: str, user: str, device_id: str) -> set[DeviceKey]:
        found: set[DeviceKey] = set()

        def collect(poll: LongPoll) -> None:
            found.add(poll.key)

        self._polls.recheck(collect, organisation=organisation, user=user, device_id=device_id)
        return found

    def stop(self) -> None:
        """Wait for nothing that runs out any more."""
        self._expiries.stop()

    def _opened(self, poll: LongPoll) -> None:
        """A wait has begun: it ends with the override or the suspension that let its device in."""
        known = self._snapshots.get(poll.key.user, poll.key.device_id)
        if known is not None:
            self._expiries.watch(poll.key, known.decided_until)

    def _expired(self, keys: Collection[DeviceKey]) -> None:
        """Something ran out, by every process's own clock: the device itself has not changed, so what is
        remembered is enough, and a database that is away delays nobody's end."""
        unknown: set[DeviceKey] = set()
        for key in self._waiting("", "", "").intersection(keys):
            known = self._snapshots.get(key.user, key.device_id)
            if known is None:
                unknown.add(key)
            else:
                self._end(key, known)
        self._judge_soon(unknown)

    def _judge_soon(self, waiting: set[DeviceKey]) -> None:
        if waiting:
            background(self._judge(sorted(waiting, key=_order)), name="long polls")

    async def _read_open_wipes(self) -> None:
        """Two reads may end in another order than they began: the one that began later counts."""
        self._wipes_asked += 1
        number = self._wipes_asked
        keys = await self._answer(self._devices.open_wipes)
        if number > self._wipes_told:
            self._wipes_told = number
            self._snapshots.open_wipes = frozenset(key.device_id for key in keys)

    async def _answer(self, call: Callable[[], T]) -> T:
        """What the database says, as soon as it says anything."""
        silent = False
        while True:
            try:
                return await self._threads.store(call)
            except GatewayError:
                if not silent:
                    _log.warning("a change was heard, but the database does not answer; asking on")
                silent = True
                await asyncio.sleep(RETRY_S)

    async def _judge(self, waiting: Sequence[DeviceKey]) -> None:
        await asyncio.sleep(EVERYWHERE_S)
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            mark = self._snapshots.mark()
            gone = await self._revoked(batch)
            for key, known in await self._answer(partial(self._recollection.known_again, batch)):
                self._disprove(key, known, gone)
                self._recheck(key, known, mark)

    async def _revoked(self, batch: Sequence[DeviceKey]) -> frozenset[str]:
        """App passwords that somebody waits with and that are worth nothing any more."""
        shown = frozenset(proof for key in batch for proof in self._polls.proofs(key))
        theirs = frozenset(proof for proof in shown if proof.startswith(APP_PASSWORD))
        return theirs.difference(await self._answer(partial(self._alive, theirs))) if theirs else theirs

    def _disprove(self, key: DeviceKey, known: Known | None, gone: frozenset[str]) -> None:
        """End what waits with a password that is the user's no more."""
        proofs = self._polls.proofs(key)
        present = known.user.password_hash if known is not None else None
        own = frozenset(proof for proof in proofs if not proof.startswith(APP_PASSWORD))
        outdated = own - {present} if present is not None else frozenset()
        if outdated or gone:
            self._polls.disprove(key, outdated | gone, UNAUTHENTICATED)

    def _recheck(self, key: DeviceKey, known: Known | None, mark: int) -> None:
        if known is not None:
            self._snapshots.put(known, mark)
        self._end(key, known)
        if known is not None:
            self._polls.leave(key, known.backend)

    def _end(self, key: DeviceKey, known: Known | None) -> None:
        """End the waits of a device that may not go on, and come back when the next thing runs out."""

        def decide(poll: LongPoll) -> Reply | None:
            if known is None:
                return _GONE
            terms = known.terms(poll.request.version, time.time(), poll.source)
            return interrupt(poll.request, known.device, terms)

        self._polls.recheck(decide, organisation=key.organisation, user=key.user, device_id=key.device_id)
        if known is not None:
            self._expiries.watch(key, known.decided_until)


def _order(key: DeviceKey) -> tuple[str, str, str]:
    return key.organisation, key.user, key.device_id
