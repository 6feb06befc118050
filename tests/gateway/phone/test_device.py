"""The phone's steps, each against a server that really enforces policy."""

import pytest

from gateway.phone.device import Phone, Provisioning, _choose, _offer
from gateway.phone.errors import PhoneError, Unexpected
from gateway.phone.identity import Identity, QueryForm, Temper
from gateway.phone.line import Answer
from mdm.ashttp import Command, Version
from mdm.device import DeviceState, WipeKind

VERSIONS = (Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_0, Version.V16_1)


@pytest.mark.parametrize("form", QueryForm)
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_phone_provisions_and_syncs_in_every_version_and_form(world, version, form):
    phone = world.phone(version=version, form=form)
    await phone.options()
    asked = await phone.folder_sync()
    assert (asked.http, asked.status) == ((449, None) if version <= Version.V12_1 else (200, 142))
    outcome, answer = await phone.provision()
    assert outcome is Provisioning.ACCEPTED, answer
    assert phone.policy_key == world.checkpoint.devices["ABC123"].policy_key != 0
    assert (await phone.report()).status == 1
    assert (await phone.folder_sync()).status == 1
    assert {folder.name for folder in phone.folders.values()} == {"Inbox", "Sent", "Calendar", "Contacts"}
    for folder in phone.folders.values():
        await phone.sync([folder])
        await phone.sync([folder])
    assert {name: len(items) for name, items in phone.items.items()} == {"1": 3, "2": 0, "3": 1, "4": 2}
    assert {request.base64 for request in world.checkpoint.requests} == {form is QueryForm.BASE64}
    assert {request.version for request in world.checkpoint.requests} == {version}


async def test_32_hex_digits_travel_as_16_octets_and_meet_the_plain_form(world):
    number = "0123456789ABCDEF" * 2
    plain = world.phone(device_id=number)
    packed = world.phone(device_id=number, form=QueryForm.BASE64)
    for phone in (plain, packed):
        await phone.options()
        await phone.folder_sync()
    assert list(world.checkpoint.devices) == [number]
    assert len(world.checkpoint.requests[-1].device_id_octets) == 16


async def test_options_goes_first_without_credentials_and_chooses_the_highest_version(world):
    phone = world.phone()
    offer = await phone.options()
    assert phone.version is Version.V16_1
    assert offer.versions == VERSIONS
    assert "FolderSync" in offer.commands
    assert "instead of 401" not in world.texts()


async def test_a_version_that_the_server_does_not_speak(world):
    with pytest.raises(Unexpected, match=r"not 2\.5"):
        await world.phone(version=Version.V2_5).options()


def test_nothing_in_common_is_said_so():
    with pytest.raises(Unexpected, match="speaks nothing"):
        _choose(None, ())


def test_an_offer_with_spaces_and_unknown_versions_is_understood():
    headers = {"ms-asprotocolversions": "14.1, 2.5,99.9", "ms-asprotocolcommands": "Sync,Ping"}
    offer = _offer(Answer(200, headers, b"", 0.0))
    assert offer.versions == (Version.V2_5, Version.V14_1)
    assert offer.commands == ("Sync", "Ping")


async def test_a_command_needs_a_server_and_a_version(world):
    lost = Phone(Identity("alice@example.test", "x", "A1"), world.line)
    with pytest.raises(PhoneError, match="no server"):
        await lost.options()
    with pytest.raises(PhoneError, match="no protocol version"):
        await lost.folder_sync()


async def test_the_key_is_absent_zero_or_what_a_test_wants(world):
    phone = world.phone(version=Version.V16_1)
    for key in (None, 0, 77):
        await phone.command(Command.FOLDER_SYNC, key=key)
    await phone.command(Command.FOLDER_SYNC)
    await phone.command(Command.PING)
    assert [request.policy_key for request in world.checkpoint.requests] == [None, 0, 77, 0, None]


async def test_a_partial_acknowledgement_is_refused_by_a_strict_policy(world):
    phone = world.phone(version=Version.V16_1, temper=Temper(policy_status=2))
    outcome, answer = await phone.provision()
    assert outcome is Provisioning.DECLINED
    assert answer.status == 139
    assert phone.policy_key == 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_wiped_phone_has_forgotten_everything(world, version):
    phone = await _settled(world.phone(version=version))
    world.checkpoint.order_wipe()
    refused = await phone.folder_sync()
    assert (refused.http, refused.status) == ((449, None) if version <= Version.V12_1 else (200, 140))
    outcome, _ = await phone.provision()
    assert outcome is Provisioning.WIPED
    assert phone.policy_key == 0
    assert not phone.folders
    assert not phone.items
    assert phone.wiped_at is not None
    assert world.checkpoint.devices["ABC123"].state is DeviceState.WIPE_SUCCEEDED
    assert "has wiped itself and said so" in world.texts()


async def test_an_account_is_wiped_alone_from_16_1(world):
    phone = await _settled(world.phone(version=Version.V16_1))
    world.checkpoint.order_wipe(WipeKind.ACCOUNT)
    outcome, _ = await phone.provision()
    assert outcome is Provisioning.WIPED
    assert "its account" in world.texts()


async def test_the_empty_provision_fetches_a_directive(world):
    phone = await _settled(world.phone(version=Version.V16_1))
    _, nothing = await phone.poll_wipe()
    assert nothing is not None
    assert nothing.wipe is None
    world.checkpoint.order_wipe()
    _, directive = await phone.poll_wipe()
    assert directive is not None
    assert directive.wipe is WipeKind.DEVICE


async def test_a_wipe_that_fails_and_one_that_is_ignored(world):
    failing = await _settled(world.phone(version=Version.V16_1, temper=Temper(wipe_status=2)))
    world.checkpoint.order_wipe()
    outcome, answer = await failing.provision()
    assert outcome is Provisioning.WIPE_FAILED
    assert answer.status == 2
    assert failing.policy_key != 0
    ignoring = world.phone(version=Version.V16_1, temper=Temper(wipe_status=None))
    outcome, _ = await ignoring.provision()
    assert outcome is Provisioning.WIPE_IGNORED
    assert world.checkpoint.devices["ABC123"].state is DeviceState.WIPE_REQUIRED


@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_1])
async def test_mail_arrives_and_a_copy_is_kept(world, version):
    phone = await _settled(world.phone(version=version))
    answer = await phone.send_mail("bob@example.test", "Grüße", "Bis morgen.\n")
    assert (answer.http, answer.body) == (200, b"")
    post = world.checkpoint.sample.post
    arrived = [item for _, item in post.mailboxes["bob@example.test"].collections["1"].items.values()]
    assert "Grüße" in {letter.subject for letter in arrived}
    assert len(post.mailboxes["alice@example.test"].collections["2"].items) == 1


async def test_a_stale_sync_key_and_a_stale_folder_key_start_over(world):
    phone = await _settled(world.phone(version=Version.V16_1))
    inbox = phone.folders["1"]
    phone.sync_keys["1"] = "999"
    _, changes = await phone.sync([inbox])
    assert changes[0].status == 3
    assert phone.sync_keys["1"] == "0"
    phone.folder_key = "999"
    assert (await phone.folder_sync()).status == 9
    assert phone.folder_key == "0"


async def test_a_sync_that_hangs_ends_empty_or_with_news(world):
    phone = await _settled(world.phone(version=Version.V16_1))
    inbox = phone.folders["1"]
    await phone.sync([inbox])
    await phone.sync([inbox])
    answer, changes = await phone.sync([inbox], heartbeat=1)
    assert (answer.http, answer.body, changes) == (200, b"", ())


async def test_ping_reports_news(world):
    phone = await _settled(world.phone(version=Version.V16_1))
    _, awakening = await phone.ping(30, list(phone.folders.values()))
    assert awakening is not None
    assert awakening.status == 2
    assert "1" in awakening.folders


async def test_a_phone_follows_a_move_to_another_https_host_alone(world):
    phone = world.phone()
    phone.move("https://elsewhere.test:8443/other/path")
    assert phone.server == "https://elsewhere.test:8443/Microsoft-Server-ActiveSync"
    with pytest.raises(Unexpected):
        phone.move("http://elsewhere.test/")


async def test_no_story_holds_a_secret(world):
    phone = await _settled(world.phone(version=Version.V16_1))
    said = "".join(event.as_json() for event in world.told)
    assert "correct horse" not in said
    assert str(phone.policy_key) not in said
    assert "correct horse" not in repr(phone.identity)


async def _settled(phone: Phone) -> Phone:
    await phone.options()
    await phone.provision()
    await phone.folder_sync()
    return phone
