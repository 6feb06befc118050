"""``usher org safeguards``: what guards an organisation's devices (product 5.5, 5.7)."""

from typing import Any

import click

from gateway.cli.api import at, named
from gateway.cli.local import Work, on_store
from gateway.endpoints.api.safeguards import SafeguardsView

SWITCHES = {
    "approve_full_wipes": "A full wipe waits for a second administrator.",
    "never_full_wipe": "Accounts are erased and never whole devices.",
    "hold_enrolment": "New devices of a user are held while a full wipe of one is open.",
}
NUMBERS = {
    "wipes_per_hour": "Orders of one administrator in an hour, before everything freezes.",
    "wipes_per_day_percent": "Share of the fleet that may be ordered in a day, one device at least.",
    "stale_days": "Days without contact after which a device is reported.",
    "archive_days": "Days without contact after which a device is archived, 0 for never.",
    "archive_wiped_days": "Days after a confirmed wipe until the device is archived, 0 for never.",
    "rollout_minutes": "Window over which a policy change is spread, 0 for at once.",
    "rollout_per_minute": "Devices that a policy change reaches in a minute at most, 0 for any number.",
    "quarantine_days": "Days after which a device that nobody approved is blocked, 0 for never.",
}


def _options(command: Any) -> Any:
    for name, text in reversed(NUMBERS.items()):
        command = click.option(_flag(name), name, type=int, help=text)(command)
    for name, text in reversed(SWITCHES.items()):
        both = f"{_flag(name)}/{_flag(name, 'no-')}"
        command = click.option(both, name, default=None, help=text)(command)
    return command


def _flag(name: str, prefix: str = "") -> str:
    return f"--{prefix}{name.replace('_', '-')}"


@click.command()
@click.argument("organisation")
@_options
@on_store
def safeguards(work: Work, /, organisation: str, **wanted: Any) -> None:
    """Show the safeguards of ORGANISATION, or change those that are named."""
    place = at("organisations", organisation, "safeguards")
    changes = named(wanted)
    shown = work.api.patch(place, SafeguardsView, changes) if changes else work.api.get(place, SafeguardsView)
    work.show_fields(shown)
