"""Passkeys are this host's and this origin's, verified, and answers to this very challenge (T24)."""

import json

import pytest

from gateway.directory.passkeys import WebPasskeys
from gateway.records.passkeys import Passkey
from tests.support.authenticator import Authenticator, plain
from tests.support.stores import NOON

CHALLENGE, OTHER = b"c" * 32, b"d" * 32
MADE = WebPasskeys("admin.example", "https://admin.example:8444")


def device(**differently: object) -> Authenticator:
    return Authenticator(**{"host": "admin.example", "origin": "https://admin.example:8444", **differently})  # type: ignore[arg-type]


def registered(made: Authenticator) -> Passkey:
    options = MADE.registering(CHALLENGE, "a-1", "olga", ())
    credential, key, uses = MADE.registered(made.create(options), CHALLENGE)
    return Passkey("k-1", "a-1", "phone", credential, key, uses, NOON)


def test_what_is_asked_wants_a_verified_holder_and_names_what_is_known() -> None:
    options = json.loads(MADE.registering(CHALLENGE, "a-1", "olga", [plain(b"known")]))
    assert options["rp"]["id"] == "admin.example"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert [each["id"] for each in options["excludeCredentials"]] == [plain(b"known")]
    assert json.loads(MADE.asking(CHALLENGE, ()))["userVerification"] == "required"


def test_a_signature_is_taken_with_its_count() -> None:
    made = device()
    passkey = registered(made)
    answer = made.get(MADE.asking(CHALLENGE, ()))
    assert MADE.challenge(answer) == CHALLENGE
    assert MADE.credential(answer) == passkey.credential == plain(made.identifier)
    assert MADE.signed(answer, CHALLENGE, passkey) == 1


@pytest.mark.parametrize(
    "differently",
    [
        {"origin": "https://admin.example"},
        {"origin": "https://evil.example:8444"},
        {"host": "example"},
        {"verified": False},
    ],
    ids=["port", "site", "host", "unverified"],
)
def test_what_is_another_hosts_or_unverified_is_refused(differently: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        registered(device(**differently))
    made = device()
    passkey = registered(made)
    for name, value in differently.items():
        setattr(made, name, value)
    with pytest.raises(ValueError):
        MADE.signed(made.get(MADE.asking(CHALLENGE, ())), CHALLENGE, passkey)


def test_another_challenge_or_another_key_is_refused() -> None:
    made = device()
    passkey = registered(made)
    with pytest.raises(ValueError):
        MADE.signed(made.get(MADE.asking(OTHER, ())), CHALLENGE, passkey)
    with pytest.raises(ValueError):
        MADE.signed(device(identifier=made.identifier).get(MADE.asking(CHALLENGE, ())), CHALLENGE, passkey)


@pytest.mark.parametrize("answer", ["", "{", "[]", "{}", '{"response": 1}', '{"rawId": "*"}', '{"rawId": 3}'])
def test_what_is_no_answer_is_a_value_error(answer: str) -> None:
    for judged in (MADE.challenge, lambda text: MADE.registered(text, CHALLENGE)):
        with pytest.raises(ValueError):
            judged(answer)
