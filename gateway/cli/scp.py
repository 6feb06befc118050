"""``usher scp``: service connection points for Active Directory (product 2.7)."""

import click

from autodiscover.scp import PLACEHOLDER, entries, ldif
from gateway.cli.local import Work, on_store


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
    known = work.services.domain_records
    made = entries(
        known.public_host,
        known.autodiscover_url,
        naming_context=naming_context,
        sites=sites,
        domains=[plan.domain for plan in known.plans()] if forest else (),
        forest=forest,
    )
    listed = {"entries": [{"dn": each.dn, "attributes": list(each.attributes)} for each in made]}
    work.show(listed, lambda: ldif(made).removesuffix("\n"))
