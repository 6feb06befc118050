"""What a probe comes back with; ``test_fetch`` shows each on the wire."""

import pytest

from gateway.probes.answers import Fetched, Reason, words


def test_headers_are_found_in_any_case_and_all_of_them() -> None:
    seen = Fetched(
        "https://acme.test/", 401, (("WWW-Authenticate", "Negotiate"), ("www-authenticate", "Basic"))
    )
    assert seen.header("Www-Authenticate") == "Negotiate"
    assert seen.all("WWW-AUTHENTICATE") == ("Negotiate", "Basic")
    assert seen.header("Location") == ""


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_every_reason_has_words(reason: Reason) -> None:
    assert words(reason)
