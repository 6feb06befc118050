"""Access rules and the tester beside them (product 6, 7.2)."""

import httpx
import pytest

from gateway.endpoints.console.rules import document_of
from gateway.endpoints.forms import Form
from mdm.rule_documents import from_document
from tests.support.desk import Desk

RULES = "/console/o/acme/rules"
OLD = {
    "name": "Old Androids",
    "effect": "block",
    "enabled": "on",
    "criterion.0": "os",
    "way.0": "is",
    "values.0": "Android 4\nAndroid 5\n",
    "criterion.1": "",
    "values.1": "left over",
}


def test_the_form_is_a_document_that_the_rules_can_read() -> None:
    read = from_document({"id": "r1", **document_of(Form(tuple(OLD.items())))})
    assert [(each.criterion, each.values) for each in read.conditions] == [("os", ("Android 4", "Android 5"))]


async def test_a_rule_says_what_it_would_do_before_it_does_it(desk: Desk, browser: httpx.AsyncClient) -> None:
    desk.phone("ann@acme.example")
    tried = await browser.post(RULES, data=OLD | {"do": "try"})
    assert "1 of 1 known devices are let in now, 1 would be." in tried.text
    assert desk.services.access_rules.book("acme").rules == ()
    assert (await browser.post(RULES, data=OLD | {"do": "save"})).headers["location"] == RULES
    assert "Old Androids" in (await browser.get(RULES)).text


@pytest.fixture
async def rule(desk: Desk, browser: httpx.AsyncClient) -> str:
    await browser.post(RULES, data=OLD | {"do": "save"})
    return f"{RULES}/{desk.services.access_rules.book('acme').rules[0]['id']}"


async def test_a_rule_is_changed_and_removed(browser: httpx.AsyncClient, rule: str) -> None:
    assert "Android 5" in (await browser.get(rule)).text
    assert (await browser.post(rule, data=OLD | {"name": "Older", "do": "save"})).is_redirect
    assert "Older" in (await browser.get(RULES)).text
    assert (await browser.post(f"{rule}/remove", data={"csrf": ""})).is_redirect
    assert "There is no rule" in (await browser.get(RULES)).text


async def test_what_another_rule_would_do_is_said_beside_those_that_are_there(
    browser: httpx.AsyncClient, rule: str
) -> None:
    for place in (RULES, rule):
        tried = await browser.post(place, data=OLD | {"name": "Another", "do": "try"})
        assert "0 of 0 known devices are let in now, 0 would be." in tried.text, place


async def test_what_locks_everybody_out_is_refused_without_a_word_more(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    desk.phone("ann@acme.example")
    everybody = {"name": "all", "effect": "block", "enabled": "on", "do": "save"}
    refused = await browser.post(RULES, data=everybody)
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text


async def test_the_tester_explains_itself(browser: httpx.AsyncClient, rule: str) -> None:
    told = await browser.post(f"{RULES}/test", data={"os": "Android 4.4", "imagined": "on"})
    assert told.status_code == 200
    assert "Old Androids" in told.text
    assert "block" in told.text


async def test_a_stricter_default_says_whom_it_cuts_off(desk: Desk, browser: httpx.AsyncClient) -> None:
    desk.phone("ann@acme.example")
    told = await browser.post(f"{RULES}/default", data={"level": "quarantine", "do": "try"})
    assert "Cut off:" in told.text
    saved = await browser.post(
        f"{RULES}/default", data={"level": "quarantine", "spare_known": "on", "do": "save"}
    )
    assert saved.is_redirect


async def test_versions_and_mode(browser: httpx.AsyncClient, rule: str) -> None:
    assert (await browser.post(f"{RULES}/roll_back", data={"version": "0", "force": "on"})).is_redirect
    assert "There is no rule" in (await browser.get(RULES)).text
    assert (await browser.post(f"{RULES}/mode", data={"mode": "nonsense"})).status_code == 400
