"""The assistant of the first run (product 7.2): organisation, domain, mail server, certificate,
administrators, and what to do on a phone.

It keeps nothing: each step looks at what is there, so it can be left and opened again at any time, and what
was done elsewhere counts. What a form makes is made by the same operations as on the other pages.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.administrators import list_administrators
from gateway.endpoints.api.calls import With, needs
from gateway.endpoints.api.domain_records import domain_records
from gateway.endpoints.api.domains import NewDomain, add_domain, list_domains
from gateway.endpoints.api.machine import list_backends, list_certificates, test_backend
from gateway.endpoints.api.organisations import (
    NewOrganisation,
    OrganisationView,
    create_organisation,
)
from gateway.endpoints.console.asking import ALL, Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.console.qr_codes import qr_code
from gateway.errors import GatewayError
from gateway.records import Actor
from gateway.records.authority import Permission

router = APIRouter(prefix="/setup")

PATH = "/console/setup"
TITLES = (
    ("organisation", "Organisation"),
    ("domain", "Domain"),
    ("backend", "Mail server"),
    ("certificate", "Certificate"),
    ("administrators", "Administrators"),
    ("phone", "A phone"),
)


class Phone(NamedTuple):
    """What a person types into a phone, and where an iPhone gets its profile; by the configuration."""

    server: str
    profile: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the assistant is: the organisation that it is about, and what is done."""

    home: OrganisationView | None
    domains: list[str]
    done: frozenset[str]

    @property
    def next(self) -> str:
        """The first step that is not done."""
        return next((name for name, _ in TITLES if name not in self.done), "phone")


def tell_phone(use: With, _actor: Annotated[Actor, needs(Permission.ORGANISATION_READ)]) -> Phone:
    """Where phones connect to."""
    return Phone(use.domain_records.public_host, use.profiles.page)


def _step(ask: Ask, organisation: str = "", step: str = "", problem: GatewayError | None = None) -> Response:
    stage = _stage(ask, organisation)
    names = [name for name, _ in TITLES]
    wanted = step or ask.query.get("step", "")
    here = wanted if wanted in names and (stage.home or wanted == "organisation") else stage.next
    phone = ask.call(tell_phone)
    certificates, accounts = ask.seen(list_certificates), ask.seen(list_administrators, query=ALL)
    return ask.page(
        "setup.html",
        stage=stage,
        step=here,
        steps=TITLES,
        following=names[min(names.index(here) + 1, len(names) - 1)],
        problem=problem,
        answers=ask.query.get("answers", ""),
        backends=ask.call(list_backends).items,
        certificates=certificates.items if certificates else [],
        administrators=accounts.items if accounts else [],
        records=_records(ask, stage),
        phone=phone,
        picture=qr_code(phone.profile),
    )


@router.get("")
def begin(ask: Annotated[Ask, opens(create_organisation)]) -> Response:
    """Go on where something is missing, or at the step that the address names."""
    return _step(ask)


@router.post("/organisation")
@or_again(partial(_step, step="organisation"))
def organisation(ask: Annotated[Ask, opens(create_organisation)]) -> Response:
    """Make the organisation."""
    wanted = body(NewOrganisation, ask.form.given("alias", "name", "user_source", "backend"))
    made = ask.call(create_organisation, body=wanted)
    return ask.to(f"{PATH}?step=domain&for={made.alias}")


@router.post("/o/{organisation}/domain")
@or_again(partial(_step, step="domain"))
def domain(organisation: str, ask: Annotated[Ask, opens(add_domain)]) -> Response:
    """Give it its domain; the same step then shows what to publish."""
    wanted = body(NewDomain, {"name": ask.form.text("name")})
    ask.call(add_domain, organisation=organisation, body=wanted)
    return ask.to(f"{PATH}?step=domain&for={organisation}")


@router.post("/backends/{backend}")
async def backend(backend: str, ask: Annotated[Ask, opens(test_backend)]) -> Response:
    """Ask the mail server now whether it is there."""
    told = await ask.operations.call_async(test_backend, backend=backend)
    answers = "yes" if told.answers else "no"
    return ask.to(f"{PATH}?step=backend&for={ask.form.text('for')}&answers={answers}")


def _stage(ask: Ask, alias: str = "") -> Stage:
    homes = ask.organisations
    wanted = alias or ask.query.get("for", "")
    home = next((each for each in homes if each.alias == wanted), homes[0] if homes else None)
    found = ask.seen(list_domains, organisation=home.alias) if home else None
    domains = [each.name for each in found.items] if found else []
    done = {name for name, there in (("organisation", home), ("domain", domains)) if there}
    return Stage(home, domains, frozenset(done))


def _records(ask: Ask, stage: Stage) -> list[object]:
    if stage.home is None or not stage.domains:
        return []
    published = ask.call(domain_records, organisation=stage.home.alias, domain=stage.domains[0])
    return list(published.records)
