"""Sends mail notices (product 7.9), in the administration's process alone; ``gateway.worker.Woken`` calls
``round`` whenever something was committed, and every few seconds for what is to be tried again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from gateway.records.events import Message, Sent
from gateway.services.letters import Letters

EVERY_S = 5.0
PRUNE_S = 3600.0


class MailDelivery:
    """Brings letters to the mail server.

    Args:
        send: sends a batch, in a thread.
    """

    def __init__(self, letters: Letters, send: Callable[[Sequence[Message]], Sequence[Sent]]) -> None:
        self._letters = letters
        self._send = send
        self._pruned = time.monotonic()

    async def round(self) -> None:
        """Write the letters that are due to be written, and send those that are due to be sent.

        Raises:
            GatewayError: the database does not answer.
        """
        await asyncio.to_thread(self._letters.advance)
        await asyncio.to_thread(self._letters.summarise)
        while messages := await asyncio.to_thread(self._letters.claim):
            results = await asyncio.to_thread(self._send, messages)
            await asyncio.to_thread(self._letters.finish, results)
            if all(each.error for each in results):  # the server is away: the rest waits for the next round
                break
        if time.monotonic() - self._pruned >= PRUNE_S:
            self._pruned = time.monotonic()
            await asyncio.to_thread(self._letters.prune)
