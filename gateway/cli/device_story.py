"""``usher device story``: the audit trail of one device as a timeline that reads from top to bottom.

A line says when, who, what happened, and which fields went from what to what. What a device reported stands
in it too, so every cell is made harmless for a terminal (T22) and kept short; ``--json`` has all of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.cli.api import at
from gateway.cli.device_named import Named
from gateway.cli.local import Work
from gateway.cli.paging import show_pages
from gateway.endpoints.api.audit import RecordList, RecordView

HEADINGS = ("AT", "BY", "WHAT", "CHANGES", "REASON", "OUTCOME")
DONE = "done"
NOTHING = (None, "")
WIDTH = 40
"""Characters of a value; digests and reported texts are longer and say nothing more to a person."""


def show(work: Work, device: Named) -> None:
    """Print the story of a device; one that was removed has its own still."""
    target = f"{device.user}/{device.device_id}"
    records = work.api.pages(at("audit"), RecordList, organisation=device.organisation, target=target)
    show_pages(work, records, HEADINGS, _row)


def _row(record: RecordView) -> tuple[object, ...]:
    actor = record.actor
    by = actor.kind if actor.kind == "device" else actor.name
    _, subject, action = record.tag.value.split(":")
    what = f"{subject} {action}".replace("-", " ")
    outcome = "" if record.outcome == DONE else record.outcome
    return record.at, by, what, changes(record.before, record.after), record.reason, outcome


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``state: Provisioning Required > Provisioning Succeeded``, for each field, commas between."""
    names = [*before, *(name for name in after if name not in before)]
    return ", ".join(each for name in names for each in _change(name, before.get(name), after.get(name)))


def _change(name: str, old: object, new: object) -> Iterator[str]:
    if old == new or (old in NOTHING and new in NOTHING):
        return
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        old, new = (each if isinstance(each, Mapping) else {} for each in (old, new))
        for part in [*old, *(each for each in new if each not in old)]:
            yield from _change(f"{name}.{part}", old.get(part), new.get(part))
        return
    yield f"{name}: {_short(new)}" if old in NOTHING else f"{name}: {_short(old)} > {_short(new)}"


def _short(value: object) -> str:
    text = "none" if value in NOTHING else str(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
