"""``usher device``: phones and tablets (product 5). Exit codes: ``gateway.cli.failures``; ``play`` has its
own."""

import click

from gateway.cli import device_story
from gateway.cli.conduct import stale
from gateway.cli.device_list import list_
from gateway.cli.device_named import because, meant, one
from gateway.cli.device_trace import trace
from gateway.cli.device_wipe import cancel, wipe
from gateway.cli.local import Work, on_store
from gateway.cli.moments import read_time
from gateway.cli.phone import play
from gateway.cli.tables import cell, listing, visible
from gateway.endpoints.api.device_views import DeviceSheet, DeviceView, PeerView, RecoveryView
from mdm.device import AccessLevel

BY_RULE = "rules"
APART = frozenset({"wipe", "reported", "policies", "answer", "backends", "policy_digest"})
"""What is told in words, or says nothing to a person."""


@click.group()
def device() -> None:
    """See, wipe and remove devices."""


for each in (play, list_, stale, wipe, cancel, trace):
    device.add_command(each)


@device.command()
@one
@on_store
def show(work: Work, address: str, device_id: str | None) -> None:
    """Show a device of the user with this ADDRESS, with its policy and what the rules answer it."""
    shown = work.api.get(meant(work, address, device_id).place(), DeviceSheet)
    work.show(shown, lambda: _sheet(shown))


@device.command()
@one
@click.option("--as", "alias", required=True, metavar="NAME", help="Empty to take it away.")
@because
@on_store
def name(work: Work, address: str, device_id: str | None, alias: str, reason: str) -> None:
    """Give a device a name of your own, beside what it reports."""
    body = {"alias": alias, "reason": reason}
    _show(work, work.api.patch(meant(work, address, device_id).place(), DeviceView, body))


@device.command()
@one
@because
@on_store
def password(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Reveal the recovery password of a device; needs --reason and stands in the audit trail."""
    place = meant(work, address, device_id).place("password", "reveal")
    shown = work.api.post(place, RecoveryView, {"reason": reason})
    work.show(shown, lambda: visible(shown.password))


@device.command()
@one
@because
@click.option("--force", is_flag=True, help="Even while a wipe is pending, which is still delivered.")
@on_store
def remove(work: Work, address: str, device_id: str | None, reason: str, force: bool) -> None:
    """Take a device off the list; it may come back as a new one."""
    gone = meant(work, address, device_id)
    work.api.delete(gone.place(), force=force, reason=reason)
    work.show({"removed": gone.device_id}, lambda: f"removed {visible(gone.device_id)}")


@device.command()
@one
@because
@on_store
def provision(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Make a device fetch its policy again."""
    place = meant(work, address, device_id).place("provision")
    _show(work, work.api.post(place, DeviceView, {"reason": reason}))


@device.command()
@one
@click.option(
    "--level",
    type=click.Choice([*(level.value for level in AccessLevel), BY_RULE]),
    required=True,
    help="rules: whatever the rules say.",
)
@because
@click.option("--until", help="When it ends, such as 2030-01-31T12:00:00Z.")
@on_store
def access(
    work: Work, address: str, device_id: str | None, level: str, reason: str, until: str | None
) -> None:
    """Allow, block or quarantine one device."""
    ends = read_time(until)
    body = {
        "level": None if level == BY_RULE else level,
        "reason": reason,
        "until": ends.isoformat() if ends else None,
    }
    _show(work, work.api.put(meant(work, address, device_id).place("access"), DeviceView, body))


@device.command()
@one
@on_store
def story(work: Work, address: str, device_id: str | None) -> None:
    """Tell what happened to a device, from the audit trail."""
    device_story.show(work, meant(work, address, device_id))


def _progress(present: DeviceView) -> str:
    wipe = present.wipe
    if wipe is None:
        return f"{present.device_id}: {present.state.value}"
    if wipe.acknowledged_at is not None:
        proof = "; no password stood behind it" if wipe.unverified else ""
        what = f"acknowledged at {cell(wipe.acknowledged_at)}{proof}"
    elif wipe.failures:
        what = f"failed on the device {wipe.failures} times, and is sent again"
    elif wipe.delivered_at is not None:
        what = f"delivered at {cell(wipe.delivered_at)}"
    else:
        what = f"ordered at {cell(wipe.ordered_at)}, waiting for the device"
    return f"{present.device_id}: wipe ({wipe.kind.value}) {what}"


def _show(work: Work, shown: DeviceView) -> None:
    work.show(shown, lambda: listing(_values(shown)))


def _values(shown: DeviceView) -> dict[str, object]:
    values = shown.model_dump(exclude=set(APART))
    reported = {f"reported {name}": value for name, value in shown.reported.model_dump().items()}
    progress = {"wipe": _progress(shown)} if shown.wipe else {}
    return values | progress | reported


def _sheet(shown: DeviceSheet) -> str:
    answer = shown.answer
    why = f": {answer.reason}" if answer.reason else ""
    layers = [f"{each.policy}@{each.version} ({each.reach})" for each in shown.policies]
    told = {"policies": layers, "answer": f"{answer.level.value}{why}", "answer until": answer.until}
    peers = {f"backend {peer.backend}": _peer(peer) for peer in shown.backends}
    return listing(_values(shown) | told | peers)


def _peer(peer: PeerView) -> str:
    if peer.diagnosis:
        return f"{peer.diagnosis} Since {cell(peer.wipe_at)}." if peer.wipe_at else peer.diagnosis
    return f"provisioned for the device at {cell(peer.given_at)}" if peer.given_at else "not provisioned"
