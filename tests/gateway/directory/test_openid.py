"""An ID token is taken if the provider signed it, for this client, now, and to this very question (T27)."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gateway.config import Oidc
from gateway.directory.openid import OpenIdProvider, ProviderAway, fault_of
from tests.support.stores import NOON

KEY, OTHER = (RSAKey.generate_key(2048, {"kid": name}) for name in ("one", "two"))


class Answers(ThreadingHTTPServer):
    """A provider that answers what a test says: path to body, or to a place elsewhere."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.bodies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.discover()
        self.bodies["/keys"] = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()

    def discover(self, **differently: str) -> None:
        places = {f"{each}_endpoint": f"{self.issuer}/{each}" for each in ("authorization", "token")}
        document = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **places, **differently}
        self.bodies["/.well-known/openid-configuration"] = json.dumps(document).encode()

    def tell(self, key: Any = KEY, algorithm: str = "RS256", **differently: Any) -> None:
        moment = int(NOON.timestamp())
        claims = {"iss": self.issuer, "aud": "usher", "sub": "olga", "nonce": "n", "iat": moment}
        claims |= {"exp": moment + 60, **differently}
        header = {"alg": algorithm, "kid": key.kid}
        token = jwt.encode(header, claims, key, algorithms=[algorithm])
        self.bodies["/token"] = json.dumps({"id_token": token}).encode()


class _Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.bodies.get(self.path, b"")
        self.send_response(200 if body else 302)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *said: Any) -> None:
        """Tests are silent."""


@pytest.fixture
def answers() -> Iterator[Answers]:
    with Answers() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def made(answers: Answers, *, private: bool = True) -> OpenIdProvider:
    return OpenIdProvider(Oidc(answers.issuer, "usher", allow_private=private), "https://localhost/back")


def claims(provider: OpenIdProvider) -> Any:
    return provider.claims("code", "verifier", "n", NOON)


def test_a_token_that_is_right_is_taken(answers: Answers) -> None:
    answers.tell()
    assert claims(made(answers))["sub"] == "olga"


def test_the_address_asks_with_a_challenge_and_not_with_the_verifier(answers: Answers) -> None:
    address = made(answers).address("state", "nonce", "v" * 43, NOON)
    assert address.startswith(f"{answers.issuer}/authorization?")
    assert "code_challenge_method=S256" in address
    assert "v" * 43 not in address


@pytest.mark.parametrize(
    "key", [OTHER, OctKey.import_key("x" * 40, {"kid": "one"})], ids=["unknown key", "shared secret"]
)
def test_a_token_that_another_key_signed_is_refused(answers: Answers, key: Any) -> None:
    answers.tell(key, "HS256" if isinstance(key, OctKey) else "RS256")
    with pytest.raises(ValueError, match="ID token"):
        claims(made(answers))


def test_an_unsigned_token_is_refused(answers: Answers) -> None:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
        for each in ({"alg": "none"}, {"iss": answers.issuer, "sub": "olga"})
    )
    answers.bodies["/token"] = json.dumps({"id_token": f"{head}.{body}."}).encode()
    with pytest.raises(ValueError, match="ID token"):
        claims(made(answers))


def test_keys_are_kept_and_fetched_again_for_one_that_is_unknown(answers: Answers) -> None:
    provider = made(answers)
    for _ in range(2):
        answers.tell()
        claims(provider)
    assert answers.asked.count("/keys") == 1
    answers.bodies["/keys"] = json.dumps({"keys": [OTHER.as_dict(private=False)]}).encode()
    later = NOON + timedelta(minutes=2)
    answers.tell(OTHER, exp=int(later.timestamp()) + 60)
    assert provider.claims("code", "verifier", "n", later)["sub"] == "olga"
    assert answers.asked.count("/keys") == 2


@pytest.mark.parametrize(
    ("differently", "fault"),
    [
        ({}, ""),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"aud": "another"}, "for another client"),
        ({"aud": ["usher", "another"]}, "for another client"),
        ({"aud": ["usher", "another"], "azp": "usher"}, ""),
        ({"azp": "another"}, "asked for by another client"),
        ({"exp": int(NOON.timestamp()) - 61}, "it has ended"),
        ({"exp": None}, "it has ended"),
        ({"iat": int(NOON.timestamp()) + 61}, "it is not of now"),
        ({"nonce": "another"}, "in answer to another question"),
        ({"sub": ""}, "nobody's"),
    ],
)
def test_every_claim_is_looked_at(differently: dict[str, Any], fault: str) -> None:
    moment = int(NOON.timestamp())
    told = {"iss": "i", "aud": "usher", "sub": "olga", "nonce": "n", "iat": moment, "exp": moment + 60}
    assert fault_of({**told, **differently}, "i", "usher", "n", NOON) == fault


@pytest.mark.parametrize(
    "differently",
    [
        {"issuer": "https://evil.example"},
        {"jwks_uri": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": "http://evil.example/token"},
    ],
)
def test_a_discovery_document_leads_nowhere_else(answers: Answers, differently: dict[str, str]) -> None:
    answers.tell()
    answers.discover(**differently)
    with pytest.raises(ProviderAway):
        claims(made(answers))


def test_redirects_floods_and_private_networks_are_refused(answers: Answers) -> None:
    answers.tell()
    answers.bodies["/keys"] = b""
    with pytest.raises(ProviderAway):
        claims(made(answers))
    answers.bodies["/keys"] = b" " * 300_000
    with pytest.raises(ProviderAway):
        claims(made(answers))
    asked = len(answers.asked)
    with pytest.raises(ProviderAway):
        claims(made(answers, private=False))
    assert len(answers.asked) == asked
