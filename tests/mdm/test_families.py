"""Who is calling, by what it says (spec/eas-protocol.md 6.1): a label, never a reason to trust."""

import importlib.util
from pathlib import Path

import pytest

from mdm.device import WipeKind
from mdm.families import FAMILIES, LABELS, OTHER, Answer, answer_of, family_of
from mdm.policy import BY_NAME

SEEN = [
    ("Outlook-iOS-Android/1.0", "Outlook", "outlook-mobile"),
    ("Apple-iPhone15C2/2104.236", "iPhone", "ios"),
    ("", "iPad", "ios"),
    ("Android/0.3", "Pixel", "android"),
    ("Android-Mail/2024.01", "Android", "gmail"),
    ("SAMSUNG-SM-G991B/101.13", "SAMSUNGSMG991B", "samsung"),
    ("Nine-UGVnYXN1cw", "Android", "nine"),
    ("MSFT-WP/10.0.19041", "", "windows-mail"),
    ("", "WindowsMail", "windows-mail"),
    ("", "WindowsOutlook15", "outlook-desktop"),
    ("Thunderbird ActiveSync", "Thunderbird", "tbsync"),
    ("", "", "other"),
    ("curl/8", "Toaster", "other"),
]


@pytest.mark.parametrize(("agent", "device_type", "name"), SEEN)
def test_each_client_is_known_by_what_it_reports(agent: str, device_type: str, name: str) -> None:
    assert family_of(agent, device_type).name == name


def test_a_familys_settings_are_settings_and_no_setting_is_both_honoured_and_ignored() -> None:
    for family in FAMILIES:
        honoured = family.honours or frozenset()
        assert honoured | family.ignores <= set(BY_NAME)
        assert not honoured & family.ignores


def test_every_row_says_what_a_wipe_erases_and_where_it_was_read() -> None:
    assert all(family.erases and family.source for family in FAMILIES)
    assert set(LABELS) == {name for _, _, name in SEEN}


def test_a_cloud_service_cannot_wipe_one_account_alone() -> None:
    service = family_of("Outlook-iOS-Android/1.0", "Outlook")
    assert service.service
    assert WipeKind.ACCOUNT not in service.wipes
    assert not OTHER.service


def test_what_a_family_does_about_a_setting() -> None:
    by_name = {family.name: family for family in FAMILIES}
    answers = {
        ("ios", "AllowCamera"): Answer.HONOURS,
        ("ios", "AllowStorageCard"): Answer.IGNORES,
        ("ios", "AllowIrDA"): Answer.UNKNOWN,
        ("nine", "AllowCamera"): Answer.UNKNOWN,
        ("gmail", "RequireDeviceEncryption"): Answer.IGNORES,
        ("outlook-mobile", "RequireDeviceEncryption"): Answer.HONOURS,
        ("outlook-mobile", "AllowCamera"): Answer.IGNORES,
        ("outlook-desktop", "DevicePasswordEnabled"): Answer.IGNORES,
    }
    assert {key: answer_of(by_name[key[0]], key[1]) for key in answers} == answers


def test_the_page_in_the_documentation_is_what_the_tables_say() -> None:
    path = Path(__file__).parents[2] / "docs" / "generate_policies.py"
    spec = importlib.util.spec_from_file_location("generate_policies", path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.DOCUMENT.read_text(encoding="utf-8") == made.document()
