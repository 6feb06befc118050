"""Signatures as Standard Webhooks has them."""

from datetime import UTC, datetime

import pytest

from gateway.services.webhook_signatures import headers, key_of, new_secret
from tests.support.stores import NOON

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_secret_has_256_bits() -> None:
    secret = new_secret("ab" * 32)
    assert secret.startswith("whsec_")
    assert len(key_of(secret)) == 32


def test_the_known_answer_of_the_reference_libraries() -> None:
    made = headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [SECRET],
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_twice() -> None:
    both = headers("e-1", NOON, b"{}", [SECRET, new_secret("00" * 32)])["webhook-signature"]
    only = headers("e-1", NOON, b"{}", [SECRET])["webhook-signature"]
    assert both.split(" ")[0] == only
    assert len(both.split(" ")) == 2


def test_another_text_is_no_secret() -> None:
    with pytest.raises(ValueError, match="no secret"):
        key_of("whsec_%%%")
