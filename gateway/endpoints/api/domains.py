"""``/organisations/{organisation}/domains`` of the REST API (product 1, 7.3)."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Body, With, needs, word
from gateway.errors import GatewayError, Kind
from gateway.records import Actor, Domain
from gateway.records.authority import Permission
from gateway.services.names import require_domain

router = APIRouter(prefix="/organisations/{organisation}/domains", tags=["domains"])
everywhere = APIRouter(prefix="/domains", tags=["domains"])

Reader = Annotated[Actor, needs(Permission.ORGANISATION_READ)]
Writer = Annotated[Actor, needs(Permission.ORGANISATION_WRITE)]


class NewDomain(Body):
    """A mail domain to be added."""

    name: Annotated[str, word(require_domain)]


class Changes(Body):
    """What is to be changed; what is left out stays. A domain stops being the default one by another one's
    being made so; an empty backend follows the organisation again."""

    default: Literal[True] | None = None
    backend: str | None = None


class DomainView(BaseModel):
    """A domain as it is shown."""

    name: str
    organisation: str
    default: bool
    backend: str
    proof: str


class DomainList(BaseModel):
    """All domains of an organisation."""

    items: list[DomainView]


def view(domain: Domain) -> DomainView:
    return DomainView.model_validate(domain, from_attributes=True)


@router.get("")
def list_domains(organisation: str, use: With, _actor: Reader) -> DomainList:
    """All domains of an organisation."""
    return DomainList(items=[view(each) for each in use.tenants.domains(organisation)])


@router.post("", status_code=201)
def add_domain(organisation: str, body: NewDomain, use: With, actor: Writer) -> DomainView:
    """Give a mail domain to an organisation; the first one is its default."""
    return view(use.tenants.add_domain(actor, organisation, body.name))


@router.get("/{domain}")
def get_domain(organisation: str, domain: str, use: With, _actor: Reader) -> DomainView:
    """One domain of the organisation."""
    found = use.finder.domain(domain)
    if found.organisation != use.finder.organisation(organisation).id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such domain.")
    return view(found)


@router.patch("/{domain}")
def change_domain(organisation: str, domain: str, body: Changes, use: With, actor: Writer) -> DomainView:
    """Make a domain the default, which changes no existing address, or route its mailboxes."""
    return view(
        use.tenants.change_domain(
            actor, organisation, domain, default=body.default or False, backend=body.backend
        )
    )


@router.delete("/{domain}", status_code=204)
def remove_domain(organisation: str, domain: str, use: With, actor: Writer) -> None:
    """Take a domain away that no address uses."""
    use.tenants.remove_domain(actor, organisation, domain)


@everywhere.get("/{domain}")
def find_domain(domain: str, use: With, _actor: Reader) -> DomainView:
    """One domain of whichever organisation."""
    return view(use.finder.domain(domain))
