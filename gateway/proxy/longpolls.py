"""Open Ping and Sync waits of each device, so that a wipe can cut them (product 3.4, MS-ASCMD 2.2.1.13, T21).

One record per waiting request and nothing that runs: eight thousand phones wait here for most of their lives.
A wait is ended by setting the result of its ``cut``; ``forward`` races that future against the backend.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping

from mdm.ashttp import Command, Reply
from mdm.device import DeviceKey
from mdm.gatekeeper import farewell
from mdm.query import CommandRequest

Decide = Callable[["LongPoll"], Reply | None]


class LongPoll:
    """One waiting request.

    Attributes:
        cut: set it to end the wait with this answer.
        proof: of the password that it began with (``services.login.Principal``); empty where none is known.
        source: address and User-Agent of the request, for the access rules.
    """

    __slots__ = ("backend", "cut", "key", "proof", "request", "source")

    def __init__(
        self,
        key: DeviceKey,
        request: CommandRequest,
        backend: str,
        proof: str,
        source: tuple[str, str],
        cut: asyncio.Future[Reply],
    ) -> None:
        self.proof = proof
        self.source = source
        self.key = key
        self.request = request
        self.backend = backend
        self.cut = cut

    def end(self, reply: Reply) -> bool:
        """End the wait with ``reply``; False when it has ended already."""
        if self.cut.done():
            return False
        self.cut.set_result(reply)
        return True


class LongPolls:
    """Every wait of this process.

    Attributes:
        cuts, replaced, refused: how often since the start, for the metrics.
        opened: called with each new wait.
    """

    def __init__(self, budgets: Mapping[str, int]) -> None:
        """``budgets``: backend name to how many waits it may have at once (a process of SOGo serves one
        phone).
        """
        self._budgets = dict(budgets)
        self._open: dict[Command, dict[DeviceKey, LongPoll]] = {}
        self._count: dict[str, int] = dict.fromkeys(budgets, 0)
        self._over = False
        self.opened: Callable[[LongPoll], object] = _nobody
        self.cuts = 0
        self.replaced = 0
        self.refused = 0

    def __len__(self) -> int:
        return sum(self._count.values())

    def counts(self) -> Mapping[str, int]:
        """Backend name to its open waits."""
        return dict(self._count)

    def open(
        self,
        key: DeviceKey,
        request: CommandRequest,
        backend: str,
        proof: str = "",
        source: tuple[str, str] = ("", ""),
    ) -> LongPoll | None:
        """Enter a wait; None when the backend's budget is spent or the gateway stops: answer 503 with
        Retry-After.

        An older wait of the same device and command is ended first, in the way that ``gatekeeper.farewell``
        gives it, and makes room for this one.
        """
        same = self._open.setdefault(request.command, {})
        older = same.get(key)
        if older is not None:
            self.close(older)
            self.replaced += older.end(farewell(older.request))
        if self._over or self._count[backend] >= self._budgets[backend]:
            self.refused += 1
            return None
        poll = LongPoll(key, request, backend, proof, source, asyncio.get_running_loop().create_future())
        same[key] = poll
        self._count[backend] += 1
        self.opened(poll)
        return poll

    def close(self, poll: LongPoll) -> None:
        """The wait is over, whatever ended it; may be called again."""
        same = self._open.get(poll.request.command, {})
        if same.get(poll.key) is poll:
            del same[poll.key]
            self._count[poll.backend] -= 1

    def recheck(self, decide: Decide, *, organisation: str = "", user: str = "", device_id: str = "") -> int:
        """Ask ``decide`` about every wait that the arguments cover; an answer ends it. Returns how many it
        ended.

        An empty argument covers all; a complete DeviceKey costs two look-ups, anything else a walk.
        """
        ended = 0
        for poll in self._covered(organisation, user, device_id):
            reply = decide(poll)
            if reply is not None:
                ended += poll.end(reply)
        self.cuts += ended
        return ended

    def leave(self, key: DeviceKey, backend: str) -> int:
        """End the waits of a device that hang at another backend than ``backend``: its user has moved, and
        the next request finds the way. Returns how many."""
        waits = self._covered(key.organisation, key.user, key.device_id)
        ended = sum(poll.end(farewell(poll.request)) for poll in waits if poll.backend != backend)
        self.cuts += ended
        return ended

    def proofs(self, key: DeviceKey) -> frozenset[str]:
        """What the waits of a partnership began with, as far as it is known."""
        waits = self._covered(key.organisation, key.user, key.device_id)
        return frozenset(poll.proof for poll in waits if poll.proof)

    def disprove(self, key: DeviceKey, wrong: Collection[str], reply: Reply) -> int:
        """End with ``reply`` the waits of a partnership that began with a password of which the proof is
        ``wrong`` by now. Returns how many."""
        waits = self._covered(key.organisation, key.user, key.device_id)
        ended = sum(poll.end(reply) for poll in waits if poll.proof in wrong)
        self.cuts += ended
        return ended

    def drain(self, reply_for: Callable[[CommandRequest], Reply] = farewell) -> int:
        """The gateway stops: end every wait, and let none begin. Returns how many."""
        self._over = True
        return sum(poll.end(reply_for(poll.request)) for poll in self._covered("", "", ""))

    def _covered(self, organisation: str, user: str, device_id: str) -> Iterator[LongPoll]:
        if organisation and user and device_id:
            key = DeviceKey(organisation, user, device_id)
            yield from [same[key] for same in self._open.values() if key in same]
            return
        for poll in [poll for same in self._open.values() for poll in same.values()]:
            key = poll.key
            if (
                organisation in ("", key.organisation)
                and user in ("", key.user)
                and device_id in ("", key.device_id)
            ):
                yield poll


def _nobody(_poll: LongPoll) -> None:
    """Nobody wants to know."""
