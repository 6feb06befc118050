"""``/organisations/{organisation}/domains`` of the REST API (product 1, 7.3)."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Body, With, needs, word
from gateway.endpoints.principals import Permission
from gateway.records import Actor, Domain
from gateway.services.names import require_domain

router = APIRouter(prefix="/organisations/{organisation}/domains", tags=["domains"])

Reader = Annotated[Actor, needs(Permission.ORGANISATION_READ)]
Writer = Annotated[Actor, needs(Permission.ORGANISATION_WRITE)]


class NewDomain(Body):
    """A mail domain to be added."""

    name: Annotated[str, word(require_domain)]


class DefaultChange(Body):
    """Makes a domain the default one; another one becomes it by being made so itself."""

    default: Literal[True]


class DomainView(BaseModel):
    """A domain as it is shown."""

    name: str
    default: bool


class DomainList(BaseModel):
    """All domains of an organisation."""

    items: list[DomainView]


def view(domain: Domain) -> DomainView:
    return DomainView(name=domain.name, default=domain.default)


@router.get("")
def list_domains(organisation: str, use: With, _actor: Reader) -> DomainList:
    """All domains of an organisation."""
    return DomainList(items=[view(each) for each in use.tenants.domains(organisation)])


@router.post("", status_code=201)
def add_domain(organisation: str, body: NewDomain, use: With, actor: Writer) -> DomainView:
    """Give a mail domain to an organisation; the first one is its default."""
    return view(use.tenants.add_domain(actor, organisation, body.name))


@router.patch("/{domain}")
def make_default(
    organisation: str, domain: str, _body: DefaultChange, use: With, actor: Writer
) -> DomainView:
    """Make a domain the default; no existing address changes."""
    return view(use.tenants.make_default(actor, organisation, domain))


@router.delete("/{domain}", status_code=204)
def remove_domain(organisation: str, domain: str, use: With, actor: Writer) -> None:
    """Take a domain away that no address uses."""
    use.tenants.remove_domain(actor, organisation, domain)
