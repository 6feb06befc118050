"""Mail servers and certificates of this gateway (product 3.6, 9.1): do they answer, are they good."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.machine import AnsweredView, list_backends, list_certificates, test_backend
from gateway.endpoints.console.asking import Ask, opens
from gateway.errors import GatewayError

router = APIRouter()


def _backends(ask: Ask, told: AnsweredView | None = None) -> Response:
    return ask.page("backends.html", found=ask.call(list_backends).items, told=told)


@router.get("/backends")
def backends(ask: Annotated[Ask, opens(list_backends)]) -> Response:
    """The mail servers of the configuration, and the organisations that use them."""
    return _backends(ask)


@router.post("/backends/{backend}/test")
async def test(backend: str, ask: Annotated[Ask, opens(test_backend)]) -> Response:
    """Ask one now."""
    told = await ask.operations.call_async(test_backend, backend=backend)
    return await run_sync(_backends, ask, told)


@router.get("/certificates")
def certificates(ask: Annotated[Ask, opens(list_certificates)]) -> Response:
    """What is installed, until when, and what is wrong with it."""
    try:
        return ask.page("certificates.html", found=ask.call(list_certificates).items)
    except GatewayError as error:
        return ask.page("certificates.html", 200, found=[], problem=error)
