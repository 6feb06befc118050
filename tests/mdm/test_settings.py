"""DeviceInformation in both places where it comes, and the answer to a quarantined device's Settings."""

import pytest

from mdm.device import DeviceInformation
from mdm.errors import SchemaError
from mdm.settings import (
    FIELDS,
    PASSWORD_LIMIT,
    TEXT_LIMIT,
    RecoveryPassword,
    acknowledgement,
    answer,
    merge,
    password_answer,
    read_information,
    read_password,
    with_password,
    without_password,
)
from mdm.wbxml import Element, decode, encode
from tests.support.partnership import information, node, policies, policy_type, provision_root

EVERYTHING = {
    "Model": "iPhone15,2",
    "IMEI": "354648060123456",
    "FriendlyName": "Alice's phone",
    "OS": "iOS 17.4",
    "OSLanguage": "de",
    "PhoneNumber": "+49 30 1234",
    "UserAgent": "Apple-iPhone15C2/2105.219",
    "EnableOutboundSMS": "0",
    "MobileOperator": "Example Mobile",
}


def test_every_field_is_read_whatever_its_order() -> None:
    backwards = dict(reversed(EVERYTHING.items()))
    read = read_information(node("Settings:Settings", information(None, **backwards)))
    assert read == DeviceInformation(
        model="iPhone15,2",
        imei="354648060123456",
        friendly_name="Alice's phone",
        os="iOS 17.4",
        os_language="de",
        phone_number="+49 30 1234",
        user_agent="Apple-iPhone15C2/2105.219",
        enable_outbound_sms="0",
        mobile_operator="Example Mobile",
    )


def test_provision_carries_the_same_element() -> None:
    root = provision_root(information("Pixel"), policies(policy_type()))
    assert read_information(decode(encode(root))) == DeviceInformation(model="Pixel")


def test_an_empty_field_is_something_said_and_a_missing_one_is_nothing() -> None:
    read = read_information(node("Settings:Settings", information("", IMEI="")))
    assert read == DeviceInformation(model="", imei="")


def test_a_document_without_it() -> None:
    assert read_information(node("Settings:Settings", node("Settings:Oof"))) is None
    assert read_information(node("Settings:Settings", node("Settings:DeviceInformation"))) is None


def test_unknown_fields_and_stray_text_are_passed_over() -> None:
    told = node(
        "Settings:DeviceInformation",
        node("Settings:Set", "stray", node("Settings:Oof"), node("Settings:OS", "x")),
    )
    assert read_information(node("Settings:Settings", told)) == DeviceInformation(os="x")


@pytest.mark.parametrize("name", [name for name in EVERYTHING if name != "Model"])
def test_a_field_up_to_the_limit(name: str) -> None:
    root = node("Settings:Settings", information("m", **{name: "ü" * TEXT_LIMIT}))
    assert read_information(root) is not None
    with pytest.raises(SchemaError, match=name):
        read_information(node("Settings:Settings", information("m", **{name: "ü" * (TEXT_LIMIT + 1)})))


def test_a_field_that_is_there_twice_is_refused() -> None:
    twice = node("Settings:Set", node("Settings:OS", "a"), node("Settings:OS", "b"))
    with pytest.raises(SchemaError, match="twice"):
        read_information(node("Settings:Settings", node("Settings:DeviceInformation", twice)))


def test_a_nul_is_refused_before_it_reaches_a_database() -> None:
    with pytest.raises(SchemaError, match="NUL"):
        read_information(node("Settings:Settings", information("a\0b")))


def test_merging_keeps_what_was_not_said_again() -> None:
    known = DeviceInformation(model="old", imei="1", os="iOS 16")
    assert merge(known, DeviceInformation(os="iOS 17", model="")) == DeviceInformation(
        model="", imei="1", os="iOS 17"
    )


def test_every_field_has_its_attribute() -> None:
    assert sorted(FIELDS.values()) == sorted(DeviceInformation.__slots__)


def test_the_answer_takes_information_and_denies_the_rest() -> None:
    asked = node("Settings:Settings", node("Settings:Oof", node("Settings:Get")), information("Pixel"))
    said, told = answer(asked)
    assert told == DeviceInformation(model="Pixel")
    assert said == node(
        "Settings:Settings",
        node("Settings:Status", "1"),
        node("Settings:Oof", node("Settings:Status", "3")),
        acknowledgement(),
    )


def test_the_answer_to_information_that_breaks_the_limit_is_a_protocol_error() -> None:
    said, told = answer(node("Settings:Settings", information("m" * (TEXT_LIMIT + 1))))
    assert told is None
    assert said == node("Settings:Settings", node("Settings:Status", "1"), acknowledgement("2"))


def test_foreign_elements_are_not_repeated() -> None:
    said, _ = answer(node("Settings:Settings", node("Provision:Policies"), node("Settings:Status", "9")))
    assert said == node("Settings:Settings", node("Settings:Status", "1"))


def password(*texts: str) -> Element:
    return node(
        "Settings:DevicePassword", node("Settings:Set", *(node("Settings:Password", t) for t in texts))
    )


def test_a_password_is_read_up_to_its_limit() -> None:
    root = node("Settings:Settings", information("Pixel"), password("ü" * PASSWORD_LIMIT))
    assert read_password(root) == RecoveryPassword("ü" * PASSWORD_LIMIT)
    assert read_password(node("Settings:Settings", password("x" * (PASSWORD_LIMIT + 1)))) == "5"
    assert read_password(node("Settings:Settings", password("a\0"))) == "5"
    assert read_password(node("Settings:Settings", password(""))) == RecoveryPassword("")
    assert read_password(node("Settings:Settings", information("Pixel"))) is None


@pytest.mark.parametrize(
    "root",
    [
        node("Settings:Settings", node("Settings:DevicePassword")),
        node("Settings:Settings", node("Settings:DevicePassword", node("Settings:Set"))),
        node("Settings:Settings", password("a"), password("b")),
        node("Settings:Settings", node("Settings:DevicePassword", node("Settings:Password", "a"))),
    ],
)
def test_a_password_that_is_not_where_it_belongs(root: Element) -> None:
    assert read_password(root) == "2"
    assert without_password(root) is None


def test_a_password_is_never_part_of_what_goes_on() -> None:
    oof = node("Settings:Oof", node("Settings:Get"))
    root = node("Settings:Settings", oof, password("secret"), password("secret"))
    assert without_password(root) == node("Settings:Settings", oof)
    assert without_password(node("Settings:Settings", password("secret"))) is None
    assert "secret" not in repr(RecoveryPassword("secret"))


def test_the_answer_says_what_became_of_the_password() -> None:
    said = node("Settings:DevicePassword", node("Settings:Status", "7"))
    one = node("Settings:Status", "1")
    assert password_answer("7") == node("Settings:Settings", one, said)
    assert with_password(node("Settings:Settings", acknowledgement()), "7") == node(
        "Settings:Settings", said, acknowledgement()
    )


def test_a_quarantined_device_gives_no_password() -> None:
    said, _ = answer(node("Settings:Settings", password("secret")))
    assert said == password_answer("7")


@pytest.mark.parametrize("place", ["Settings:Oof", "Settings:DevicePassword"])
def test_a_password_below_another_element_is_not_overlooked(place: str) -> None:
    """It would go on to the mail server with the rest of the document (T28)."""
    root = node("Settings:Settings", node(place, node("Settings:Set", password("secret"))))
    with pytest.raises(SchemaError) as caught:
        read_password(root)
    assert "secret" not in str(caught.value)
