"""An OpenID provider (OpenID Connect Core 1.0, Discovery 1.0): code flow with PKCE (RFC 7636) (T27).

The issuer is the configuration's. What its discovery document leads to is asked as a webhook's receiver is
(``gateway.proxy.outgoing``): over https, never by a redirect, never within a private network unless the
settings say so, at the address that was judged and no other, with a limit of time and size; and kept for an
hour. An ID token is taken if it was signed by a key of the provider with an algorithm that is listed
here, for this client, now, and in answer to this very question.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gateway.config import Oidc, read_secret
from gateway.records import NOTHING
from gateway.records.targets import read_target

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""No HMAC: the client's secret is none of the provider's keys. No ``none``."""

DISCOVERY = "/.well-known/openid-configuration"
MAXIMUM_ANSWER = 256 * 1024
KEPT = timedelta(hours=1)
ROTATED = timedelta(minutes=1)
"""How often keys are fetched for a token whose key is unknown: providers change them."""

LEEWAY_S = 60
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Usher"}


class Answered(Protocol):
    """``gateway.proxy.outgoing.Answered``; ``status`` is 0 without an answer."""

    @property
    def status(self) -> int: ...
    @property
    def error(self) -> str: ...
    @property
    def body(self) -> bytes: ...


Ask = Callable[[str, str, Mapping[str, str], bytes | None], Coroutine[Any, Any, Answered]]
"""Method, URL, headers and body to what was answered: at most one octet more than ``MAXIMUM_ANSWER``."""


class ProviderAway(Exception):
    """It does not answer, or not as a provider does."""


class OpenIdProvider:
    """``services.provider_sign_in.Provider``; blocking, for a thread of its own."""

    def __init__(self, config: Oidc, redirect: str, ask: Ask) -> None:
        """``redirect``: the console's address that the provider sends browsers back to."""
        self._config = config
        self._redirect = redirect
        self._ask = ask
        self._fetched: dict[str, tuple[datetime, dict[str, Any]]] = {}

    @property
    def by_mail(self) -> bool:
        """Whether an account may take its user by a verified mail address."""
        return self._config.link_by_email

    @property
    def issuer(self) -> str:
        """As accounts name it."""
        return self._config.issuer

    def address(self, state: str, nonce: str, verifier: str, now: datetime) -> str:
        """Where a browser is sent to; ``ProviderAway`` as it comes."""
        asked = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": self._redirect,
            "scope": " ".join(self._config.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        target = urlsplit(self._endpoint("authorization_endpoint", now))
        return target._replace(query=urlencode(dict(parse_qsl(target.query)) | asked)).geturl()

    def answered(self, issuer: str, now: datetime) -> bool:
        """Whether an answer that names this issuer, or none, is the provider's (RFC 9207, 2.4)."""
        if issuer:
            return issuer == self._config.issuer
        return self._discovered(now).get("authorization_response_iss_parameter_supported") is not True

    def claims(self, code: str, verifier: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        """Who signed in there; ValueError for what proves nobody, ``ProviderAway`` as it comes."""
        answer = self._exchanged(code, verifier, now)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ValueError("no ID token")
        try:
            claims = self._opened(token, now)
        except (JoseError, ValueError) as error:
            raise ValueError(f"the ID token: {type(error).__name__}") from None
        fault = fault_of(claims, self._config.issuer, self._config.client_id, nonce, now)
        if fault:
            raise ValueError(f"the ID token: {fault}")
        return claims

    def _opened(self, token: str, now: datetime) -> Mapping[str, Any]:
        try:
            return jwt.decode(token, self._keys(now, KEPT), algorithms=ALGORITHMS).claims
        except (InvalidKeyIdError, BadSignatureError, ValueError):  # the last two where keys have no names
            return jwt.decode(token, self._keys(now, ROTATED), algorithms=ALGORITHMS).claims

    def _keys(self, now: datetime, kept: timedelta) -> KeySet:
        document = self._document(self._endpoint("jwks_uri", now), now, kept)
        return KeySet.import_key_set(document)  # type: ignore[arg-type]  # judged while it is read

    def _exchanged(self, code: str, verifier: str, now: datetime) -> dict[str, Any]:
        config = self._config
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect}
        form |= {"code_verifier": verifier, "client_id": config.client_id}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if config.client_secret_file is not None:
            secret = read_secret(config.client_secret_file).decode()
            known = self._discovered(now).get("token_endpoint_auth_methods_supported")
            if isinstance(known, list) and "client_secret_basic" not in known:
                form["client_secret"] = secret
            else:
                headers["Authorization"] = _basic(config.client_id, secret)
        return self._asked("POST", self._endpoint("token_endpoint", now), headers, urlencode(form).encode())

    def _endpoint(self, name: str, now: datetime) -> str:
        value = self._discovered(now).get(name)
        try:
            return read_target(value or "", allow_private=self._config.allow_private).url
        except (ValueError, TypeError):
            raise ProviderAway(f"{name} leads nowhere that may be asked") from None

    def _discovered(self, now: datetime) -> dict[str, Any]:
        document = self._document(self._config.issuer.rstrip("/") + DISCOVERY, now, KEPT)
        if document.get("issuer") != self._config.issuer:
            raise ProviderAway("the discovery document is another issuer's")
        return document

    def _document(self, url: str, now: datetime, kept: timedelta) -> dict[str, Any]:
        found = self._fetched.get(url)
        if found is None or now - found[0] >= kept:
            found = self._fetched[url] = (now, self._asked("GET", url))
        return found[1]

    def _asked(
        self, method: str, url: str, headers: Mapping[str, str] = NOTHING, body: bytes | None = None
    ) -> dict[str, Any]:
        """The JSON object that is answered; ValueError where the provider refuses what was shown."""
        answer = asyncio.run(self._ask(method, url, {**HEADERS, **headers}, body))
        if method == "POST" and answer.status in (400, 401):
            raise ValueError(f"the provider refused the code: {answer.status}")
        if answer.error or answer.status != 200 or len(answer.body) > MAXIMUM_ANSWER:
            raise ProviderAway(answer.error or f"it answers {answer.status}, or too much")
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise ProviderAway("it answers no JSON") from error
        if not isinstance(document, dict):
            raise ProviderAway("it answers no JSON object")
        return document


def _basic(client: str, secret: str) -> str:
    """Who asks (RFC 6749, 2.3.1: both are written as in a form first)."""
    shown = f"{quote_plus(client)}:{quote_plus(secret)}"
    return "Basic " + b64encode(shown.encode()).decode()


def fault_of(claims: Mapping[str, Any], issuer: str, client: str, nonce: str, now: datetime) -> str:
    """What is wrong with an ID token's claims (OpenID Connect Core 3.1.3.7); empty for nothing."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    moment, ends, begun = now.timestamp(), claims.get("exp"), claims.get("iat")
    usable = claims.get("nbf", begun)
    faults = {
        "another issuer": claims.get("iss") != issuer,
        "for another client": client not in audiences or (len(audiences) > 1 and "azp" not in claims),
        "asked for by another client": claims.get("azp", client) != client,
        "it has ended": not isinstance(ends, int | float) or ends <= moment - LEEWAY_S,
        "it is not of now": not isinstance(begun, int | float) or begun > moment + LEEWAY_S,
        "not to be used yet": not isinstance(usable, int | float) or usable > moment + LEEWAY_S,
        "in answer to another question": claims.get("nonce") != nonce,
        "nobody's": not isinstance(claims.get("sub"), str) or not claims["sub"],
    }
    return next((fault for fault, found in faults.items() if found), "")
