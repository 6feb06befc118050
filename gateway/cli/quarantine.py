"""``usher quarantine``: devices that wait for an approval (product 6.5)."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.device_named import because
from gateway.cli.failures import tell_error
from gateway.cli.found import owner
from gateway.cli.local import Work, on_store
from gateway.cli.meter import progress_line
from gateway.cli.moments import read_time
from gateway.cli.paging import show_pages
from gateway.cli.tables import visible
from gateway.endpoints.api.quarantine import (
    BULK_LIMIT,
    ApprovalView,
    Settled,
    SettledList,
    WaitingList,
    WaitingView,
)
from gateway.endpoints.api.users import UserView
from gateway.errors import GatewayError, Kind

HEADINGS = ("SINCE", "ADDRESS", "DEVICEID", "FAMILY", "MODEL", "REQUESTS", "WHY")


@click.group()
def quarantine() -> None:
    """See who waits for an approval, and approve or reject."""


@quarantine.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the devices of ORGANISATION that wait, longest first."""
    show_pages(work, work.api.pages(_place(organisation), WaitingList), HEADINGS, _row)


@quarantine.command()
@click.argument("address")
@click.argument("device_ids", metavar="[DEVICEID]...", nargs=-1)
@because
@click.option("--until", help="When it ends, such as 2030-01-31T12:00:00Z.")
@on_store
def approve(work: Work, address: str, device_ids: tuple[str, ...], reason: str, until: str | None) -> None:
    """Let in devices of the user with this ADDRESS; without a DEVICEID all that wait."""
    ends = read_time(until)
    body = {"reason": reason, "until": ends.isoformat() if ends else None}
    _settle(work, owner(work, address), device_ids, "approve", body)


@quarantine.command()
@click.argument("address")
@click.argument("device_ids", metavar="[DEVICEID]...", nargs=-1)
@because
@on_store
def reject(work: Work, address: str, device_ids: tuple[str, ...], reason: str) -> None:
    """Block devices of the user with this ADDRESS; without a DEVICEID all that wait."""
    _settle(work, owner(work, address), device_ids, "reject", {"reason": reason})


@quarantine.command("approve-model")
@click.argument("organisation")
@click.argument("model")
@because
@on_store
def approve_model(work: Work, organisation: str, model: str, reason: str) -> None:
    """Let in every device that reports exactly MODEL, those to come too, by a rule."""
    body = {"model": model, "reason": reason}
    _told(work, work.api.post(_place(organisation, "approve_model"), ApprovalView, body))


@quarantine.command("approve-user")
@click.argument("address")
@click.option("--rule", "by_rule", is_flag=True, help="By a rule, so that devices to come are let in too.")
@because
@on_store
def approve_user(work: Work, address: str, by_rule: bool, reason: str) -> None:
    """Let in every device of the user with this ADDRESS that waits."""
    user = owner(work, address)
    body = {"user": user.id, "by_rule": by_rule, "reason": reason}
    _told(work, work.api.post(_place(user.organisation, "approve_user"), ApprovalView, body))


def _place(organisation: str, *act: str) -> str:
    return at("organisations", organisation, "quarantine", *act)


def _row(each: WaitingView) -> Sequence[object]:
    device = each.device
    model = device.reported.model
    return each.since, device.address, device.device_id, each.family, model, each.requests, each.reason


def _settle(work: Work, user: UserView, device_ids: Sequence[str], act: str, body: dict[str, Any]) -> None:
    """Approve or reject each; the devices are printed, then what was refused, whose code is the exit code."""
    chosen = list(device_ids) or _waiting(work, user)
    settled: list[Settled] = []
    with progress_line(output=False) as line:
        for start in range(0, len(chosen), BULK_LIMIT):
            line.tell(f"{start} of {len(chosen)}")
            devices = [{"user": user.id, "device_id": each} for each in chosen[start : start + BULK_LIMIT]]
            place = _place(user.organisation, act)
            settled += work.api.post(place, SettledList, {**body, "devices": devices}).items
    _show(work, settled, f"{act}ed" if act == "reject" else f"{act}d")


def _waiting(work: Work, user: UserView) -> list[str]:
    queue = work.api.whole(_place(user.organisation), WaitingList, user=user.id)
    return [each.device.device_id for each in queue.items]


def _show(work: Work, settled: Sequence[Settled], word: str) -> None:
    done = [each.device for each in settled if each.device is not None]
    refused = [each for each in settled if each.device is None]
    if done or not refused:
        lines = [f"{word} {visible(each.device_id)}" for each in done] or ["nobody waits"]
        work.show({"items": [each.model_dump(mode="json") for each in done]}, lambda: "\n".join(lines))
    codes = [tell_error(GatewayError(Kind(each.title), each.problem), each.device_id) for each in refused]
    if codes:
        sys.exit(codes[0])


def _told(work: Work, approval: ApprovalView) -> None:
    lines = [f"let in {visible(each.device_id)}" for each in approval.released]
    lines += [f"{visible(each.device_id)} still waits: {each.reason}" for each in approval.waiting]
    work.show(approval, lambda: "\n".join(lines) or "nobody waits")
