"""``usher quarantine``: devices that wait for an approval (product 6.5)."""

import click

from gateway.cli.local import Work, on_store
from gateway.cli.moments import read_time
from gateway.cli.tables import table
from gateway.endpoints.api.device_views import view as device_view
from gateway.endpoints.api.quarantine import WaitingList, approval_view, waiting_view
from gateway.records import User
from gateway.services.quarantine import Approval
from gateway.services.reasons import tidy_reason
from mdm.device import Device, DeviceKey

HEADINGS = ("SINCE", "ADDRESS", "DEVICEID", "FAMILY", "MODEL", "REQUESTS", "WHY")
_REASON = click.option("--reason", default="", help="Why; the audit trail keeps it.")


@click.group()
def quarantine() -> None:
    """See who waits for an approval, and approve or reject."""


@quarantine.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the devices of ORGANISATION that wait, longest first."""
    found = work.services.quarantine.everybody(organisation)
    rows = (
        (
            each.held.since,
            each.user.address,
            each.held.key.device_id,
            each.family.label,
            each.device.information.model,
            each.held.requests,
            each.held.reason,
        )
        for each in found
    )
    work.show(
        WaitingList(items=[waiting_view(each) for each in found], next=None), lambda: table(HEADINGS, rows)
    )


@quarantine.command()
@click.argument("address")
@click.argument("device_ids", metavar="[DEVICEID]...", nargs=-1)
@_REASON
@click.option("--until", help="When it ends, such as 2030-01-31T12:00:00Z.")
@on_store
def approve(work: Work, address: str, device_ids: tuple[str, ...], reason: str, until: str | None) -> None:
    """Let in devices of the user with this ADDRESS; without a DEVICEID all that wait."""
    owner, why, ends = work.services.users.get(address), tidy_reason(reason), read_time(until)
    service = work.services.quarantine
    done = [service.approve(work.actor, key, why, ends) for key in _keys(work, owner, device_ids)]
    _show(work, owner, done, "approved")


@quarantine.command()
@click.argument("address")
@click.argument("device_ids", metavar="[DEVICEID]...", nargs=-1)
@_REASON
@on_store
def reject(work: Work, address: str, device_ids: tuple[str, ...], reason: str) -> None:
    """Block devices of the user with this ADDRESS; without a DEVICEID all that wait."""
    owner, why = work.services.users.get(address), tidy_reason(reason)
    service = work.services.quarantine
    done = [service.reject(work.actor, key, why) for key in _keys(work, owner, device_ids)]
    _show(work, owner, done, "rejected")


@quarantine.command("approve-model")
@click.argument("organisation")
@click.argument("model")
@_REASON
@on_store
def approve_model(work: Work, organisation: str, model: str, reason: str) -> None:
    """Let in every device that reports exactly MODEL, those to come too, by a rule."""
    why = tidy_reason(reason)
    _told(work, work.services.quarantine.approve_model(work.actor, organisation, model, why))


@quarantine.command("approve-user")
@click.argument("address")
@click.option("--rule", "by_rule", is_flag=True, help="By a rule, so that devices to come are let in too.")
@_REASON
@on_store
def approve_user(work: Work, address: str, by_rule: bool, reason: str) -> None:
    """Let in every device of the user with this ADDRESS that waits."""
    owner, service, why = work.services.users.get(address), work.services.quarantine, tidy_reason(reason)
    chosen = service.approve_user_by_rule if by_rule else service.approve_user
    _told(work, chosen(work.actor, owner.organisation, owner.id, why))


def _keys(work: Work, owner: User, device_ids: tuple[str, ...]) -> list[DeviceKey]:
    if device_ids:
        return [work.services.finder.key(owner.organisation, owner.id, each) for each in device_ids]
    waiting = work.services.quarantine.everybody(owner.organisation)
    return [each.held.key for each in waiting if each.user.id == owner.id]


def _show(work: Work, owner: User, done: list[Device], word: str) -> None:
    items = [device_view(each, owner.address).model_dump(mode="json") for each in done]
    lines = [f"{word} {each.key.device_id}" for each in done] or ["nobody waits"]
    work.show({"items": items}, lambda: "\n".join(lines))


def _told(work: Work, approval: Approval) -> None:
    lines = [f"let in {key.device_id}" for key in approval.released]
    lines += [f"{key.device_id} still waits: {reason}" for key, reason in approval.waiting]
    work.show(approval_view(approval), lambda: "\n".join(lines) or "nobody waits")
