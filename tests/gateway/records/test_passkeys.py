"""What proves nothing is shown nowhere either."""

from gateway.records.passkeys import Passkey, Purpose, Question
from tests.support.stores import NOON


def test_keys_and_what_answers_are_held_against_are_in_no_repr() -> None:
    assert "secret" not in repr(Passkey("k-1", "a-1", "phone", "c", b"secret", 0, NOON))
    assert "secret" not in repr(Question("d", Purpose.PROVIDER, "", NOON, {"verifier": "secret"}))
