"""Pairs of spec/eas-testsuites.md section 3 that ``mdm`` decides alone, in Microsoft's own base64 form too.

Pairs 1 to 13 stand in test_asprov.py, number 14 in test_ascmd_provision.py. Here are the others that need no
socket, and the exchange of pairs 1 to 3 in the form that Microsoft's client speaks by default.
"""

import base64
import struct

import pytest

from mdm import gatekeeper, provision, query
from mdm.ashttp import COMMANDS_OFFERED, Command, Version, options_reply, rp_headers
from mdm.errors import QueryError
from mdm.policy import DEFAULT
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.partnership import text_at

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda v: v.text)


def blob(version: int, command: Command, key: int | None) -> str:
    """The base64 query of Microsoft's client: locale 1033, device TestSuite of type SP."""
    assert command.code is not None
    key_field = b"\0" if key is None else b"\4" + struct.pack("<I", key)
    octets = struct.pack("<BBH", version, command.code, 1033) + b"\x09TestSuite" + key_field + b"\x02SP"
    return base64.b64encode(octets).decode()


@each_version
def test_pairs_1_to_3_in_the_base64_form(version: Version) -> None:
    device, key, drawn = p.device(), 0, 41
    for phase in range(2):
        asked = query.parse(
            blob(version.code, Command.PROVISION, key), version=None, policy_key=None, multipart=None
        )
        root: Element = p.acknowledgement(key) if phase else p.initial(version)
        drawn += 1
        message = provision.read(asked, encode(root))
        outcome = provision.exchange(asked, message, device, DEFAULT, now=p.NOON, new_key=drawn)
        device, key = outcome.device, int(text_at(outcome.reply, *p.POLICY_KEY) or 0)
        assert key == drawn
    synced = query.parse(
        blob(version.code, Command.FOLDER_SYNC, key), version=None, policy_key=None, multipart=None
    )
    assert gatekeeper.admit(synced, device, p.terms(version)) is gatekeeper.FORWARD


def test_pair_15_an_unknown_version_twice() -> None:
    for _ in range(2):
        with pytest.raises(QueryError) as caught:
            query.parse(blob(191, Command.FOLDER_SYNC, 0), version=None, policy_key=None, multipart=None)
        assert caught.value.http == 400


@each_version
def test_pair_16_an_unknown_command(version: Version) -> None:
    line = "Cmd=NoSuchCommand&User=alice&DeviceId=ABC&DeviceType=SP"
    with pytest.raises(QueryError) as caught:
        query.parse(line, version=version.text, policy_key=None, multipart=None)
    assert caught.value.http == 501


def test_pair_17_options_has_both_lists() -> None:
    names = [command.value for command in COMMANDS_OFFERED[Version.V16_1]]
    headers = dict(options_reply(p.SERVED, names).headers)
    assert headers["MS-ASProtocolVersions"] == "12.1,14.0,14.1,16.0,16.1"
    assert "Provision" in headers["MS-ASProtocolCommands"].split(",")


@pytest.mark.requirement(1202)
def test_pair_18_the_lists_are_announced_again() -> None:
    headers = dict(rp_headers(p.SERVED, ["Sync", "Provision"]))
    assert set(headers) == {"X-MS-RP", "MS-ASProtocolVersions", "MS-ASProtocolCommands"}


@each_version
def test_pair_19_a_body_has_its_type_and_no_body_has_none(version: Version) -> None:
    door = p.FrontDoor(version)
    replies = [
        door.folder_sync(0),
        door.provision(p.initial(version)),
        door.provision(b"x"),
        door.folder_sync("5"),
    ]
    replies += [gatekeeper.farewell(p.request(command, version)) for command in (Command.PING, Command.SYNC)]
    for reply in replies:
        assert (reply.media_type is not None) == bool(reply.body)
