"""What a failure says."""

from gateway.phone.errors import NotConfigured


def test_a_failed_discovery_names_every_attempt():
    error = NotConfigured("alice@example.test", ("first: HTTP 404", "second: no address"))
    assert str(error) == "nothing configures alice@example.test: first: HTTP 404; second: no address"
    assert len(error.attempts) == 2
