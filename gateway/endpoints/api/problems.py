"""Every error of the REST API as problem+json (RFC 9457; product 7.3, 10).

What a request held is never repeated in an answer: it may have been a password.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from gateway.endpoints.api.calls import ADMINISTRATOR, Unpermitted, UseCases, actor_of
from gateway.endpoints.middleware import TRACE, Scope
from gateway.endpoints.rendering import RETRY_AFTER, problem
from gateway.errors import GatewayError, Kind
from gateway.log import NO_CREDENTIALS
from gateway.services.refusals import Refusal

MEDIA_TYPE = "application/problem+json"
PROBLEM: Mapping[str, Any] = {
    MEDIA_TYPE: {
        "schema": {
            "type": "object",
            "required": ["type", "title", "status"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "fault"],
                        "properties": {"field": {"type": "string"}, "fault": {"type": "string"}},
                    },
                },
            },
        }
    }
}
"""What an error looks like, for the description."""

HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="Usher"'},
    429: {"Retry-After": str(RETRY_AFTER)},
    503: {"Retry-After": str(RETRY_AFTER)},
}


def install(api: FastAPI) -> None:
    """Make every way in which a request can fail answer with a problem document."""
    api.add_exception_handler(GatewayError, _refused)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _unrouted)
    api.add_exception_handler(Exception, _broken)


def rendered(error: GatewayError) -> Response:
    """A shell's error as an answer."""
    status, document = problem(error)
    return _response(status, document)


def faults_of(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Pydantic's findings as field to fault; a field is named by its path in the body or query."""
    return {_field(error): _fault(error) for error in errors}


def log_verdict(scope: Scope, error: GatewayError, *, bare: bool = False) -> None:
    """Why somebody was refused, for the access log; ``bare``: nothing was shown, so nothing was guessed."""
    guessed = error.kind is not Kind.UNAUTHENTICATED or not bare
    if TRACE in scope:
        scope[TRACE].verdict = error.kind.value if guessed else NO_CREDENTIALS


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, GatewayError):
        log_verdict(request.scope, error)
    if isinstance(error, Unpermitted):
        await run_in_threadpool(note_refusal, request, error)
    return rendered(error) if isinstance(error, GatewayError) else _internal()


def note_refusal(request: Request, error: Unpermitted, below: str = "") -> None:
    """Have it recorded, with the path ``below`` which its routes stand; a database that does not answer makes
    a refusal no less of one."""
    use: UseCases = request.app.state.use_cases
    route = f"{request.method} {below}{getattr(request.scope.get('route'), 'path', '')}"
    home = request.path_params.get("organisation", "")
    actor = actor_of(request.scope[ADMINISTRATOR], request)
    with suppress(GatewayError):
        use.refusals.note(Refusal(actor, route, home, error.permission.value, error.public))


async def _invalid(_request: Request, error: Exception) -> Response:
    found = faults_of(error.errors()) if isinstance(error, RequestValidationError) else {}
    return rendered(GatewayError(Kind.MALFORMED, "The request is not what is expected.", faults=found))


async def _unrouted(_request: Request, error: Exception) -> Response:
    """What the router says (404, 405) and what the body's reader says (400, 413)."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    document = {"type": "about:blank", "title": detail.lower(), "status": status}
    return _response(status, document, headers)


async def _broken(_request: Request, _error: Exception) -> Response:
    """The cause goes to the log under the request id (``gateway.endpoints.administration``)."""
    return _internal()


def _internal() -> Response:
    return rendered(GatewayError(Kind.INTERNAL))


def _response(status: int, document: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    sent = {**HEADERS.get(status, {}), **(headers or {})}
    return JSONResponse(document, status, sent, media_type=MEDIA_TYPE)


def _field(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "body"
    place, *path = error["loc"]
    return ".".join(str(part) for part in path) or str(place)


def _fault(error: Mapping[str, Any]) -> str:
    """Our own words as they are; pydantic's, which name types and ranges but never the value."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return "This field is not known." if error["type"] == "extra_forbidden" else str(error["msg"])
