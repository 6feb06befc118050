"""Budgets of requests: how much, for whom, how it is told (product 7.3)."""

import re
from dataclasses import replace

import httpx
import pytest

from gateway.config import Admin
from gateway.endpoints.console.gate import COOKIE
from gateway.endpoints.rates import MAXIMUM, Budget, Overrun, Rates
from gateway.records.authority import Authority
from tests.support.accounts import arrived, next_code
from tests.support.desk import Desk, browser

ANN = Authority("ann", account="a-1", credential="t-1")
EVE = Authority("eve", account="a-2", credential="t-2")


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def rates(hand: Hand) -> Rates:
    settings = Admin(
        requests_per_s=2, requests_burst=4, reads_per_s=5, reads_burst=20, writes_per_s=1, writes_burst=5
    )
    return Rates(settings, hand)


def told(headers: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}


def test_a_burst_and_then_as_fast_as_it_fills(rates: Rates, hand: Hand) -> None:
    left = [told(rates.principal(ANN, "POST"))["ratelimit"] for _ in range(5)]
    assert left == [f'"writes";r={4 - n};t={1 + n}' for n in range(5)]
    for _ in range(3):
        with pytest.raises(Overrun) as overrun:
            rates.principal(ANN, "DELETE")
        assert told(overrun.value.headers)["retry-after"] == "1"
        hand.at += 1
        rates.principal(ANN, "POST")


def test_what_was_promised_is_kept(rates: Rates, hand: Hand) -> None:
    for _ in range(4):
        rates.source("192.0.2.1")
    with pytest.raises(Overrun) as overrun:
        rates.source("192.0.2.1")
    hand.at += int(told(overrun.value.headers)["retry-after"])
    rates.source("192.0.2.1")


def test_reading_wild_keeps_nobody_from_writing(rates: Rates) -> None:
    for _ in range(20):
        headers = rates.principal(ANN, "GET")
    assert told(headers)["ratelimit-policy"] == '"reads";q=20;w=4'
    with pytest.raises(Overrun):
        rates.principal(ANN, "GET")
    rates.principal(ANN, "PUT")
    rates.principal(EVE, "GET")


def test_a_host_of_ipv6_has_a_whole_network(rates: Rates) -> None:
    for number in range(4):
        rates.source(f"2001:db8::{number}")
    with pytest.raises(Overrun):
        rates.source("2001:db8::ffff")
    rates.source("2001:db8:0:1::1")
    rates.source("")


def test_an_overrun_is_a_problem_document() -> None:
    response = Overrun(7, ((b"ratelimit", b'"x";r=0;t=7'),)).answer()
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.getlist("retry-after") == ["7"]
    assert response.headers["ratelimit"] == '"x";r=0;t=7'


def test_sessions_of_an_account_share_a_budget_and_tokens_have_their_own(rates: Rates) -> None:
    for number in range(5):
        rates.principal(replace(ANN, credential=f"s-{number}"), "POST")
    with pytest.raises(Overrun):
        rates.principal(replace(ANN, credential="s-new"), "POST")
    for other in (ANN, replace(EVE, credential="s-6"), Authority("bootstrap")):
        rates.principal(other, "POST")


def test_memory_is_bounded() -> None:
    budget = Budget("x", 1, 2)
    for number in range(MAXIMUM + 100):
        budget.spend(str(number), 0.0)
    assert len(budget._buckets) == MAXIMUM


def test_the_headers_have_the_form_of_structured_fields() -> None:
    headers = told(Budget("reads", 0.3, 7).spend("ann", 5.0))
    assert re.fullmatch(r'"[a-z]+";q=\d+;w=\d+', headers["ratelimit-policy"])
    assert re.fullmatch(r'"[a-z]+";r=\d+;t=\d+', headers["ratelimit"])


async def test_the_admin_listener_tells_what_is_left(desk: Desk) -> None:
    tight = Admin(reads_burst=3, reads_per_s=0.1, requests_burst=100)
    async with browser(replace(desk.config, admin=tight)) as client:
        left = [await client.get("/api/v1/organisations") for _ in range(4)]
        assert [answer.status_code for answer in left] == [200, 200, 200, 429]
        told_left = [answer.headers["ratelimit"].rpartition(";")[0] for answer in left[:3]]
        assert told_left == [f'"reads";r={2 - n}' for n in range(3)]
        assert 1 <= int(left[3].headers["retry-after"]) <= 10
        assert left[3].headers["cache-control"] == "no-store"
        assert (await client.post("/api/v1/organisations", json={})).status_code == 400


async def test_a_stranger_has_a_budget_before_anything_is_verified(desk: Desk) -> None:
    tight = Admin(requests_burst=5, requests_per_s=1)
    async with browser(replace(desk.config, admin=tight), token="x" * 40) as client:
        answers = [await client.get("/api/v1/organisations") for _ in range(40)]
        assert [answer.status_code for answer in answers[:5]] == [401] * 5
        assert {answer.status_code for answer in answers} == {401, 429}
        assert "ratelimit" in next(each for each in answers if each.status_code == 429).headers
        assert (await client.get("/healthz")).status_code == 200


async def test_the_console_spends_the_budget_of_the_account_and_of_nobody_else(desk: Desk) -> None:
    tight = Admin(reads_burst=6, reads_per_s=0.1)
    async with browser(replace(desk.config, admin=tight), token=None) as client:
        ann, eve = await arrived(client, desk, "ann"), await arrived(client, desk, "eve")

        async def page(secret: str) -> httpx.Response:
            return await client.get("/console/me", headers={"Cookie": f"{COOKIE}={secret}"})

        first = ann.secret
        answers = [await page(first) for _ in range(7)]
        assert [each.status_code for each in answers] == [200] * 6 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await ann("GET", "/me")).status_code == 429, "over REST it is the same budget"
        await ann.sign_in(code=next_code(ann.factor))
        assert ann.secret != first
        assert (await page(ann.secret)).status_code == 429, "a new session is no new budget"
        assert (await page(eve.secret)).status_code == 200
        assert (await client.get("/console/sign-in")).status_code == 200
