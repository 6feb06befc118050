"""Off-boardings in the console (product 5.6)."""

import httpx
import pytest

from tests.support.desk import Desk
from tests.support.world import ADMIN

JOBS = "/console/o/acme/jobs"


@pytest.fixture
def job(desk: Desk) -> str:
    desk.phone("ann@acme.example")
    return f"{JOBS}/{desk.services.offboarding.start(ADMIN, desk.services.users.get('ann@acme.example')).id}"


async def test_nobody_left_yet(browser: httpx.AsyncClient) -> None:
    assert "Nobody was off-boarded yet" in (await browser.get(JOBS)).text


async def test_a_job_tells_how_far_it_is_and_goes_on_telling(browser: httpx.AsyncClient, job: str) -> None:
    assert job in (await browser.get(JOBS)).text
    assert 'hx-trigger="every 2s"' in (await browser.get(job)).text
    part = (await browser.get(job, headers={"HX-Request": "true"})).text
    assert "step 1 of" in part
    assert "<html" not in part


async def test_a_job_is_stopped_once(browser: httpx.AsyncClient, job: str) -> None:
    assert (await browser.post(f"{job}/cancel", data={"reason": "stays"})).is_redirect
    assert "cancelled" in (await browser.get(job)).text
    assert (await browser.post(f"{job}/cancel", data={"reason": "again"})).status_code == 400
