"""The phone's request lines, read back by the gateway's own reader."""

import pytest

from gateway.phone.identity import Identity
from gateway.phone.query import base64_form, device_octets, plain
from mdm.ashttp import Command, Version
from mdm.query import parse

WHO = Identity("al ice+x@example.test", "x", "ABC123")


def test_the_plain_form_escapes_the_user():
    text = plain(Command.SEND_MAIL, WHO, [("SaveInSent", "T")])
    request = parse(text, version="14.1", policy_key="7", multipart=None)
    assert (request.command, request.user) == (Command.SEND_MAIL, WHO.address)
    assert (request.device_id, request.device_type, request.policy_key) == ("ABC123", "UsherPhone", 7)
    assert request.save_in_sent


@pytest.mark.parametrize("key", [None, 0, 1, 2**31 - 1])
@pytest.mark.parametrize("version", [Version.V12_1, Version.V16_1])
def test_the_base64_form(version, key):
    fields = [("CollectionId", "5"), ("ItemId", "5:1"), ("SaveInSent", "T")]
    text = base64_form(Command.SMART_REPLY, WHO, version, key, fields)
    request = parse(text, version=None, policy_key=None, multipart=None)
    assert (request.command, request.version, request.locale) == (Command.SMART_REPLY, version, 0x0409)
    assert (request.policy_key, request.device_id) == (key, "ABC123")
    assert request.save_in_sent
    assert request.parameter("ItemId") == "5:1"


def test_the_example_of_the_specification():
    spoken = Identity("x@y", "x", "v140Device", device_type="SmartPhone")
    assert base64_form(Command.SYNC, spoken, Version.V14_0, None) == "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l"


def test_a_command_without_code_has_no_base64_form():
    with pytest.raises(ValueError, match="plain form only"):
        base64_form(Command.GET_HIERARCHY, WHO, Version.V12_1, None)


def test_hex_digits_become_octets_only_when_there_are_32():
    assert device_octets("00FF" * 8) == bytes.fromhex("00FF" * 8)
    assert device_octets("00FF") == b"00FF"
