"""What the workers counted, kept over time (product 7.2): this machine's board, read every five minutes.

The board knows sums since the start of the gateway, so what is kept are differences between two looks. A look
that could not be kept is made up for by the next one. Where the administration's process alone has ended,
what was counted since its last look is in no chart; nothing is counted twice.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from gateway.board import SILENT_S, Document
from gateway.log import NO_CREDENTIALS
from gateway.records.history import FIVE_MINUTES
from gateway.services.history import History

EVERY_S = float(FIVE_MINUTES)
DISCOVERY = "autodiscover"
"""With this begin the commands of the discovery formats; an ActiveSync command is a name of its own."""

PROVISION_FIRST = 449
"""The answer by which a phone is told to fetch its policy (MS-ASPROV), which is no error."""

ERROR = 400

Sums = Mapping[str, int]


class BoardWatch:
    """Looks at the board; ``gateway.worker.Rounds`` calls ``round`` again and again.

    Args:
        documents: what is on the board.
        machine: the host's name.
    """

    def __init__(self, documents: Callable[[], Sequence[Document]], history: History, machine: str) -> None:
        self._documents = documents
        self._history = history
        self._machine = machine
        self._before = sums(documents())

    def round(self) -> None:
        """Keep what was counted since the last round; raises GatewayError as ``History.keep``."""
        documents = self._documents()
        after = sums(documents)
        since = {name: max(0, count - self._before[name]) for name, count in after.items()}
        self._history.keep(self._machine, {**since, "parked": parked(documents)})
        # A slot that could not be read is missing from the sums, which otherwise never go back.
        self._before = {name: max(count, self._before[name]) for name, count in after.items()}


def sums(documents: Sequence[Document]) -> Sums:
    """Answers and errors since the start; an error is 400 and above, but for what every phone is answered
    before it has shown credentials or fetched its policy."""
    found = dict.fromkeys(("activesync", "activesync_errors", "autodiscover", "autodiscover_errors"), 0)
    for document in documents:
        for command, verdict, status, count in document["answered"]:
            if document["role"] != "clients" or not command:
                continue
            kind = "autodiscover" if command.startswith(DISCOVERY) else "activesync"
            found[kind] += count
            if status >= ERROR and status != PROVISION_FIRST and verdict != NO_CREDENTIALS:
                found[f"{kind}_errors"] += count
    return found


def parked(documents: Sequence[Document]) -> int:
    """Long polls that wait now, in the workers that are alive."""
    alive = [each for each in documents if time.monotonic() - each["at"] <= SILENT_S]
    return int(sum(sum(each["gauges"].get("parked_requests", {}).values()) for each in alive))
