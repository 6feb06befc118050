"""An ID token is taken if the provider signed it, for this client, now, and to this very question (T27)."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gateway.config import Oidc
from gateway.directory.openid import MAXIMUM_ANSWER, OpenIdProvider, ProviderAway, fault_of
from gateway.proxy.outgoing import Answered, LookUp, Outgoing, Request, system_look_up
from tests.support.stores import NOON

KEY, OTHER = (RSAKey.generate_key(2048, {"kid": name}) for name in ("one", "two"))


class Answers(ThreadingHTTPServer):
    """A provider that answers what a test says: path to body, or to a place elsewhere."""

    def __init__(self, host: str = "127.0.0.1", name: str = "127.0.0.1") -> None:
        super().__init__((host, 0), _Handler)
        self.issuer = f"http://{name}:{self.server_port}"
        self.bodies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.shown: list[tuple[str | None, str]] = []
        self.discover()
        self.bodies["/keys"] = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()

    def discover(self, **differently: Any) -> None:
        places = {f"{each}_endpoint": f"{self.issuer}/{each}" for each in ("authorization", "token")}
        document = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **places, **differently}
        self.bodies["/.well-known/openid-configuration"] = json.dumps(document).encode()

    def tell(self, key: Any = KEY, algorithm: str = "RS256", **differently: Any) -> None:
        moment = int(NOON.timestamp())
        claims = {"iss": self.issuer, "aud": "usher", "sub": "olga", "nonce": "n", "iat": moment}
        claims |= {"exp": moment + 60, **differently}
        header = {"alg": algorithm, **({"kid": key.kid} if key.kid else {})}
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
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.shown.append((self.headers["Authorization"], said))
        self.do_GET()

    def log_message(self, *said: Any) -> None:
        """Tests are silent."""


@pytest.fixture
def answers() -> Iterator[Answers]:
    with _served(Answers()) as server:
        yield server


@contextmanager
def _served(server: Answers) -> Iterator[Answers]:
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def made(
    answers: Answers, *, private: bool = True, look_up: LookUp = system_look_up, **more: Any
) -> OpenIdProvider:
    async def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answered:
        request = Request(method, url, headers, body)
        outgoing = Outgoing(None, look_up)
        return await outgoing.ask(request, allow_private=private, largest=MAXIMUM_ANSWER)

    oidc = Oidc(answers.issuer, "usher", allow_private=private, **more)
    return OpenIdProvider(oidc, "https://localhost/back", ask)


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
        ({"nbf": int(NOON.timestamp()) + 61}, "not to be used yet"),
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


def test_a_name_leads_to_the_address_that_was_judged_and_no_other() -> None:
    """DNS rebinding: each request looks once, and asks there; what the name says to others is nothing."""
    looked: list[str] = []

    async def look_up(host: str, _port: int) -> Sequence[str]:
        looked.append(host)
        return ["127.0.0.2"]

    with _served(Answers("127.0.0.2", "localhost")) as answers:  # "localhost" is 127.0.0.1 to the system
        answers.tell()
        assert claims(made(answers, look_up=look_up))["sub"] == "olga"
        assert len(looked) == len(answers.asked) == 3


def test_a_name_that_becomes_private_is_not_asked(answers: Answers) -> None:
    found = iter((["203.0.113.9", "127.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]))

    async def look_up(_host: str, _port: int) -> Sequence[str]:
        return next(found)

    answers.issuer = "https://login.example:8443"
    provider = made(answers, private=False, look_up=look_up)
    for _ in range(3):
        with pytest.raises(ProviderAway, match="the name leads to an address"):
            provider.address("state", "nonce", "v" * 43, NOON)


def test_keys_without_names_are_fetched_again_too(answers: Answers) -> None:
    provider = made(answers)
    for number in range(2):
        key = RSAKey.generate_key(2048)
        answers.bodies["/keys"] = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
        later = NOON + timedelta(minutes=2) * number
        answers.tell(key, exp=int(later.timestamp()) + 60)
        assert provider.claims("code", "verifier", "n", later)["sub"] == "olga"


def test_the_clients_secret_is_written_as_in_a_form(answers: Answers, tmp_path: Path) -> None:
    """RFC 6749, 2.3.1; or in the form itself, where the provider takes nothing else."""
    secret = tmp_path / "secret"
    secret.write_text("one: two%")
    answers.tell()
    claims(made(answers, client_secret_file=secret))
    assert answers.shown[-1][0] == "Basic " + base64.b64encode(b"usher:one%3A+two%25").decode()
    assert "client_secret" not in answers.shown[-1][1]
    answers.discover(token_endpoint_auth_methods_supported=["client_secret_post"])
    claims(made(answers, client_secret_file=secret))
    assert answers.shown[-1][0] is None
    assert "client_secret=one%3A+two%25" in answers.shown[-1][1]


@pytest.mark.parametrize(
    ("says", "named", "taken"),
    [
        (False, "", True),
        (True, "", False),
        (True, "itself", True),
        (False, "itself", True),
        (False, "https://evil.example", False),
    ],
)
def test_an_answer_is_the_providers_own(answers: Answers, says: bool, named: str, taken: bool) -> None:
    answers.discover(authorization_response_iss_parameter_supported=says)
    issuer = answers.issuer if named == "itself" else named
    assert made(answers).answered(issuer, NOON) is taken


@pytest.mark.parametrize("body", [b"[" * 200_000, b"[1]", b"\xff", b"{"])
def test_what_is_no_document_is_away(answers: Answers, body: bytes) -> None:
    answers.bodies["/.well-known/openid-configuration"] = body
    with pytest.raises(ProviderAway):
        made(answers).address("state", "nonce", "v" * 43, NOON)
