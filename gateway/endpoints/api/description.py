"""``/openapi.json``: the API described by itself, OpenAPI 3.1 (product 7.3).

A route of our own instead of FastAPI's, so that it declares a permission as every other one does. There is no
page that shows it: those fetch their scripts from elsewhere (product 7.2).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from gateway.endpoints.api.calls import needs
from gateway.records import Actor
from gateway.records.authority import Permission

Reader = Annotated[Actor, needs(Permission.DESCRIPTION_READ)]

router = APIRouter(tags=["description"])


@router.get("/openapi.json", include_in_schema=False)
def describe(request: Request, _actor: Reader) -> dict[str, Any]:
    """This API as an OpenAPI 3.1 document."""
    document: dict[str, Any] = request.app.openapi()
    return document
