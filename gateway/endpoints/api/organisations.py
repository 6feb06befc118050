"""``/organisations`` of the REST API (product 1, 7.3)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Bearer, Body, Filter, Page, Query, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.records import Actor, Organisation, OrganisationState, Signal, UserSource
from gateway.records.authority import Permission
from gateway.services.names import require_alias, require_text
from gateway.services.tenants import MAXIMUM_DEVICE_LIMIT, Settings
from mdm.device import AccessLevel
from mdm.rules import Mode

router = APIRouter(prefix="/organisations", tags=["organisations"])

Reader = Annotated[Actor, needs(Permission.ORGANISATION_READ)]
Writer = Annotated[Actor, needs(Permission.ORGANISATION_WRITE)]
Founder = Annotated[Actor, needs(Permission.ORGANISATION_WRITE, everywhere=True)]
Remover = Annotated[Actor, needs(Permission.ORGANISATION_WRITE, destructive=True, everywhere=True)]


class Changes(Body):
    """What is to be changed; what is left out stays."""

    name: Annotated[str, word(lambda text: require_text("name", text))] | None = None
    state: Annotated[OrganisationState, choice()] | None = None
    user_source: Annotated[UserSource, choice()] | None = None
    backend: str | None = None
    provisioning_signal: Annotated[Signal, choice()] | None = None
    legacy_versions: bool | None = None
    strict_absent_key: bool | None = None
    default_access: Annotated[AccessLevel, choice()] | None = None
    device_limit: Annotated[int, Field(ge=1, le=MAXIMUM_DEVICE_LIMIT)] | None = None

    def settings(self) -> Settings:
        return Settings(**self.model_dump(exclude={"alias"}))


class NewOrganisation(Changes):
    """An organisation to be made."""

    alias: Annotated[str, word(require_alias)]


class Removal(Filter):
    """``alias`` is typed once more, so that nobody removes an organisation by a slip."""

    alias: str
    force: bool = False


class OrganisationView(BaseModel):
    """An organisation as it is shown."""

    id: str
    alias: str
    name: str
    created_at: datetime
    state: OrganisationState
    user_source: UserSource
    backend: str
    provisioning_signal: Signal
    legacy_versions: bool
    strict_absent_key: bool
    default_access: AccessLevel
    rules_mode: Mode
    spared_before: datetime | None
    device_limit: int


class OrganisationList(BaseModel):
    """A page of organisations, by alias."""

    items: list[OrganisationView]
    next: str | None


def view(organisation: Organisation) -> OrganisationView:
    return OrganisationView.model_validate(organisation, from_attributes=True)


@router.get("")
def list_organisations(query: Query[Page], use: With, _actor: Reader) -> OrganisationList:
    """Organisations of this gateway, by alias."""
    (after,) = read_texts(query.cursor, 1) or ("",)
    found = use.tenants.organisations(after=after, limit=query.limit)
    full = len(found) == query.limit
    return OrganisationList(
        items=[view(each) for each in found], next=write_cursor(found[-1].alias) if full else None
    )


@router.post("", status_code=201)
def create_organisation(body: NewOrganisation, use: With, actor: Founder) -> OrganisationView:
    """Make an organisation."""
    return view(use.tenants.create_organisation(actor, body.alias, body.settings()))


@router.get("/{organisation}")
def get_organisation(organisation: str, use: With, _actor: Reader) -> OrganisationView:
    """One organisation, by id or alias."""
    return view(use.finder.organisation(organisation))


@router.patch("/{organisation}")
def change_organisation(
    organisation: str, body: Changes, use: With, actor: Writer, bearer: Bearer
) -> OrganisationView:
    """Change settings of an organisation, all or none. Another default takes the permission for rules, and
    one that would cut off everybody is refused (``/access``)."""
    settings = body.settings()
    level, rest = settings.default_access, replace(settings, default_access=None)
    if level is None or level is use.finder.organisation(organisation).default_access:
        return view(use.tenants.change_organisation(actor, organisation, rest))
    use = bearer.require(Permission.RULE_WRITE)
    also, _ = use.default_access.step(organisation, level)
    return view(use.tenants.change_organisation(actor, organisation, rest, also))


@router.delete("/{organisation}", status_code=204)
def remove_organisation(
    organisation: str, query: Query[Removal], use: With, actor: Remover, bearer: Bearer
) -> None:
    """Remove an organisation with all that it has, its audit trail apart. ``force`` ends wipes that no device
    has acknowledged, and takes the permission for that."""
    if query.force:
        use = bearer.require(Permission.DEVICE_WIPE)
    use.tenants.remove_organisation(actor, organisation, query.alias, force=query.force)
