"""Passkeys by W3C Web Authentication, judged by the ``webauthn`` library (product 7.7; T24).

User verification is required, so a passkey stands for both factors: the device, and what unlocks it. Host and
origin are the configuration's and never what a request says. Attestation is not asked for: which make a
device is of is none of the gateway's business. What a count that did not go forward means is told by the
service, which has to record it.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.records.passkeys import Passkey

NAME = "Usher"
WAIT_MS = 300_000
"""How long a browser lets somebody look for the key."""

LONGEST_CREDENTIAL = 1023
"""Octets of a credential's id (7.1, step 25)."""

REQUIRED = UserVerificationRequirement.REQUIRED


class WebPasskeys:
    """``services.passkeys.Ceremonies``: what browsers are asked, and what their answers are worth."""

    def __init__(self, host: str, origin: str) -> None:
        """``host``: whose the passkeys are; ``origin``: of the pages that may ask for them, with the port."""
        self._host = host
        self._origin = origin

    def registering(self, challenge: bytes, account: str, name: str, known: Sequence[str]) -> str:
        """What a browser is asked for a new passkey, as JSON; ``known``: credentials it has already."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=NAME,
            user_name=name,
            user_id=account.encode(),
            challenge=challenge,
            timeout=WAIT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                # One that is not kept on the device answers no sign-in page, which names no account.
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(each)) for each in known],
        )
        return options_to_json(options)

    def asking(self, challenge: bytes, known: Sequence[str]) -> str:
        """What a browser is asked to sign, as JSON; without ``known`` credentials any that it has."""
        allowed = [PublicKeyCredentialDescriptor(base64url_to_bytes(each)) for each in known]
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            timeout=WAIT_MS,
            allow_credentials=allowed,
            user_verification=REQUIRED,
        )
        return options_to_json(options)

    def challenge(self, answer: str) -> bytes:
        """The challenge that an answer claims to be to; ValueError for what is no answer."""
        with _judging():
            client = parse_client_data_json(_octets(_response(answer), "clientDataJSON"))
            if client.cross_origin:
                raise ValueError("It was asked for within a page of another site.")
            return client.challenge

    def credential(self, answer: str) -> str:
        """Which credential an answer claims to be by; ValueError for what is no answer."""
        with _judging():
            return bytes_to_base64url(_octets(_object(json.loads(answer)), "rawId"))

    def holder(self, answer: str) -> str:
        """The account that the passkey is kept for, empty where the authenticator does not say; ValueError
        for what is no answer."""
        with _judging():
            response = _response(answer)
            return _octets(response, "userHandle").decode() if response.get("userHandle") else ""

    def registered(self, answer: str, challenge: bytes) -> tuple[str, bytes, int]:
        """The new credential, its public key and its count; ValueError for one that is not as asked for."""
        with _judging():
            verified = verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
            if len(verified.credential_id) > LONGEST_CREDENTIAL:
                raise ValueError("The credential's id is too long.")
        return bytes_to_base64url(verified.credential_id), verified.credential_public_key, verified.sign_count

    def signed(self, answer: str, challenge: bytes, passkey: Passkey) -> int:
        """The authenticator's count with a signature; ValueError for one that is not as asked for."""
        with _judging():
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                # The service compares: a wrong signature is to be told from a copied key.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        return verified.new_sign_count


@contextmanager
def _judging() -> Iterator[None]:
    """ValueError for whatever a stranger's answer does to those who read it: JSON and CBOR without end, an
    attestation of some make with other types within than its reader thought of."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{type(error).__name__}: {error}"[:200]) from None


def _response(answer: str) -> dict[str, Any]:
    return _object(_object(json.loads(answer)).get("response"))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("This is no JSON object.")
    return value


def _octets(record: dict[str, Any], name: str) -> bytes:
    value = record.get(name)
    found = base64url_to_bytes(value) if isinstance(value, str) else b""
    if not found:
        raise ValueError(f"{name} is missing.")
    return found
