"""What the API can do has its place in the console (product 7.3: neither does what the other cannot)."""

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

from fastapi.routing import APIRoute

from gateway.endpoints import console, self_service
from gateway.endpoints.api import ROUTERS

ELSEWHERE = {
    "describe": "the document is for programs",
    "find_domain": "the menu leads to a domain through its organisation",
    "find_user": "the search leads to a user through the organisation",
    "get_domain": "the list of domains shows all of it",
    "get_resource": "the list of resources shows all of it",
    "get_token": "the list of tokens shows all of it",
    "get_default": "the page of the policy named default",
    "set_default": "the page of the policy named default",
    "list_default_versions": "the page of the policy named default",
    "roll_back_default": "the page of the policy named default",
    "list_honours": "the policy's editor reads the same table",
    "cancel_wipe": "an order is taken back on its own page",
    "rehearse": "the policy's editor says whom a document would touch",
    "rehearse_default": "the page of the policy named default",
    "write_members": "members are added on the page of their group",
}
"""Operations without a place of their own, each with where the same thing is done."""


def modules() -> list[ModuleType]:
    """Every module of the console and of self-service."""
    return [
        import_module(f"{package.__name__}.{each.name}")
        for package in (console, self_service)
        for each in pkgutil.iter_modules(package.__path__)
    ]


def used() -> tuple[set[int], str]:
    """Identities of what the modules name, and their text: operations that a function makes are asked for by
    name."""
    found = modules()
    return {id(value) for each in found for value in vars(each).values()}, "".join(
        map(inspect.getsource, found)
    )


def test_every_operation_of_the_api_has_its_place() -> None:
    named, text = used()
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    missing = {
        route.endpoint.__name__
        for route in routes
        if id(inspect.unwrap(route.endpoint)) not in named
        and id(route.endpoint) not in named
        and f'"{route.endpoint.__name__}"' not in text
    }
    assert missing == set(ELSEWHERE)
