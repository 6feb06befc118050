"""A device with passkeys, in software (W3C Web Authentication 6): what a browser would send for it."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def plain(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey.

    Attributes:
        uses: its count of signatures. verified: whether it asks its holder for a finger or a PIN.
        account: whom it is kept for, as the registration said. framed: asked for within another site's page.
    """

    host: str = "localhost"
    origin: str = "https://localhost"
    uses: int = 0
    verified: bool = True
    account: str = ""
    framed: bool = False
    identifier: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str) -> str:
        """The answer to a registration."""
        self.account = json.loads(options)["user"]["id"]
        attested = bytes(16) + len(self.identifier).to_bytes(2) + self.identifier + self._public()
        data = self._data(ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {"attestationObject": plain(attestation)}, self._client("webauthn.create", options)
        )

    def get(self, options: str) -> str:
        """The answer to a question."""
        self.uses += 1
        data, client = self._data(), self._client("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        shown = {"authenticatorData": plain(data), "signature": plain(signed), "userHandle": self.account}
        return self._answer(shown, client)

    def _data(self, flags: int = 0) -> bytes:
        shown = flags | PRESENT | (VERIFIED if self.verified else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([shown]) + self.uses.to_bytes(4)

    def _client(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.framed}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, str], client: bytes) -> str:
        identifier = plain(self.identifier)
        response = {**response, "clientDataJSON": plain(client)}
        return json.dumps({"id": identifier, "rawId": identifier, "type": "public-key", "response": response})

    def _public(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
