"""REST ``/api/v1``: one file per noun (product 7.3). It stands behind ``gateway.endpoints.administration``,
which has asked for the token before anything here is reached.
"""

from typing import Any

from fastapi import APIRouter, FastAPI

from gateway.endpoints.api import (
    administrators,
    all_devices,
    archive,
    audit,
    conduct,
    description,
    device_reports,
    devices,
    domain_records,
    domains,
    events,
    groups,
    jobs,
    me,
    organisations,
    permissions,
    policies,
    policy_assignments,
    policy_reference,
    policy_rollout,
    problems,
    profile_links,
    quarantine,
    resources,
    rules,
    safeguards,
    scp,
    sessions,
    tokens,
    users,
    webhooks,
    wipes,
)
from gateway.endpoints.api.calls import UseCases
from gateway.endpoints.api.problems import PROBLEM

PREFIX = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = (
    organisations.router,
    domains.router,
    domains.everywhere,
    domain_records.router,
    scp.router,
    users.router,
    users.everywhere,
    profile_links.router,
    groups.router,
    resources.router,
    permissions.router,
    policies.router,
    rules.router,
    quarantine.router,
    policy_assignments.router,
    policy_rollout.router,
    policy_reference.router,
    devices.router,
    all_devices.router,
    wipes.at_devices,
    wipes.router,
    wipes.everywhere,
    safeguards.router,
    jobs.at_users,
    jobs.router,
    archive.router,
    conduct.router,
    audit.router,
    events.router,
    webhooks.router,
    webhooks.everywhere,
    device_reports.router,
    administrators.router,
    tokens.router,
    sessions.router,
    me.router,
    description.router,
)
VERSION = "1"
ANY_ERROR: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem document", "content": PROBLEM}
}
"""How every route says that it may fail; FastAPI would describe errors of its own otherwise."""


def create_api(use_cases: UseCases) -> FastAPI:
    """The ASGI application of everything below ``/api/v1``, on the services of this process."""
    api = FastAPI(
        title="Usher",
        version=VERSION,
        summary="Organisations, users, policies, devices and audit of one gateway.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=ANY_ERROR,
    )
    api.state.use_cases = use_cases
    for router in ROUTERS:
        api.include_router(router, prefix=PREFIX)
    problems.install(api)
    return api
