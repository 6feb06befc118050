"""``/scp``: service connection points for Active Directory (product 2.7, 7.3)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from autodiscover.scp import PLACEHOLDER, entries, ldif
from gateway.endpoints.api.calls import Filter, Plain, Query, With, needs
from gateway.records import Actor
from gateway.records.authority import Permission

router = APIRouter(prefix="/scp", tags=["domains"])

SITES = 100
"""Sites of one forest that are named at most."""


class ScpQuestion(Filter):
    """For which forest; ``forest`` is another one, which has the object: every domain is pointed there."""

    naming_context: Plain = PLACEHOLDER
    site: Annotated[list[Plain], Field(default_factory=list, max_length=SITES)]
    forest: Plain = ""


class EntryView(BaseModel):
    """An object of the directory: its distinguished name, and its attributes as name and value."""

    dn: str
    attributes: list[tuple[str, str]]


class ScpView(BaseModel):
    """The objects, and the same as what ldifde and ldapadd take."""

    entries: list[EntryView]
    ldif: str


@router.get("")
def service_connection_points(
    query: Query[ScpQuestion],
    use: With,
    _actor: Annotated[Actor, needs(Permission.ORGANISATION_READ, everywhere=True)],
) -> ScpView:
    """What to import into Active Directory, for every domain of this gateway."""
    known = use.domain_records
    made = entries(
        known.public_host,
        known.autodiscover_url,
        naming_context=query.naming_context,
        sites=query.site,
        domains=[plan.domain for plan in known.plans()] if query.forest else (),
        forest=query.forest,
    )
    shown = [EntryView(dn=each.dn, attributes=list(each.attributes)) for each in made]
    return ScpView(entries=shown, ldif=ldif(made))
