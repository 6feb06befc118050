"""What Active Directory is told, so that computers that belong to it find the gateway (product 2.7)."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.scp import ScpQuestion, ScpView, service_connection_points
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import query
from gateway.errors import GatewayError

router = APIRouter(prefix="/active-directory")


def _shown(ask: Ask, told: ScpView | None = None, problem: GatewayError | None = None) -> Response:
    return ask.page("connection_points.html", asked=ask.query, told=told, problem=problem)


@router.get("")
@or_again(_shown)
def connection_points(ask: Annotated[Ask, opens(service_connection_points)]) -> Response:
    """The objects to import, for the forest that the form names."""
    given = {name: ask.query.get(name, "").strip() for name in ("naming_context", "forest")}
    asked = {**given, "site": ask.query.get("site", "").split()}
    return _shown(ask, ask.call(service_connection_points, query=query(ScpQuestion, asked)))
