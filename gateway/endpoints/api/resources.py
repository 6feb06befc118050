"""``/organisations/{organisation}/resources`` of the REST API (product 1, 7.3)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Body, Page, Query, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.records import Actor, EntityState, Resource, ResourceKind
from gateway.records.authority import Permission
from gateway.services.names import require_address, require_text
from gateway.services.resources import ResourceChanges

router = APIRouter(prefix="/organisations/{organisation}/resources", tags=["resources"])

Reader = Annotated[Actor, needs(Permission.USER_READ)]
Writer = Annotated[Actor, needs(Permission.USER_WRITE)]
Name = Annotated[str, word(lambda text: require_text("name", text))]
Address = Annotated[str, word(require_address)]
Kind = Annotated[ResourceKind, choice()]


class NewResource(Body):
    """A resource to be made; without a name it is called by its address."""

    address: Address
    name: Name | None = None
    kind: Kind = ResourceKind.ROOM


class Changes(Body):
    """What is to be changed; what is left out stays."""

    name: Name | None = None
    address: Address | None = None
    kind: Kind | None = None
    state: Annotated[EntityState, choice()] | None = None


class ResourceView(BaseModel):
    """A resource as it is shown."""

    id: str
    organisation: str
    name: str
    address: str
    kind: ResourceKind
    state: EntityState


class ResourceList(BaseModel):
    """A page of resources, by address."""

    items: list[ResourceView]
    next: str | None


def view(resource: Resource) -> ResourceView:
    return ResourceView.model_validate(resource, from_attributes=True)


@router.get("")
def list_resources(organisation: str, query: Query[Page], use: With, _actor: Reader) -> ResourceList:
    """Resources of an organisation, by address."""
    (after,) = read_texts(query.cursor, 1) or ("",)
    found = use.resources.list(organisation, after=after, limit=query.limit)
    full = len(found) == query.limit
    return ResourceList(
        items=[view(each) for each in found], next=write_cursor(found[-1].address) if full else None
    )


@router.post("", status_code=201)
def create_resource(organisation: str, body: NewResource, use: With, actor: Writer) -> ResourceView:
    """Make a room or a piece of equipment."""
    made = use.resources.create(actor, organisation, body.address, body.name or "", body.kind)
    return view(made)


@router.get("/{resource}")
def get_resource(organisation: str, resource: str, use: With, _actor: Reader) -> ResourceView:
    """One resource, by id or address."""
    return view(use.resources.get(organisation, resource))


@router.patch("/{resource}")
def change_resource(
    organisation: str, resource: str, body: Changes, use: With, actor: Writer
) -> ResourceView:
    """Change a resource."""
    changes = ResourceChanges(**body.model_dump())
    return view(use.resources.change(actor, organisation, resource, changes))


@router.delete("/{resource}", status_code=204)
def remove_resource(organisation: str, resource: str, use: With, actor: Writer) -> None:
    """Remove a resource with the permissions on it."""
    use.resources.remove(actor, organisation, resource)
