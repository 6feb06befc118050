"""Every route, every role, every scope: what is allowed is done, what is not is refused and changes nothing
(T25, T35). Here organisations as a whole; ``test_scopes_parts`` has their domains and groups.
"""

import asyncio
from typing import Any

import pytest

from gateway.endpoints.api import ROUTERS
from tests.support.scope_matrix import (
    BODIES,
    ELSEWHERE,
    OF_A_PART,
    OTHER_OUTCOMES,
    QUERIES,
    ROUTERS_BY_NAME,
    SCOPES,
    Scope,
    all_wrong,
)
from tests.support.scopes import Estate

WHOLE = [scope for scope in SCOPES if not scope.part]


@pytest.mark.parametrize("scope", WHOLE, ids=lambda scope: scope.name.replace(" ", "-"))
@pytest.mark.parametrize("name", ROUTERS_BY_NAME)
def test_every_role_in_every_scope(estate: Estate, name: str, scope: Scope) -> None:
    faults = asyncio.run(all_wrong(estate, ROUTERS_BY_NAME[name], scope))
    assert not faults, "\n".join(faults)


def test_a_route_of_the_matrix_is_a_route() -> None:
    """A table that names what is no more tests nothing."""
    routes: list[Any] = [route for router in ROUTERS for route in router.routes]
    names = {f"{method} {route.path}" for route in routes for method in route.methods}
    assert not {*BODIES, *QUERIES, *OTHER_OUTCOMES, *OF_A_PART, *ELSEWHERE} - names
