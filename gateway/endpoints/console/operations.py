"""What a page of the console does, it does by the API's own functions (product 7.2, 7.3).

A page asks for nothing that a route of ``/api/v1`` does not offer: it calls the function behind that route,
with the permission which the route declares and the services narrowed to what that permission reaches. So the
console can do what the API can and not more, and a page cannot forget to ask who may.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from fastapi import APIRouter, Request
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from gateway.endpoints.api.calls import ADMINISTRATOR, Asking, Needs, UseCases, actor_of, permit
from gateway.endpoints.api.calls import asking as asking_of
from gateway.endpoints.api.calls import use_cases as use_cases_of
from gateway.endpoints.api.problems import faults_of
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority, Permission

P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a route's function takes from its request: names of parameters.

    Attributes:
        needs: what it asks for; actor: where the actor goes; use, bearer: where services and asker go.
    """

    needs: Needs
    actor: str
    use: str
    bearer: str


@cache
def shape(operation: Callable[..., Any]) -> Shape:
    """Read a route's function; TypeError for one that declares no permission (deny by default)."""
    needed: Needs | None = None
    names = {"actor": "", "use": "", "bearer": ""}
    hints = get_type_hints(inspect.unwrap(operation), include_extras=True)
    for name, parameter in inspect.signature(operation).parameters.items():
        call = _dependency(hints[name], parameter.default)
        if isinstance(call, Needs):
            needed, names["actor"] = call, name
        elif call is use_cases_of:
            names["use"] = name
        elif call is asking_of:
            names["bearer"] = name
    if needed is None:
        raise TypeError(f"{operation} declares no permission")
    return Shape(needed, **names)


def named(router: APIRouter, name: str) -> Callable[..., Any]:
    """A route's function by its name, where a function of the API makes the routes; KeyError for none."""
    made = {route.name: route.endpoint for route in router.routes if isinstance(route, APIRoute)}
    found: Callable[..., Any] = made[name]
    return found


def _dependency(hint: Any, default: Any) -> Any:
    told = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((each.dependency for each in (*told, default) if isinstance(each, Depends)), None)


class Operations:
    """The API for one request of a person who is signed in."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._use_cases: UseCases = request.app.state.use_cases

    @property
    def authority(self) -> Authority:
        """Who asks."""
        found: Authority = self._request.scope[ADMINISTRATOR]
        return found

    def call(self, operation: Callable[..., T], /, **arguments: Any) -> T:
        """Do what a route does, as its function is declared; ``arguments`` are those of path, query and body.

        Raises:
            GatewayError: as the route would answer it; FORBIDDEN and UNCONFIRMED before anything else.
        """
        taken = shape(operation)
        use = self._use_cases.within(permit(self.authority, taken.needs))
        given = {
            taken.actor: actor_of(self.authority, self._request),
            taken.use: use,
            taken.bearer: Asking(self.authority, use),
        }
        return operation(**arguments, **{name: value for name, value in given.items() if name})

    async def call_async(self, operation: Callable[..., Awaitable[T]], /, **arguments: Any) -> T:
        """``call`` for a route's function that waits for the network or for a thread."""
        return await self.call(operation, **arguments)

    def within(self, operation: Callable[..., Any]) -> UseCases:
        """The services on what the operation's permission reaches, for an answer that goes on after the call.

        Raises:
            GatewayError: FORBIDDEN, UNCONFIRMED.
        """
        return self._use_cases.within(permit(self.authority, shape(operation).needs))

    def may(self, operation: Callable[..., Any], organisation: str = "") -> bool:
        """Whether who asks could do this, in the organisation with this id where one is named."""
        needed = shape(operation).needs
        if needed.everywhere:
            return self.authority.reach(needed.permission).everything
        return may(self.authority, needed.permission, organisation)


def may(authority: Authority, permission: Permission, organisation: str = "") -> bool:
    """Whether the permission is held, for an organisation or a part of it where one is named."""
    reach = authority.reach(permission)
    if not organisation:
        return bool(reach)
    return reach.whole(organisation) or organisation in reach.partly


def body(model: type[B], values: Mapping[str, Any]) -> B:
    """A request's body from what a form said, by the API's own rules.

    Raises:
        GatewayError: MALFORMED with a fault for each wrong field.
    """
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        faults = faults_of([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
        raise GatewayError(Kind.MALFORMED, "Something is not as it has to be.", faults=faults) from None


def query(model: type[B], values: Mapping[str, Any]) -> B:
    """A request's query from what a form said; empty fields are left out. Raises as ``body`` does."""
    asked = {name: value for name, value in values.items() if value not in (None, "", [])}
    try:
        return model.model_validate(asked)
    except ValidationError as error:
        faults = faults_of([{**each, "loc": ("query", *each["loc"])} for each in error.errors()])
        raise GatewayError(Kind.MALFORMED, "Something is not as it has to be.", faults=faults) from None
