"""The web console (product 7.2): one file per page group, all on the operations of the REST API.

It stands behind the admin listener's gate, which told who asks. Every answer says by its policy that nothing
from elsewhere is loaded, nothing written in a page is run, and no other page may frame it (T22, T24).
"""

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.endpoints.api.calls import Unpermitted, UseCases
from gateway.endpoints.api.problems import log_verdict, note_refusal
from gateway.endpoints.console import (
    accounts,
    arrivals,
    attention,
    belongings,
    bulk,
    device,
    device_acts,
    devices,
    directory_entries,
    domains,
    events,
    everywhere,
    expected,
    figures,
    groups,
    homes,
    leaving,
    machine,
    notices,
    overview,
    passkeys,
    people,
    policies,
    provider,
    quarantine,
    resources,
    rule_sets,
    rules,
    saved_views,
    setup,
    signing,
    soundness,
    stopping,
    tokens,
    traffic,
    trail,
    webhooks,
    wiping,
)
from gateway.endpoints.console.asking import Ask
from gateway.endpoints.console.assets import serve_asset
from gateway.endpoints.console.menu import menu
from gateway.endpoints.forms import Form
from gateway.endpoints.rendering import REST
from gateway.errors import GatewayError, Kind

PREFIX = "/console"
ROUTERS: tuple[APIRouter, ...] = (
    signing.router,
    passkeys.router,
    provider.router,
    overview.router,
    setup.router,
    devices.router,
    saved_views.router,
    everywhere.router,
    figures.router,
    attention.router,
    resources.router,
    bulk.router,
    device.router,
    device_acts.router,
    wiping.router,
    stopping.router,
    quarantine.router,
    leaving.router,
    people.router,
    arrivals.router,
    belongings.router,
    groups.router,
    domains.router,
    directory_entries.router,
    policies.router,
    rules.router,
    rule_sets.router,
    expected.router,
    homes.router,
    traffic.router,
    trail.router,
    soundness.router,
    events.router,
    webhooks.router,
    notices.router,
    accounts.router,
    tokens.router,
    machine.router,
)

TITLES = {
    Kind.FORBIDDEN: "You may not do this",
    Kind.NOT_FOUND: "There is no such thing here",
    Kind.UNCONFIRMED: "Show that it is you",
    Kind.MALFORMED: "This was not understood",
    Kind.CONFLICT: "This is not possible now",
    Kind.CHANGED: "Somebody was faster",
}


def create_console(use_cases: UseCases) -> FastAPI:
    """The ASGI application of everything below ``/console``, on the services of this process."""
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    console.state.use_cases = use_cases
    console.state.menu = menu
    for router in ROUTERS:
        console.include_router(router, prefix=PREFIX)
    console.add_api_route(PREFIX + "/static/{name}", serve_asset, include_in_schema=False)
    console.add_exception_handler(GatewayError, _refused)
    console.add_exception_handler(HTTPException, _unrouted)
    return console


async def _refused(request: Request, error: Exception) -> Response:
    told = error if isinstance(error, GatewayError) else GatewayError(Kind.INTERNAL)
    log_verdict(request.scope, told)
    if isinstance(error, Unpermitted):
        await run_in_threadpool(note_refusal, request, error, PREFIX)
    return _page(request, told, REST[told.kind])


async def _unrouted(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind = Kind.NOT_FOUND if status in (404, 405) else Kind.MALFORMED
    return _page(request, GatewayError(kind), status)


def _page(request: Request, error: GatewayError, status: int) -> Response:
    ask = Ask(request, Form())
    title = ask.language.text(TITLES.get(error.kind, "That did not work"))
    return ask.page("refused.html", status, title=title, problem=error)
