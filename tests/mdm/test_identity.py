"""Every row of docs/identity.md."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm import identity
from mdm.device import AccessLevel, Device, DeviceState, Wipe, WipeKind
from mdm.families import family_of
from tests.support import partnership
from tests.support.stores import NOON

APPLE, APPLE_NEXT = "Apple-iPhone15C2/2001.1", "Apple-iPhone15C2/2105.9"
SAMSUNG, GMAIL, ANDROID = "SAMSUNG-SM-G991B/101.1", "Android-Mail/2024.1", "Android/13-EAS-2.0"
OUTLOOK = "Outlook-iOS-Android/1.0"


def began(user_agent: str, device_type: str, **values: object) -> Device:
    family = family_of(user_agent, device_type).name
    device = replace(partnership.device(), device_type=device_type, user_agent=user_agent, family=family)
    return replace(device, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "then", "disputed"),
    [
        pytest.param((APPLE, "iPhone"), (APPLE_NEXT, "iPhone"), False, id="system-update"),
        pytest.param((APPLE, "iPhone"), ("", "iPhone"), False, id="no-user-agent"),
        pytest.param((APPLE, "iPhone"), ("NewMail/1", "iPhone"), False, id="new-name-same-type"),
        pytest.param((APPLE, "iPhone"), (APPLE, "iPad"), False, id="other-type-of-the-family"),
        pytest.param(
            (SAMSUNG, "SAMSUNGS21"),
            ("Android-SAMSUNG-SM-G991B/2", "SAMSUNGS21"),
            False,
            id="samsung-says-android",
        ),
        pytest.param((ANDROID, "Pixel7"), (GMAIL, "Pixel7"), False, id="gmail-took-over"),
        pytest.param((GMAIL, "Android"), ("", "Android"), False, id="gmail-without-user-agent"),
        pytest.param((OUTLOOK, "Outlook"), ("", "Outlook"), False, id="outlook-without-user-agent"),
        pytest.param(("", ""), ("", ""), False, id="nothing-said"),
        pytest.param(("Own/1", "Own"), ("Own/2", "own"), False, id="unknown-client-update"),
        pytest.param((APPLE, "iPhone"), (SAMSUNG, "SAMSUNGSMG991B"), True, id="apple-becomes-samsung"),
        pytest.param((APPLE, "iPhone"), (OUTLOOK, "Outlook"), True, id="apple-becomes-outlook"),
        pytest.param((APPLE, "iPhone"), (GMAIL, "iPhone"), True, id="user-agent-jumps-type-stays"),
        pytest.param((APPLE, "iPhone"), ("Own/1", "Own"), True, id="known-becomes-unknown"),
        pytest.param((APPLE, "iPhone"), ("", "Own"), True, id="type-jumps-without-user-agent"),
        pytest.param(("Own/1", "Own"), ("Other/1", "Other"), True, id="unknown-becomes-another-unknown"),
    ],
)
def test_a_jump_between_families(first: tuple[str, str], then: tuple[str, str], disputed: bool) -> None:
    assert bool(identity.jump(began(*first), *then)) is disputed


def test_the_family_at_first_sight_counts_and_not_the_last_contact() -> None:
    device = replace(began(APPLE, "iPhone"), user_agent=SAMSUNG)
    assert identity.jump(device, APPLE, "iPhone") == ""
    assert "began as iOS" in identity.jump(device, SAMSUNG, "iPhone")


def test_what_was_accepted_is_at_peace() -> None:
    """A mixture that an administrator accepted: a Samsung that keeps the type that it copied."""
    mixed = replace(began(APPLE, "iPhone"), family="samsung")
    assert identity.seems(began(APPLE, "iPhone"), SAMSUNG, "iPhone") == "samsung"
    assert identity.jump(mixed, SAMSUNG, "iPhone") == ""
    assert identity.jump(mixed, APPLE, "iPhone")


def test_a_type_that_jumps_under_the_old_user_agent() -> None:
    assert "Samsung" in identity.jump(began(APPLE, "iPhone"), APPLE, "SAMSUNGS21")


def others(*devices: Device) -> list[Device]:
    return list(devices)


WIPE = Wipe(WipeKind.DEVICE, NOON, "admin")
PHONE = began(APPLE, "iPhone")


@pytest.mark.parametrize(
    ("device_id", "client", "present", "disputed"),
    [
        pytest.param("P", (APPLE, "iPhone"), [], False, id="nobody-else"),
        pytest.param("P", (APPLE, "iPhone"), [PHONE], False, id="second-account-on-one-phone"),
        pytest.param("P", (APPLE_NEXT, "iPhone"), [PHONE] * 3, False, id="a-ward-of-four"),
        pytest.param("P", (APPLE, "iPhone"), [PHONE] * 4, True, id="copied-to-many"),
        pytest.param("P", (SAMSUNG, "SAMSUNGS21"), [PHONE], True, id="another-family"),
        pytest.param("P", ("Own/1", "Own"), [began("Own/1", "Own")], False, id="unknown-but-alike"),
        pytest.param("P", ("Own/1", "Own"), [PHONE], True, id="unknown-and-not-alike"),
        pytest.param("VALIDATE", (ANDROID, "Android"), [PHONE] * 9, False, id="account-check"),
        pytest.param("P", (OUTLOOK, "Outlook"), [began(OUTLOOK, "Outlook")] * 9, False, id="service"),
        pytest.param(
            "P", (APPLE, "iPhone"), [replace(PHONE, state=DeviceState.WIPE_REQUIRED)], True, id="wipe-evasion"
        ),
        pytest.param(
            "P", (APPLE, "iPhone"), [replace(PHONE, access=AccessLevel.BLOCK)], True, id="blocked-elsewhere"
        ),
        pytest.param("P", (APPLE, "iPhone"), [replace(PHONE, conflict="x")], True, id="in-dispute-elsewhere"),
        pytest.param(
            "P", (APPLE, "iPhone"), [replace(PHONE, access=AccessLevel.ALLOW)], False, id="approved-elsewhere"
        ),
    ],
)
def test_a_device_id_that_somebody_has(
    device_id: str, client: tuple[str, str], present: list[Device], disputed: bool
) -> None:
    assert bool(identity.newcomer(device_id, family_of(*client), client[1], others(*present))) is disputed


OLD = NOON - timedelta(days=30)


@pytest.mark.parametrize(
    ("device", "family", "room"),
    [
        pytest.param(began("", "WindowsOutlook15", last_seen=OLD), "ios", True, id="outlook-for-anybody"),
        pytest.param(
            began("", "WindowsOutlook15", last_seen=NOON), "outlook-desktop", False, id="outlook-in-use"
        ),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD), "ios", True, id="never-finished"),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD), "samsung", False, id="another-family"),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD, proof_key=7), "ios", False, id="had-a-key"),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD, wipe=WIPE), "ios", False, id="wipe"),
        pytest.param(
            began(APPLE, "iPhone", last_seen=OLD, access=AccessLevel.ALLOW), "ios", False, id="approved"
        ),
        pytest.param(
            began(APPLE, "iPhone", last_seen=OLD, access=AccessLevel.BLOCK), "ios", False, id="blocked"
        ),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD, held_since=OLD), "ios", False, id="waits"),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD, conflict="x"), "ios", False, id="in-dispute"),
        pytest.param(
            began(APPLE, "iPhone", last_seen=OLD, suspended_until=NOON), "ios", False, id="suspended"
        ),
        pytest.param(began(APPLE, "iPhone", last_seen=OLD, alias="boss"), "ios", False, id="named"),
    ],
)
def test_who_makes_room(device: Device, family: str, room: bool) -> None:
    assert identity.makes_room(device, family, NOON) is room


def test_words_are_there() -> None:
    assert all((identity.keyless(), identity.displaced()))
