"""Passkeys are this host's and this origin's, verified, and answers to this very challenge (T24)."""

import json

import cbor2
import pytest

from gateway.directory.passkeys import WebPasskeys
from gateway.records.passkeys import Passkey
from tests.support.authenticator import Authenticator, octets, plain
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
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert [each["id"] for each in options["excludeCredentials"]] == [plain(b"known")]
    assert json.loads(MADE.asking(CHALLENGE, ()))["userVerification"] == "required"


def test_a_signature_is_taken_with_its_count() -> None:
    made = device()
    passkey = registered(made)
    answer = made.get(MADE.asking(CHALLENGE, ()))
    assert MADE.challenge(answer) == CHALLENGE
    assert MADE.credential(answer) == passkey.credential == plain(made.identifier)
    assert MADE.holder(answer) == "a-1"
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


def test_a_page_of_another_site_around_ours_is_refused() -> None:
    answer = device(framed=True).create(MADE.registering(CHALLENGE, "a-1", "olga", ()))
    with pytest.raises(ValueError, match="another site"):
        MADE.challenge(answer)


def test_a_credential_without_end_is_refused() -> None:
    registered(device(identifier=b"x" * 1023))
    with pytest.raises(ValueError, match="too long"):
        registered(device(identifier=b"x" * 1024))


NO_ANSWERS = {
    "nothing": "",
    "half": "{",
    "a list": "[]",
    "empty": "{}",
    "no response": '{"response": 1}',
    "no alphabet": '{"rawId": "*"}',
    "a number": '{"rawId": 3}',
    "half a character": '{"rawId": "\\ud800", "response": {"clientDataJSON": "\\ud800"}}',
    "lists without end": "[" * 16_000,
    "objects without end": '{"response":' * 1_300,
    "lists without end within": json.dumps({"response": {"clientDataJSON": plain(b"[" * 9_000)}}),
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_is_a_value_error(answer: str) -> None:
    for judged in (MADE.challenge, MADE.credential, lambda text: MADE.registered(text, CHALLENGE)):
        with pytest.raises(ValueError):
            judged(answer)


@pytest.mark.parametrize("form", ["android-safetynet", "android-key", "apple", "fido-u2f", "packed", "tpm"])
@pytest.mark.parametrize("value", [1, True, "x", [], {}, [b"x"], None], ids=repr)
def test_an_attestation_of_other_types_is_a_value_error(form: str, value: object) -> None:
    made = device()
    answer = json.loads(made.create(MADE.registering(CHALLENGE, "a-1", "olga", ())))
    packed = cbor2.loads(octets(answer["response"]["attestationObject"]))
    names = ("alg", "sig", "x5c", "ver", "response", "certInfo", "pubArea")
    statement = {"fmt": form, "attStmt": dict.fromkeys(names, value), "authData": packed["authData"]}
    answer["response"]["attestationObject"] = plain(cbor2.dumps(statement))
    with pytest.raises(ValueError):
        MADE.registered(json.dumps(answer), CHALLENGE)
