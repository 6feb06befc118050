"""Which route a path leads to, and which thing it is about: asked by what stands around the routes."""

import re
from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute

_PARAMETER = re.compile(r"\{[^}]+\}")

SHOWN_ONCE = {"x-shown-once": True}
"""``openapi_extra`` of a route whose answer holds a secret that is never shown again: it is kept nowhere."""


class Signposts:
    """The routes of a list of routers, each below ``prefix``."""

    def __init__(self, routers: Sequence[APIRouter], prefix: str) -> None:
        self._prefix = prefix
        self._routers = routers

    def route(self, method: str, path: str) -> APIRoute | None:
        """The route that serves ``method`` on a whole path; None for none."""
        below = path.removeprefix(self._prefix)
        for router in self._routers:
            for route in router.routes:
                if (
                    isinstance(route, APIRoute)
                    and method in (route.methods or ())
                    and route.path_regex.match(below)
                ):
                    return route
        return None

    def thing(self, method: str, path: str) -> str | None:
        """The path of the thing that a write is about: itself, or what it is an act on.

        None where there is none: a list that comes in pages is not a thing, and neither is a parameter's
        value without a representation of its own.
        """
        written = self.route(method, path)
        if written is None:
            return None
        shape = written.path.split("/")
        parts = path.removeprefix(self._prefix).split("/")
        for depth in range(len(shape), 1, -1):
            found = self.route("GET", self._prefix + "/".join(parts[:depth]))
            if found is not None and _shape(found.path) == _shape("/".join(shape[:depth])):
                return self._prefix + "/".join(parts[:depth]) if is_thing(found) else None
            if _PARAMETER.fullmatch(shape[depth - 1]):
                return None
        return None


def is_thing(route: APIRoute) -> bool:
    """Whether a GET shows something whole: a page of a list depends on where it begins."""
    return "next" not in getattr(route.response_model, "model_fields", {})


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)
