"""``usher scp``: service connection points for Active Directory (product 2.7)."""

import click

from autodiscover.scp import PLACEHOLDER
from gateway.cli.api import at
from gateway.cli.local import Work, on_store
from gateway.endpoints.api.scp import ScpView


@click.group()
def scp() -> None:
    """Let Outlook on machines of an Active Directory find the gateway by that directory."""


@scp.command("ldif")
@click.option(
    "--naming-context",
    default=PLACEHOLDER,
    show_default=True,
    help="Distinguished name of the forest's configuration.",
)
@click.option("--site", "sites", multiple=True, help="Site whose machines prefer this server; repeatable.")
@click.option(
    "--pointers-to",
    "forest",
    default="",
    help="DNS name of another forest, which has the object; points every domain there.",
)
@on_store
def ldif_(work: Work, naming_context: str, sites: tuple[str, ...], forest: str) -> None:
    """Print what to import with ldifde or ldapadd.

    With the default naming context import by
    ldifde -i -f FILE -c "CN=Configuration,DC=X" "#configurationNamingContext".
    """
    found = work.api.get(
        at("scp"), ScpView, naming_context=naming_context, site=list(sites) or None, forest=forest
    )
    listed = found.model_dump(mode="json", include={"entries"})
    work.show(listed, lambda: found.ldif.removesuffix("\n"))
