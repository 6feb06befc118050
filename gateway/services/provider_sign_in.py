"""Signing in by an identity provider (product 7.7; T24, T27).

Only administrators whom the gateway knows get in: the account names the provider's user, or takes it once by
its verified mail address where the settings say so. The question is bound to the browser that began, and is
answered once. Whether the provider asked for a second factor is the provider's business: its word stands for
both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator
from gateway.records.passkeys import Means, Purpose
from gateway.services.acts import Entry
from gateway.services.credential_checks import Checks
from gateway.services.names import fold
from gateway.services.opening import Opening, Refused, SignedIn, usable
from gateway.services.ports import Clock, KeySource, Store
from gateway.services.questions import Questions

T = TypeVar("T")

WRONG = "The identity provider vouches for no administrator here."
AWAY = "The identity provider does not answer as it should. Sign in another way, or try again."
NONE = "No identity provider is configured."
MAXIMUM = 4096
"""Characters of what comes back in an address."""


class Provider(Protocol):
    """``gateway.directory.openid.OpenIdProvider`` as the services see it: ValueError for what proves nobody,
    any other exception where it is away."""

    @property
    def issuer(self) -> str: ...
    @property
    def by_mail(self) -> bool: ...
    def address(self, state: str, nonce: str, verifier: str, now: datetime) -> str: ...
    def answered(self, issuer: str, now: datetime) -> bool: ...
    def claims(self, code: str, verifier: str, nonce: str, now: datetime) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a browser goes, and the secret that it has to bring back."""

    address: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider sent a browser back with (OpenID Connect Core 3.1.2.5; RFC 9207 for ``issuer``); each
    empty where it was not there."""

    state: str
    code: str = field(repr=False)
    issuer: str


class ProviderSignIn:
    """On the whole store, since it goes by account."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        keys: KeySource,
        provider: Callable[[], Provider] | None,
        checks: Checks,
        opening: Opening,
    ) -> None:
        """``provider``: called when it is needed, None where there is none."""
        self._store = store
        self._clock = clock
        self._keys = keys
        self._provider = provider
        self._checks = checks
        self._opening = opening
        self._questions = Questions(store, clock)

    @property
    def offered(self) -> bool:
        """Whether there is a provider."""
        return self._provider is not None

    def begin(self, following: str) -> Begun:
        """Ask; ``following``: where to go on afterwards. NOT_FOUND without a provider, UNAVAILABLE."""
        provider = self._required()
        state, secret, nonce = (self._drawn() for _ in range(3))
        verifier = self._drawn()
        address = self._asked(lambda: provider.address(state, nonce, verifier, self._clock.now()))
        content = {"nonce": nonce, "verifier": verifier, "following": following}
        self._questions.ask(Purpose.PROVIDER, f"{state} {secret}", content=content)
        return Begun(address, secret)

    def complete(self, actor: Actor, answer: Answer, secret: str) -> tuple[SignedIn, str]:
        """Open a session with what came back; also where to go on.

        Raises:
            GatewayError: UNAUTHENTICATED for whatever was wrong, UNAVAILABLE, THROTTLED as with a password.
        """
        if not secret:
            # Any page can send its readers here. Who did not begin has failed at nothing: were it counted,
            # that page would keep everybody of its readers' network out.
            raise GatewayError(Kind.UNAUTHENTICATED, WRONG)
        account = None
        with self._checks.attempt("identity provider", actor):
            try:
                asked = self._taken(answer, secret)
                claims = self._claims(answer, asked)
                account = self._account(claims)
                signed = self._signed_in(actor, account, claims)
            except (Refused, ValueError) as wrong:
                self._checks.failed(actor, account, str(wrong), Kind.UNAUTHENTICATED, WRONG)
        return signed, asked["following"]

    def _taken(self, answer: Answer, secret: str) -> Mapping[str, str]:
        """What was asked; it is not asked again, whatever the answer is."""
        if max(len(answer.state), len(secret), len(answer.code), len(answer.issuer)) > MAXIMUM:
            raise Refused("no answer of an identity provider")
        question = self._questions.take(Purpose.PROVIDER, f"{answer.state} {secret}")
        if question is None:
            raise Refused("no question was asked, or it was answered")
        if not answer.code:
            raise Refused("the identity provider signed nobody in")
        return question.content

    def _claims(self, answer: Answer, asked: Mapping[str, str]) -> Mapping[str, Any]:
        provider, now = self._required(), self._clock.now()
        if not self._asked(lambda: provider.answered(answer.issuer, now)):
            raise Refused("the answer is another issuer's")
        return self._asked(lambda: provider.claims(answer.code, asked["verifier"], asked["nonce"], now))

    def _account(self, claims: Mapping[str, Any]) -> Administrator:
        with self._store.read() as transaction:
            known = transaction.administrators.everyone()
        provider, subject = self._required(), claims["sub"]
        named = [each for each in known if (each.issuer, each.subject) == (provider.issuer, subject)]
        address = claims.get("email") if provider.by_mail and claims.get("email_verified") is True else None
        if not named and isinstance(address, str):
            named = [each for each in known if each.address and fold(each.address) == fold(address)]
            named = [] if any(each.issuer for each in named) else named
        if len(named) != 1:
            raise Refused("the provider's user is no administrator, or more than one")
        return named[0]

    def _signed_in(self, actor: Actor, account: Administrator, claims: Mapping[str, Any]) -> SignedIn:
        issuer = self._required().issuer

        def proven(entry: Entry) -> Administrator:
            present = usable(entry, account.id)
            if (present.issuer, present.subject) == (issuer, claims["sub"]):
                return present
            if present.issuer or present.address != account.address:
                raise Refused("the account was changed at the same time")
            adopted = replace(present, issuer=issuer, subject=claims["sub"])
            entry.transaction.administrators.save(adopted)
            told = {"issuer": adopted.issuer, "subject": adopted.subject}
            entry.record(tag=AuditTag.IDENTITY_ADOPTED, after=told)
            return adopted

        return self._opening.open(actor, account, Means.PROVIDER, proven)

    def _required(self) -> Provider:
        if self._provider is None:
            raise GatewayError(Kind.NOT_FOUND, NONE)
        return self._provider()

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ValueError:
            raise
        except Exception as error:  # the provider's, of whatever kind: it is away
            raise GatewayError(Kind.UNAVAILABLE, AWAY) from error

    def _drawn(self) -> str:
        return self._keys.identity("") + self._keys.identity("")
