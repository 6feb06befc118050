"""The laboratory alone: without a gateway, the real mail server does what the gateway's tests build on."""

import pytest

from mdm.ashttp import Version
from tests.support.handset import handset, inbox, settle, subjects, waiting
from tests.support.sogo_lab import SogoLab

pytestmark = pytest.mark.sogo


@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_1])
async def test_delivered_mail_is_read_and_ping_tells_of_the_next(sogo: SogoLab, version: Version) -> None:
    who = sogo.new_user()
    sogo.deliver(who, "first")
    async with handset(who, sogo.url, f"direct{version.code}", version=version) as phone:
        folder = await inbox(phone)
        assert subjects(phone, folder) == ["first"]
        ping = await waiting(phone, folder)
        sogo.deliver(who, "second")
        awakening = await ping
        assert awakening is not None
        assert (awakening.status, awakening.folders) == (2, (folder.server_id,))
        await settle(phone, folder)
        assert sorted(subjects(phone, folder)) == ["first", "second"]


@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_1])
async def test_sent_mail_reaches_the_sink(sogo: SogoLab, version: Version) -> None:
    who, subject = sogo.new_user(), f"sent directly in {version.text}"
    async with handset(who, sogo.url, f"sender{version.code}", version=version) as phone:
        answer = await phone.send_mail("someone@elsewhere.test", subject, "Good morning.")
    assert (answer.http, answer.body) == (200, b"")
    kept = sogo.sent(subject)
    assert kept.recipients == ["someone@elsewhere.test"]
    assert "Good morning." in kept.message.get_content()


async def test_its_own_log_names_every_request_of_a_device(sogo: SogoLab) -> None:
    who = sogo.new_user()
    async with handset(who, sogo.url, "Logged1") as phone:
        assert sogo.requests("Logged1") == []
        await phone.folder_sync()
        await phone.folder_sync()
    logged = sogo.requests("LOGGED1")
    assert [line.parameter("Cmd") for line in logged] == ["FolderSync", "FolderSync"]
    assert {line.status for line in logged} == {200}


async def test_it_knows_no_policies_so_enforcement_is_the_gateways_doing(sogo: SogoLab) -> None:
    async with handset(sogo.new_user(), sogo.url, "Policyless") as phone:
        _, policy = await phone.request_policy()
        assert policy is not None
        assert (policy.status, policy.policy_status, policy.key) == (1, 2, 0)
        assert (await phone.folder_sync()).status == 1
