"""OPTIONS: the backend's own lists, less what is not served, to who signed in (MS-ASHTTP 2.2.3, spec 1.2)."""

from pathlib import Path

import pytest

from gateway.phone.discovery import basic
from gateway.phone.line import Answer
from gateway.records import OrganisationState
from gateway.services.tenants import Settings
from mdm.ashttp import Version
from tests.support import partnership as p
from tests.support.backend import RecordingBackend, challenging, reply
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import DOMAIN, mail_server


async def test_both_lists_with_provision_added(gateway: Gateway) -> None:
    offer = await gateway.phone().options()
    assert offer.versions == p.SERVED
    assert offer.commands == (
        "Sync",
        "SendMail",
        "FolderSync",
        "Ping",
        "Settings",
        "ItemOperations",
        "Provision",
    )


async def test_the_answer_has_no_body(gateway: Gateway) -> None:
    answer = await signed(gateway)
    assert (answer.http, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert "content-type" not in answer.headers
    assert answer.headers["public"] == answer.headers["allow"] == "OPTIONS,POST"


async def signed(gateway: Gateway, query: str = "") -> Answer:
    credentials = [("Authorization", basic(gateway.phone().identity))]
    return await gateway.phones.ask("OPTIONS", gateway.url + query, headers=credentials)


async def test_without_a_password_there_is_the_challenge_and_nothing_else(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    answer = await gateway.phones.ask("OPTIONS", gateway.url)
    assert (answer.http, answer.body) == (401, b"")
    assert not [name for name in answer.headers if name.startswith("ms-")]
    assert backend.seen == []


async def test_a_query_does_not_matter(gateway: Gateway) -> None:
    for query in ("?Cmd=Sync", "?Cmd=NoSuch&x=%", "?AAAA"):
        assert (await signed(gateway, query)).http == 200


async def test_old_versions_only_where_the_organisation_serves_them(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    async with serving(tmp_path, backend, settings=Settings(legacy_versions=True)) as gateway:
        offered = (await signed(gateway)).headers["ms-asprotocolversions"]
    assert offered == ",".join(version.text for version in Version)


async def test_only_what_the_backend_speaks_too(gateway: Gateway, backend: RecordingBackend) -> None:
    backend.script = reply(
        200, MS_ASProtocolVersions="12.1,14.0,99.9", MS_ASProtocolCommands="Sync,Provision"
    )
    answer = await signed(gateway)
    assert answer.headers["ms-asprotocolversions"] == "12.1,14.0"
    assert answer.headers["ms-asprotocolcommands"] == "Sync,Provision"


async def test_a_backend_that_speaks_only_what_is_not_served(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    backend.script = reply(200, MS_ASProtocolVersions="2.5,12.0", MS_ASProtocolCommands="Sync")
    assert (await signed(gateway)).http == 503


async def test_the_backend_is_asked_with_the_user_s_own_name_and_once(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    backend.script = challenging(f"ann@{DOMAIN}", PASSWORD)
    for _ in range(5):
        assert (await signed(gateway)).http == 200
    assert [seen.method for seen in backend.seen] == ["OPTIONS"]


async def test_a_backend_that_never_said_what_it_can_is_503(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    for script in (reply(503), reply(401), reply(200), reply(200, b"<html>", Content_Type="text/html")):
        backend.script = script
        answer = await signed(gateway)
        assert (answer.http, answer.headers["retry-after"]) == (503, "30")
    backend.script = mail_server
    assert (await signed(gateway)).http == 200


async def test_what_it_once_said_holds_through_an_outage(gateway: Gateway, backend: RecordingBackend) -> None:
    assert (await signed(gateway)).http == 200
    learnt = gateway.app._upstreams["default"].learnt
    learnt._at = -1e9
    backend.script = reply(503)
    assert (await signed(gateway)).http == 200


@pytest.mark.parametrize("state", [OrganisationState.INACTIVE, OrganisationState.IMPAIRED])
async def test_an_organisation_that_does_not_serve(gateway: Gateway, state: OrganisationState) -> None:
    gateway.in_state(state)
    assert (await signed(gateway)).http == 503


async def test_a_backend_that_is_not_configured(gateway: Gateway) -> None:
    gateway.app._upstreams.clear()
    assert (await signed(gateway)).http == 503
