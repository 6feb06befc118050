"""``usher export``: the present state as a file for ``usher apply`` (product 7.5)."""

from collections.abc import Callable
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.declared import export as writing
from gateway.cli.declared.present import EVERYTHING, read
from gateway.cli.declared.values import Section
from gateway.cli.local import Work, on_store
from gateway.endpoints.api.organisations import OrganisationView

SECTIONS = {
    "settings": (Section.SETTINGS, Section.SAFEGUARDS, Section.ACCESS),
    "domains": (Section.DOMAINS,),
    "groups": (Section.GROUPS,),
    "resources": (Section.RESOURCES,),
    "permissions": (Section.PERMISSIONS,),
    "policies": (Section.POLICIES,),
    "rules": (Section.RULES,),
}
"""Option to the sections that it means."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(SECTIONS):
        command = click.option(f"--{name}", is_flag=True, help=f"Only the {name}, and what else is named.")(
            command
        )
    return command


@click.command()
@click.argument("organisation")
@_options
@click.option("--complete", is_flag=True, help="Say of every section that there is nothing else.")
@on_store
def export(work: Work, /, organisation: str, complete: bool, **named: Any) -> None:
    """Write the present state of ORGANISATION as a file that, applied, changes nothing."""
    chosen = [name for name in SECTIONS if named[name]] or list(SECTIONS)
    sections = [section for name in chosen for section in SECTIONS[name]]
    alias = work.api.get(at("organisations", organisation), OrganisationView).alias
    document = writing.document(alias, read(work.api, alias, EVERYTHING), sections, complete=complete)
    work.show(document, lambda: writing.text(document).rstrip("\n"))
