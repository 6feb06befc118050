"""Every route, every role, given for a domain or a group (T25): the other half of ``test_scopes``."""

import asyncio

import pytest

from tests.support.scope_matrix import ROUTERS_BY_NAME, SCOPES, Scope, all_wrong
from tests.support.scopes import Estate

PARTS = [scope for scope in SCOPES if scope.part]


@pytest.mark.parametrize("scope", PARTS, ids=lambda scope: scope.name.replace(" ", "-"))
@pytest.mark.parametrize("name", ROUTERS_BY_NAME)
def test_every_role_in_every_part(estate: Estate, name: str, scope: Scope) -> None:
    faults = asyncio.run(all_wrong(estate, ROUTERS_BY_NAME[name], scope))
    assert not faults, "\n".join(faults)
