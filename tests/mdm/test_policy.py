"""MS-ASPROV 2.2.2: the table, validation, what is sent, and the digest over it."""

import json
from pathlib import Path

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from mdm.ashttp import Version
from mdm.codepages import NAMES, tag
from mdm.errors import PolicyError
from mdm.policy import (
    BY_NAME,
    DEFAULT,
    LIST_LIMIT,
    REFRESH_LIMIT,
    SETTINGS,
    TEXT_LIMIT,
    WORKMAIL_SETTINGS,
    Kind,
    Policy,
    Setting,
    wap_document,
)
from mdm.wbxml import Element, decode, encode

CARRYING = [version for version in Version if version >= Version.V12_0]
SHEET = json.loads((Path(__file__).parents[1] / "corpus" / "wbxml_pages.json").read_text())["14"]

LAX = {
    **{s.name: "1" for s in SETTINGS if s.name.startswith("Allow")},
    **{s.name: "0" for s in SETTINGS if s.name.startswith("Require")},
    "DevicePasswordEnabled": "0",
    "AlphanumericDevicePasswordRequired": "0",
    "PasswordRecoveryEnabled": "0",
    "AttachmentsEnabled": "1",
    "AllowBluetooth": "2",
    "AllowSMIMEEncryptionAlgorithmNegotiation": "2",
    "DevicePasswordHistory": "0",
    "MinDevicePasswordComplexCharacters": "1",
    "MaxCalendarAgeFilter": "0",
    "MaxEmailAgeFilter": "0",
    "MaxEmailBodyTruncationSize": "-1",
    "MaxEmailHTMLBodyTruncationSize": "-1",
    "MinDevicePasswordLength": "",
    "MaxInactivityTimeDeviceLock": "",
    "MaxDevicePasswordFailedAttempts": "",
    "MaxAttachmentSize": "",
    "DevicePasswordExpiration": "",
}


def sent(policy: Policy, version: Version = Version.V16_1) -> dict[str, str]:
    return {child.name: child.text for child in policy.render(version).children if isinstance(child, Element)}


def edges(setting: Setting) -> tuple[list[object], list[object]]:
    """Values just inside and just outside what a setting allows."""
    if setting.kind is Kind.FLAG:
        return [True, False, None], [0, 1, "1", 2]
    if setting.kind is Kind.TEXTS:
        good = [[], ["x"], ["x" * TEXT_LIMIT], ["x"] * LIST_LIMIT, None]
        return good, ["x", [""], [1], ["x" * (TEXT_LIMIT + 1)], ["x"] * (LIST_LIMIT + 1), ["a\0b"]]
    if setting.kind is Kind.CHOICE:
        return [*setting.choices, None], [-1, max(setting.choices) + 1, "0", True, 1.5]
    low, high = setting.lowest, setting.highest
    return [low, high, None], [low - 1, high + 1, str(low), True, float(low) + 0.5]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_each_row_has_the_token_and_first_version_of_the_published_sheet(setting: Setting) -> None:
    assert NAMES[14, setting.token] == ("Provision", setting.name)
    assert SHEET["tokens"][f"0x{setting.token:02X}"] == setting.name
    carried = SHEET["versions"][f"0x{setting.token:02X}"]
    assert carried == [version.text for version in CARRYING if version >= setting.since]


def test_every_element_of_the_sheet_has_a_row() -> None:
    tokens = {int(token, 16) for token in SHEET["tokens"]}
    entries = {tag("Provision", setting.entry)[1] for setting in SETTINGS if setting.entry}
    assert {setting.token for setting in SETTINGS} | entries == {t for t in tokens if 0x0E <= t <= 0x3A}


def test_workmails_eleven_settings_by_their_labels() -> None:
    assert {setting.label: setting.name for setting in WORKMAIL_SETTINGS} == {
        "Password required": "DevicePasswordEnabled",
        "Allow simple password": "AllowSimpleDevicePassword",
        "Minimal password length": "MinDevicePasswordLength",
        "Require alphanumeric password": "AlphanumericDevicePasswordRequired",
        "Minimum number of character sets": "MinDevicePasswordComplexCharacters",
        "Number of failed attempts allowed": "MaxDevicePasswordFailedAttempts",
        "Password expiration (days)": "DevicePasswordExpiration",
        "Enable screen lock (seconds)": "MaxInactivityTimeDeviceLock",
        "Enforce password history": "DevicePasswordHistory",
        "Require encryption on device": "RequireDeviceEncryption",
        "Require encryption on storage card": "RequireStorageCardEncryption",
    }


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_values_from_just_inside_to_just_outside_the_range(setting: Setting) -> None:
    inside, outside = edges(setting)
    for value in inside:
        assert setting.fault(value) is None, value
        Policy({setting.name: value})  # type: ignore[dict-item]
    for value in outside:
        assert setting.fault(value), value
        with pytest.raises(PolicyError) as caught:
            Policy({setting.name: value})  # type: ignore[dict-item]
        assert list(caught.value.faults) == [setting.name]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_a_default_is_a_value_of_its_own_row(setting: Setting) -> None:
    assert setting.fault(setting.default) is None


def test_every_wrong_value_is_named_at_once() -> None:
    document = {
        "settings": {
            "MinDevicePasswordLength": 17,
            "AllowCamera": "no",
            "NoSuchSetting": 1,
            "AllowWiFi": True,
        },
        "accept_partial": "yes",
        "refresh_hours": -1,
        "colour": "red",
    }
    with pytest.raises(PolicyError) as caught:
        Policy.from_document(document)
    assert caught.value.faults == {
        "colour": "is not known",
        "MinDevicePasswordLength": "must be from 1 to 16",
        "AllowCamera": "must be true or false",
        "NoSuchSetting": "is not a setting",
        "accept_partial": "must be true or false",
        "refresh_hours": f"must be from 0 to {REFRESH_LIMIT}",
    }


def test_settings_that_are_no_object_are_a_fault_and_no_crash() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_document({"settings": [1]})
    assert caught.value.faults == {"settings": "must be an object"}


@pytest.mark.parametrize(
    ("hours", "good"), [(0, True), (REFRESH_LIMIT, True), (REFRESH_LIMIT + 1, False), (True, False)]
)
def test_refresh_hours_up_to_a_year(hours: int, good: bool) -> None:
    if good:
        assert Policy(refresh_hours=hours).refresh_hours == hours
    else:
        with pytest.raises(PolicyError):
            Policy(refresh_hours=hours)


def test_the_default_policy_is_strict_towards_devices_and_asks_nothing_of_them() -> None:
    assert not (DEFAULT.allow_non_provisionable or DEFAULT.accept_partial or DEFAULT.accept_external)
    assert sent(DEFAULT) == LAX


def test_12_0_carries_its_eleven_elements_and_no_others() -> None:
    assert list(sent(DEFAULT, Version.V12_0)) == [s.name for s in SETTINGS if s.since is Version.V12_0]
    assert len(sent(DEFAULT, Version.V12_0)) == 11


@pytest.mark.parametrize("version", CARRYING, ids=lambda v: v.text)
def test_elements_go_out_in_schema_order(version: Version) -> None:
    policy = Policy(
        {"ApprovedApplicationList": ["ab"], "UnapprovedInROMApplicationList": ["x"], "AllowCamera": False}
    )
    order = [setting.name for setting in SETTINGS if setting.since <= version]
    assert list(sent(policy, version)) == order
    assert order[:3] == [
        "DevicePasswordEnabled",
        "AlphanumericDevicePasswordRequired",
        "PasswordRecoveryEnabled",
    ]


def test_booleans_and_numbers_are_inline_strings() -> None:
    policy = Policy({"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8})
    octets = encode(policy.render(Version.V16_1))
    assert b"\x4e\x031\x00\x01" in octets
    assert b"\x54\x038\x00\x01" in octets


@pytest.mark.requirement(207, 1044, 1045)
def test_a_setting_that_was_set_and_unset_is_sent_empty_or_with_its_default() -> None:
    unset = Policy({"MinDevicePasswordLength": None, "DevicePasswordHistory": None, "AllowCamera": None})
    assert sent(unset) == LAX
    assert unset.digest(Version.V16_1) == DEFAULT.digest(Version.V16_1)


def test_application_lists_are_absent_until_set_and_empty_when_unset() -> None:
    assert "ApprovedApplicationList" not in sent(DEFAULT)
    rendered = Policy({"ApprovedApplicationList": None}).render(Version.V12_1)
    approved = rendered.find(tag("Provision", "ApprovedApplicationList"))
    assert approved is not None
    assert approved.children == []


def test_application_lists_hold_one_element_per_entry() -> None:
    rendered = Policy({"UnapprovedInROMApplicationList": ["a.exe", "b.exe"]}).render(Version.V14_1)
    blocked = rendered.find(tag("Provision", "UnapprovedInROMApplicationList"))
    assert blocked is not None
    names = blocked.findall(tag("Provision", "ApplicationName"))
    assert [name.text for name in names] == ["a.exe", "b.exe"]


def test_a_digest_is_over_what_a_version_is_really_sent() -> None:
    camera = Policy({"AllowCamera": False})
    assert camera.digest(Version.V12_0) == DEFAULT.digest(Version.V12_0)
    assert camera.digest(Version.V12_1) != DEFAULT.digest(Version.V12_1)


def test_versions_that_get_the_same_document_share_its_digest() -> None:
    assert len({DEFAULT.digest(version) for version in CARRYING[1:]}) == 1
    assert len({DEFAULT.digest(version) for version in Version}) == 3


@pytest.mark.parametrize(
    "switch", ["allow_non_provisionable", "accept_partial", "accept_declined", "accept_external"]
)
def test_a_switch_is_never_sent_and_changes_no_digest(switch: str) -> None:
    assert Policy(**{switch: True}).digest(Version.V16_1) == DEFAULT.digest(Version.V16_1)


def test_a_setting_that_the_default_already_says_changes_no_digest() -> None:
    assert Policy({"AllowCamera": True}).digest(Version.V16_1) == DEFAULT.digest(Version.V16_1)


def test_a_policy_is_not_changed_by_whoever_made_it() -> None:
    given_settings = {"AllowCamera": False}
    policy = Policy(given_settings)
    given_settings["AllowCamera"] = True
    assert policy.value("AllowCamera") is False
    assert policy.value("AllowWiFi") is True


def values(setting: Setting) -> st.SearchStrategy[object]:
    kinds = {
        Kind.FLAG: st.booleans(),
        Kind.CHOICE: st.sampled_from(sorted(setting.choices) or [0]),
        Kind.NUMBER: st.integers(setting.lowest, setting.highest),
        Kind.TEXTS: st.lists(st.from_regex(r"[ -~]{1,20}", fullmatch=True), max_size=4),
    }
    return st.none() | kinds[setting.kind]


documents = st.fixed_dictionaries(
    {},
    optional={
        "settings": st.fixed_dictionaries({}, optional={s.name: values(s) for s in SETTINGS}),
        "allow_non_provisionable": st.booleans(),
        "accept_partial": st.booleans(),
        "accept_declined": st.booleans(),
        "accept_external": st.booleans(),
        "refresh_hours": st.integers(0, REFRESH_LIMIT),
    },
)


@given(documents, st.sampled_from(CARRYING))
def test_a_document_survives_storage_and_the_wire(document: dict[str, object], version: Version) -> None:
    policy = Policy.from_document(json.loads(json.dumps(document)))
    stored = json.loads(json.dumps(policy.to_document()))
    assert Policy.from_document(stored) == policy
    assert Policy.from_document(stored).digest(version) == policy.digest(version)
    rendered = policy.render(version)
    assert decode(encode(rendered)) == rendered
    assert policy.digest(version) == policy.digest(version)


def test_protocol_2_5_without_a_password() -> None:
    assert DEFAULT.payload(Version.V2_5) == wap_document(DEFAULT)
    root = ElementTree.fromstring(wap_document(DEFAULT))
    assert {p.get("name"): p.get("value") for p in root.iter("parm")} == {"4131": "1", "4133": "1"}


def test_protocol_2_5_with_a_password() -> None:
    settings = {
        "DevicePasswordEnabled": True,
        "MaxInactivityTimeDeviceLock": 301,
        "MaxDevicePasswordFailedAttempts": 8,
        "MinDevicePasswordLength": 6,
        "AlphanumericDevicePasswordRequired": True,
    }
    root = ElementTree.fromstring(wap_document(Policy(settings)))
    assert {p.get("name"): p.get("value") for p in root.iter("parm")} == {
        "4131": "0",
        "4133": "1",
        "AEFrequencyType": "1",
        "AEFrequencyValue": "6",
        "DeviceWipeThreshold": "8",
        "MinimumPasswordLength": "6",
        "PasswordComplexity": "0",
    }


@pytest.mark.parametrize(("seconds", "kind"), [(1, "1"), (9998, "1"), (9999, "0"), (None, "0")])
def test_protocol_2_5_locks_only_below_the_value_that_means_never(seconds: int | None, kind: str) -> None:
    policy = Policy({"DevicePasswordEnabled": True, "MaxInactivityTimeDeviceLock": seconds})
    root = ElementTree.fromstring(wap_document(policy))
    assert {p.get("name"): p.get("value") for p in root.iter("parm")}["AEFrequencyType"] == kind


def test_every_row_is_found_by_its_name() -> None:
    assert len(BY_NAME) == len(SETTINGS) == 42
