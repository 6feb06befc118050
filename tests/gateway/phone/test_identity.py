"""Values of a phone."""

from gateway.phone.identity import OBEDIENT, STUBBORN, Identity, device_id


def test_a_device_id_stays_the_same_and_differs_by_person_and_type():
    one = device_id("Alice@example.test", "iPhone")
    assert one == device_id("alice@example.test", "iPhone")
    assert len(one) == 32
    assert len({one, device_id("bob@example.test", "iPhone"), device_id("alice@example.test", "Pixel")}) == 3


def test_a_password_is_never_shown():
    assert "hidden" not in repr(Identity("alice@example.test", "hidden", "A1"))


def test_the_login_is_the_address_unless_said():
    assert Identity("alice@example.test", "x", "A1").user == "alice@example.test"
    assert Identity("alice@example.test", "x", "A1", login="alice").user == "alice"
    assert Identity("alice@example.test", "x", "A1").domain == "example.test"


def test_tempers():
    assert OBEDIENT.provisions
    assert not STUBBORN.provisions
