"""API tokens in the console (product 7.6; T9)."""

import pytest

from gateway.records.authority import Authority
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.accounts import appoint
from tests.support.desk import Desk


@pytest.fixture
def hank(desk: Desk) -> Authority:
    account = appoint(desk, "hank")
    return Authority(
        "hank", account.person, account.appointments, confirmed=True, account=account.id, credential="s-1"
    )


async def test_a_token_is_shown_once_and_revoked(sitting: Sitting, hank: Authority) -> None:
    wanted = {"label": "nightly", "expires_at": "2027-06-01", "permission": ["device:read", "user:read"]}
    async with sitting(hank) as client:
        minted = (await client.post("/console/tokens", data=wanted)).text
        assert "usht_" in minted
        page = (await client.get("/console/tokens")).text
        assert "nightly" in page
        assert "usht_" not in page
        token = page[page.index("/console/tokens/t-") :].split("/revoke")[0]
        assert (await client.post(f"{token}/revoke", data={"csrf": ""})).is_redirect
        assert "revoked" in (await client.get("/console/tokens")).text
