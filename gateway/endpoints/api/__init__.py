"""REST ``/api/v1``: one file per noun (product 7.3). It stands behind ``gateway.endpoints.administration``,
which has asked for the token before anything here is reached.
"""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from gateway.endpoints.api import (
    administrators,
    all_devices,
    app_passwords,
    archive,
    audit,
    bulk_devices,
    bulk_members,
    bulk_users,
    conduct,
    description,
    device_reports,
    devices,
    domain_records,
    domains,
    events,
    groups,
    history,
    jobs,
    machine,
    me,
    notices,
    openapi,
    organisations,
    permissions,
    policies,
    policy_assignments,
    policy_reference,
    policy_rollout,
    problems,
    profile_links,
    protocol_log,
    quarantine,
    resources,
    rules,
    safeguards,
    saved_views,
    scp,
    sessions,
    tokens,
    users,
    webhooks,
    wipes,
)
from gateway.endpoints.api.calls import UseCases
from gateway.endpoints.api.idempotency import IdempotencyKeys
from gateway.endpoints.api.preconditions import Preconditions
from gateway.endpoints.api.problems import PROBLEM
from gateway.endpoints.api.signposts import Signposts

PREFIX = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = (
    organisations.router,
    domains.router,
    domains.everywhere,
    domain_records.router,
    scp.router,
    machine.router,
    users.router,
    bulk_users.router,
    users.everywhere,
    profile_links.router,
    app_passwords.router,
    groups.router,
    bulk_members.router,
    resources.router,
    permissions.router,
    policies.router,
    rules.router,
    quarantine.router,
    policy_assignments.router,
    policy_rollout.router,
    policy_reference.router,
    devices.router,
    protocol_log.router,
    bulk_devices.router,
    all_devices.router,
    history.at_organisations,
    history.router,
    wipes.at_devices,
    wipes.router,
    wipes.everywhere,
    safeguards.router,
    jobs.at_users,
    jobs.router,
    archive.router,
    conduct.router,
    audit.router,
    device_reports.router,
    events.router,
    webhooks.router,
    webhooks.everywhere,
    notices.router,
    notices.everywhere,
    administrators.router,
    tokens.router,
    sessions.router,
    me.router,
    saved_views.router,
    description.router,
)
VERSION = "1"
ANY_ERROR: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem document", "content": PROBLEM}
}
"""How every route says that it may fail; FastAPI would describe errors of its own otherwise."""


class _Described(FastAPI):
    """Described with what stands around the routes, too."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.complete(super().openapi(), ROUTERS, PREFIX)
        return self.openapi_schema


def _identity(route: APIRoute) -> str:
    """``operationId``: the noun's file and what is done, which stay when a path changes. Where a function is
    made twice, for one organisation and for all, the second one says so."""
    noun, done = route.endpoint.__module__.rpartition(".")[2], route.endpoint.__name__
    twice = "<locals>" in route.endpoint.__qualname__ and "{organisation}" not in route.path
    return f"{noun}.everywhere.{done}" if twice else f"{noun}.{done}"


def create_api(use_cases: UseCases) -> FastAPI:
    """The ASGI application of everything below ``/api/v1``, on the services of this process."""
    api = _Described(
        title="Usher",
        version=VERSION,
        summary="Organisations, users, policies, devices and audit of one gateway.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=ANY_ERROR,
        generate_unique_id_function=_identity,
    )
    api.state.use_cases = use_cases
    for router in ROUTERS:
        api.include_router(router, prefix=PREFIX)
    problems.install(api)
    signposts = Signposts(ROUTERS, PREFIX)
    api.add_middleware(Preconditions, signposts=signposts)
    api.add_middleware(IdempotencyKeys, use_cases=use_cases, signposts=signposts)
    return api
