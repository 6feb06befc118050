"""All rules as one document (product 6, 7.2)."""

import html
import json
import re
from typing import Any

import httpx
import pytest

from gateway.endpoints.console.rule_sets import document_of
from gateway.errors import GatewayError
from tests.support.desk import Desk

WHOLE = "/console/o/acme/rule-set"
OLD = {
    "name": "Old </textarea>&",
    "description": "",
    "effect": "block",
    "conditions": [{"criterion": "os", "is": ["Android 4"]}],
}
LISTED = {
    "Rules": [
        {"MobileDeviceAccessRuleId": "all", "Name": "From WorkMail", "Effect": "ALLOW"},
    ]
}


def shown(text: str) -> dict[str, Any]:
    """The document of the page, as a browser would send it back."""
    (found,) = re.findall(r"<textarea id=\"s-document\"[^>]*>(.*?)</textarea>", text, re.DOTALL)
    document: dict[str, Any] = json.loads(html.unescape(found))
    return document


async def test_what_is_taken_out_can_be_put_in(desk: Desk, browser: httpx.AsyncClient) -> None:
    document = json.dumps({"mode": "usher", "rules": [OLD]})
    desk.phone("ann@acme.example")
    tried = await browser.post(WHOLE, data={"document": document, "do": "try"})
    assert "1 of 1 known devices are let in now, 1 would be." in tried.text
    assert desk.services.access_rules.book("acme").rules == ()
    assert (await browser.post(WHOLE, data={"document": document, "do": "save"})).is_redirect
    taken = shown((await browser.get(WHOLE)).text)
    assert (taken["mode"], taken["rules"][0]["name"]) == ("usher", OLD["name"])
    assert (await browser.post(WHOLE, data={"document": json.dumps(taken), "do": "save"})).is_redirect
    assert shown((await browser.get(WHOLE)).text)["rules"] == taken["rules"]


async def test_what_workmail_lists_comes_over(desk: Desk, browser: httpx.AsyncClient) -> None:
    done = await browser.post(f"{WHOLE}/workmail", data={"workmail": json.dumps(LISTED)})
    assert "1 rule came over." in done.text
    assert [each["name"] for each in desk.services.access_rules.book("acme").rules] == ["From WorkMail"]


@pytest.mark.parametrize("path", ["", "/workmail"])
async def test_what_cannot_be_read_changes_nothing_and_is_not_lost(
    desk: Desk, browser: httpx.AsyncClient, path: str
) -> None:
    typed = {"document": '{"rules": [', "workmail": '{"Rules": [', "do": "save"}
    refused = await browser.post(WHOLE + path, data=typed)
    assert refused.status_code == 400
    assert "This is no JSON" in refused.text
    assert "&#34;rules&#34;: [" in refused.text
    assert desk.services.access_rules.book("acme").version == 0


@pytest.mark.parametrize("text", ["", "[1]", "null", "[" * 100_000, '{"a": 1} {"b": 2}'])
def test_no_object_of_json(text: str) -> None:
    with pytest.raises(GatewayError):
        document_of(text)
