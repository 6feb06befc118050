"""Items as ApplicationData: what each version may carry."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from gateway.sample.documents import application_data, command
from gateway.sample.mailbox import Appointment, Change, Letter, Person
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.wbxml import decode, encode

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LETTER = Letter("a@x.test", "b@x.test", "Äpfel", "Größe", NOON, read=True)
MEETING = Appointment("S", "Room", NOON, NOON + timedelta(hours=1))
PERSON = Person("Ada", "Brook", "ada@x.test", "1")


@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_0, Version.V16_1])
@pytest.mark.parametrize("item", [LETTER, MEETING, PERSON])
def test_every_item_survives_the_codec(item, version):
    document = application_data(item, version)
    assert decode(encode(document)) == document


def test_a_letter():
    document = application_data(LETTER, Version.V14_0)
    assert document.text_of(tag("Email", "Subject")) == "Äpfel"
    assert document.text_of(tag("Email", "Read")) == "1"
    assert document.text_of(tag("Email", "DateReceived")) == "2026-05-04T12:00:00.000Z"
    body = document.find(tag("AirSyncBase", "Body"))
    assert body.text_of(tag("AirSyncBase", "EstimatedDataSize")) == "7"
    old = application_data(LETTER, Version.V12_1)
    assert old.find(tag("AirSyncBase", "NativeBodyType")) is None


def test_a_place_moved_in_16_0():
    old, new = (application_data(MEETING, version) for version in (Version.V14_1, Version.V16_0))
    assert old.text_of(tag("Calendar", "Location")) == "Room"
    assert new.find(tag("Calendar", "Location")) is None
    assert new.path(tag("AirSyncBase", "Location"), tag("AirSyncBase", "DisplayName")).text == "Room"
    assert len(base64.b64decode(old.text_of(tag("Calendar", "Timezone")))) == 172


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (Change("1:1", LETTER, True), "Add"),
        (Change("1:1", LETTER, False), "Change"),
        (Change("1:1", None, False), "Delete"),
    ],
)
def test_commands(change, name):
    document = command(change, Version.V16_1)
    assert document.name == name
    assert document.text_of(tag("AirSync", "ServerId")) == "1:1"
