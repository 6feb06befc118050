"""Items as ApplicationData, per protocol version (MS-ASEMAIL, MS-ASCAL, MS-ASCNTC, MS-ASAIRS)."""

import base64
from datetime import datetime

from gateway.sample.mailbox import Appointment, Change, Item, Letter, Person
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.wbxml import Element, element

PLAIN_TEXT = "1"
UTC_ZONE = base64.b64encode(bytes(172)).decode()
"""A TIME_ZONE_INFORMATION structure of 172 octets whose bias is zero (MS-ASDTYPE 2.7.6)."""
CLASSES = {2: "Email", 5: "Email", 8: "Calendar", 9: "Contacts"}


def command(change: Change, version: Version) -> Element:
    """Add, Change or Delete of a Sync answer."""
    server_id = element(tag("AirSync", "ServerId"), change.server_id)
    if change.item is None:
        return element(tag("AirSync", "Delete"), server_id)
    return element(
        tag("AirSync", "Add" if change.new else "Change"), server_id, application_data(change.item, version)
    )


def application_data(item: Item, version: Version) -> Element:
    match item:
        case Letter():
            fields = _letter(item, version)
        case Appointment():
            fields = _appointment(item, version)
        case Person():
            fields = _person(item)
    return element(tag("AirSync", "ApplicationData"), *fields)


def _letter(letter: Letter, version: Version) -> list[Element]:
    fields = [
        element(tag("Email", "To"), letter.to),
        element(tag("Email", "From"), letter.sender),
        element(tag("Email", "Subject"), letter.subject),
        element(tag("Email", "DateReceived"), _dashed(letter.date)),
        element(tag("Email", "DisplayTo"), letter.to),
        element(tag("Email", "ThreadTopic"), letter.subject),
        element(tag("Email", "Importance"), "1"),
        element(tag("Email", "Read"), "1" if letter.read else "0"),
        _body(letter.text),
        element(tag("Email", "MessageClass"), "IPM.Note"),
        element(tag("Email", "InternetCPID"), "65001"),
        element(tag("Email", "ContentClass"), "urn:content-classes:message"),
        element(tag("AirSyncBase", "NativeBodyType"), PLAIN_TEXT),
    ]
    return fields if version >= Version.V14_0 else [one for one in fields if one.name != "NativeBodyType"]


def _body(text: str) -> Element:
    return element(
        tag("AirSyncBase", "Body"),
        element(tag("AirSyncBase", "Type"), PLAIN_TEXT),
        element(tag("AirSyncBase", "EstimatedDataSize"), str(len(text.encode()))),
        element(tag("AirSyncBase", "Data"), text),
    )


def _appointment(entry: Appointment, version: Version) -> list[Element]:
    modern = version >= Version.V16_0
    place = (
        element(tag("AirSyncBase", "Location"), element(tag("AirSyncBase", "DisplayName"), entry.location))
        if modern
        else element(tag("Calendar", "Location"), entry.location)
    )
    return [
        element(tag("Calendar", "Timezone"), UTC_ZONE),
        element(tag("Calendar", "AllDayEvent"), "0"),
        element(tag("Calendar", "BusyStatus"), "2"),
        element(tag("Calendar", "DtStamp"), _packed(entry.start)),
        element(tag("Calendar", "EndTime"), _packed(entry.end)),
        place,
        element(tag("Calendar", "Sensitivity"), "0"),
        element(tag("Calendar", "Subject"), entry.subject),
        element(tag("Calendar", "StartTime"), _packed(entry.start)),
        element(tag("Calendar", "UID"), f"{_packed(entry.start)}-{len(entry.subject)}"),
        element(tag("Calendar", "MeetingStatus"), "0"),
    ]


def _person(person: Person) -> list[Element]:
    return [
        element(tag("Contacts", "FileAs"), f"{person.last}, {person.first}"),
        element(tag("Contacts", "FirstName"), person.first),
        element(tag("Contacts", "LastName"), person.last),
        element(tag("Contacts", "Email1Address"), person.address),
        element(tag("Contacts", "MobilePhoneNumber"), person.phone),
    ]


def _dashed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _packed(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")
