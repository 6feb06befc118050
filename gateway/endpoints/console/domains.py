"""Mail domains and the DNS records they publish (product 2.5, 7.2): each with its status and its mend."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.domain_records import domain_records, verify_domain
from gateway.endpoints.api.domains import (
    Changes,
    NewDomain,
    add_domain,
    change_domain,
    list_domains,
    remove_domain,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError

router = APIRouter(prefix="/o/{organisation}/domains")


def _list(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "domains.html",
        home=home,
        found=ask.call(list_domains, organisation=home.id),
        problem=problem,
        can_add=ask.may(add_domain, home.id),
    )


def _domain(ask: Ask, organisation: str, domain: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    known = ask.call(list_domains, organisation=home.id).items
    return ask.page(
        "domain.html",
        home=home,
        domain=next((each for each in known if each.name == domain), None),
        published=ask.call(domain_records, organisation=home.id, domain=domain),
        place=place(home.alias, domain),
        problem=problem,
        can_change=ask.may(change_domain, home.id),
    )


@router.get("")
def domains(organisation: str, ask: Annotated[Ask, opens(list_domains)]) -> Response:
    """The domains of an organisation."""
    return _list(ask, organisation)


@router.post("")
@or_again(_list)
def add(organisation: str, ask: Annotated[Ask, opens(add_domain)]) -> Response:
    """Give the organisation a domain; its page tells what to publish."""
    wanted = body(NewDomain, {"name": ask.form.text("name")})
    made = ask.call(add_domain, organisation=organisation, body=wanted)
    return ask.to(place(organisation, made.name))


@router.get("/{domain}")
def domain(organisation: str, domain: str, ask: Annotated[Ask, opens(domain_records)]) -> Response:
    """What the domain publishes, and what the last look found."""
    return _domain(ask, organisation, domain)


@router.post("/{domain}")
@or_again(_domain)
def change(organisation: str, domain: str, ask: Annotated[Ask, opens(change_domain)]) -> Response:
    """Make it the default domain, or route its mailboxes."""
    wanted = {"default": True} if ask.form.has("default") else {"backend": ask.form.text("backend")}
    ask.call(change_domain, organisation=organisation, domain=domain, body=body(Changes, wanted))
    return ask.to(place(organisation, domain))


@router.post("/{domain}/verify")
async def verify(organisation: str, domain: str, ask: Annotated[Ask, opens(verify_domain)]) -> Response:
    """Look at the records now; takes as long as strangers take to answer."""
    await ask.operations.call_async(verify_domain, organisation=organisation, domain=domain)
    return ask.to(place(organisation, domain))


@router.post("/{domain}/remove")
@or_again(_domain)
def remove(organisation: str, domain: str, ask: Annotated[Ask, opens(remove_domain)]) -> Response:
    """Take the domain away; no address may use it."""
    ask.call(remove_domain, organisation=organisation, domain=domain)
    return ask.to(f"/console/o/{organisation}/domains")


def place(organisation: str, domain: str) -> str:
    """Where a domain's page is."""
    return f"/console/o/{organisation}/domains/{domain}"
