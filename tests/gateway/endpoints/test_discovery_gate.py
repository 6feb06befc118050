"""AutoDiscover behind access rules (product 6.3): barred is unknown, and nobody can tell the two apart."""

import re
from typing import Any

import pytest

from gateway.phone.discovery import basic
from mdm.device import AccessLevel
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN
from tests.support.mail_server import DOMAIN

MOBILESYNC = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
BODY = f"""<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="{MOBILESYNC}requestschema/2006"><Request><EMailAddress>{{address}}</EMailAddress>
<AcceptableResponseSchema>{MOBILESYNC}responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>"""


async def ask(gateway: Gateway, address: str, user: str = "ann", agent: str = "iOS/17") -> tuple[int, bytes]:
    phone = gateway.phone(user)
    answer = await gateway.phones.ask(
        "POST",
        f"http://127.0.0.1:{gateway.port}/autodiscover/autodiscover.xml",
        headers=[
            ("Authorization", basic(phone.identity)),
            ("Content-Type", "text/xml"),
            ("User-Agent", agent),
        ],
        body=BODY.format(address=address).encode(),
    )
    return answer.http, answer.body


def rule(*conditions: dict[str, Any], effect: str = "block") -> dict[str, Any]:
    named = {"criterion": "protocol", "is": ["autodiscover"]}
    return {"name": "discovery", "effect": effect, "conditions": [named, *conditions]}


async def put(gateway: Gateway, *documents: dict[str, Any]) -> None:
    async with gateway.hears():
        gateway.made.access_rules.replace_all(ADMIN, "acme", documents, force=True)


def told(answer: tuple[int, bytes]) -> bytes:
    """An answer without the moment that it was given at and the address that was asked."""
    return re.sub(rb'Time="[^"]*" Id="[^"]*"', b"", answer[1])


async def test_a_barred_user_is_answered_like_an_unknown_address(gateway: Gateway) -> None:
    mine, nobody = f"ann@{DOMAIN}", f"nobody@{DOMAIN}"
    assert b"<Url>" in (await ask(gateway, mine))[1]
    unknown = await ask(gateway, nobody)
    await put(gateway, rule({"criterion": "user", "is": [mine]}))
    barred = await ask(gateway, mine)
    assert (barred[0], told(barred)) == (unknown[0], told(unknown))
    assert told(await ask(gateway, nobody)) == told(unknown)
    assert b"<Url>" in (await ask(gateway, f"bob@{DOMAIN}", "bob"))[1]
    await put(gateway)
    assert b"<Url>" in (await ask(gateway, mine))[1]


@pytest.mark.parametrize(
    ("condition", "barred"),
    [
        ({"criterion": "network", "is": ["127.0.0.0/8"]}, True),
        ({"criterion": "network", "is_not": ["127.0.0.0/8"]}, False),
        ({"criterion": "user_agent", "is": ["iOS"]}, True),
        ({"criterion": "user_agent", "is": ["Outlook"]}, False),
        ({"criterion": "domain", "is": [DOMAIN]}, True),
    ],
    ids=["from here", "from elsewhere", "this agent", "another agent", "this domain"],
)
async def test_network_user_and_agent_decide(
    gateway: Gateway, condition: dict[str, Any], barred: bool
) -> None:
    await put(gateway, rule(condition))
    assert (b"<Url>" not in (await ask(gateway, f"ann@{DOMAIN}"))[1]) is barred


async def test_rules_about_devices_and_the_default_do_not_bar_outlook(gateway: Gateway) -> None:
    async with gateway.hears():
        gateway.settings(default_access=AccessLevel.BLOCK)
    by_user = {"name": "x", "effect": "block", "conditions": [{"criterion": "user", "is": [f"ann@{DOMAIN}"]}]}
    await put(gateway, by_user, rule(effect="quarantine"))
    assert b"<Url>" in (await ask(gateway, f"ann@{DOMAIN}"))[1]


async def test_a_group_decides_after_somebody_joined_it(gateway: Gateway, backend: RecordingBackend) -> None:
    group = gateway.made.groups.create(ADMIN, "acme", "Outside")
    await put(gateway, rule({"criterion": "group", "is": ["Outside"]}))
    assert b"<Url>" in (await ask(gateway, f"ann@{DOMAIN}"))[1]
    async with gateway.hears():
        gateway.made.groups.add_member(ADMIN, "acme", group.id, f"ann@{DOMAIN}")
    assert b"<Url>" not in (await ask(gateway, f"ann@{DOMAIN}"))[1]


async def test_the_profile_of_a_barred_user_is_not_given_out(gateway: Gateway) -> None:
    async def fetch() -> int:
        identity = basic(gateway.phone("ann").identity)
        url = f"http://127.0.0.1:{gateway.port}/mobileconfig"
        return (await gateway.phones.ask("GET", url, headers=[("Authorization", identity)])).http

    assert await fetch() == 200
    await put(gateway, rule({"criterion": "user", "is": [f"ann@{DOMAIN}"]}))
    assert await fetch() == 404
    await put(gateway)
    assert await fetch() == 200
