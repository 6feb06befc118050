"""The codes of each fault (spec/autodiscover.md 2.8, house.md 6)."""

from autodiscover.errors import DiscoveryError, Fault


def test_pox_codes_are_those_of_the_specification() -> None:
    assert [fault.pox for fault in Fault] == [500, 600, 600, 601, 603]


def test_soap_and_json_codes_stand_beside_them() -> None:
    assert (Fault.UNKNOWN_MAILBOX.soap, Fault.UNKNOWN_MAILBOX.json) == ("InvalidUser", 404)
    assert (Fault.NO_PROVIDER.soap, Fault.NO_PROVIDER.json) == ("InvalidRequest", 400)


def test_the_reason_is_for_the_log_and_the_message_for_the_client() -> None:
    error = DiscoveryError(Fault.INVALID_REQUEST, "two Request elements")
    assert error.reason == "two Request elements"
    assert error.fault.message == "Invalid Request"
