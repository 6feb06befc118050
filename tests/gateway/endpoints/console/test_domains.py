"""Domains and their records in the console (product 2.5, 7.2)."""

import httpx
import pytest

from autodiscover.verdicts import Status, Verdict
from tests.support.desk import Desk

DOMAINS = "/console/o/acme/domains"


async def test_a_domain_comes_with_what_it_has_to_publish(browser: httpx.AsyncClient) -> None:
    domain = (await browser.post(DOMAINS, data={"name": "acme.test"})).headers["location"]
    page = (await browser.get(domain)).text
    for told in ("autodiscover.acme.test", "CNAME", 'data-copy="', "Nobody has looked yet."):
        assert told in page


async def test_a_domain_becomes_the_default_is_routed_and_goes(browser: httpx.AsyncClient) -> None:
    domain = (await browser.post(DOMAINS, data={"name": "acme.test"})).headers["location"]
    assert (await browser.post(domain, data={"backend": "other"})).is_redirect
    assert (await browser.post(domain, data={"backend": "nowhere"})).status_code == 400
    assert (await browser.post(domain, data={"default": "yes"})).is_redirect
    refused = await browser.post(f"{DOMAINS}/acme.example/remove", data={"csrf": ""})
    assert refused.status_code == 400
    assert (await browser.post(f"{DOMAINS}/acme.example", data={"default": "yes"})).is_redirect
    assert (await browser.post(f"{domain}/remove", data={"csrf": ""})).headers["location"] == DOMAINS


async def test_a_name_that_is_no_domain(browser: httpx.AsyncClient) -> None:
    refused = await browser.post(DOMAINS, data={"name": "no domain"})
    assert refused.status_code == 400
    assert 'aria-invalid="true"' in refused.text


@pytest.mark.parametrize(
    ("status", "tone", "word"),
    [
        (Status.VERIFIED, "good", "bestätigt"),
        (Status.MISSING, "bad", "fehlt"),
        (Status.PENDING, "bad", "steht aus"),
    ],
)
async def test_what_was_found_of_a_record_is_told_as_it_is(
    browser: httpx.AsyncClient, desk: Desk, status: Status, tone: str, word: str
) -> None:
    known = desk.services.domain_records
    plan = known.plan("acme.example")
    known.save(plan, [Verdict(plan.records[0], status, "what was there")])
    page = await browser.get(f"{DOMAINS}/acme.example", headers={"Accept-Language": "de"})
    assert f'<span class="tag {tone}">{word}</span>' in page.text
    assert ">nötig</td>" in page.text
    assert "beginnt mit v=spf1" in page.text
