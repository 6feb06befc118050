"""The front door of administration, made once in each process: what counts failed sign-ins must be one thing,
and all of it goes by name or secret, so it stands on the whole store whoever asks (product 7.7)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from certs.sealing import Sealer
from gateway.chance import Secrets
from gateway.config import Admin, Oidc
from gateway.directory.local import LocalPasswords
from gateway.directory.second_factor import TimedCodes
from gateway.services.credential_checks import Checks, SessionRules
from gateway.services.opening import Opening
from gateway.services.own_account import OwnAccount
from gateway.services.passkeys import Ceremonies, Passkeys
from gateway.services.ports import Clock, Store
from gateway.services.provider_sign_in import Provider, ProviderSignIn
from gateway.services.recognition import Recognition
from gateway.services.recovering import Recovering
from gateway.services.second_factors import SecondFactors
from gateway.services.sign_in_delays import Delays
from gateway.services.signing_in import SigningIn


def ceremonies_at(host: str, origin: str) -> Callable[[], Ceremonies]:
    """Passkeys of ``host``, for the pages at ``origin``."""

    def made() -> Ceremonies:
        # Every process has the front door, one of them serves it, and most of the time to no passkey.
        from gateway.directory.passkeys import WebPasskeys  # noqa: PLC0415

        return WebPasskeys(host, origin)

    return cache(made)


def provider_of(oidc: Oidc, redirect: str) -> Callable[[], Provider] | None:
    """The identity provider of the settings, if they name one; ``redirect``: where it sends browsers."""

    def made() -> Provider:
        # As above; an HTTP client and JOSE are all for this.
        from gateway.directory.openid import OpenIdProvider  # noqa: PLC0415

        return OpenIdProvider(oidc, redirect)

    return cache(made) if oidc.issuer else None


HERE = ceremonies_at("localhost", "https://localhost")
"""Passkeys of a gateway on one's own machine."""


@dataclass(frozen=True, slots=True)
class Front:
    """Signing in, what one does with one's own account, and who shows a secret."""

    signing_in: SigningIn
    own_account: OwnAccount
    passkeys: Passkeys
    provider_sign_in: ProviderSignIn
    recovering: Recovering
    recognition: Recognition


def front(
    admin: Admin,
    store: Store,
    sealing: Callable[[], Sealer],
    clock: Clock,
    ticking: Callable[[], float] = time.monotonic,
    ceremonies: Callable[[], Ceremonies] = HERE,
    provider: Callable[[], Provider] | None = None,
) -> Front:
    """Make it; nothing is connected or read before the first call."""
    keys, passwords = Secrets(), LocalPasswords()
    rules = SessionRules(
        timedelta(seconds=admin.session_idle_s),
        timedelta(seconds=admin.session_s),
        admin.require_second_factor,
    )
    factors = SecondFactors(TimedCodes(), keys, sealing)
    checks = Checks(store, clock, Delays(), ticking)
    opening = Opening(store, clock, keys, rules)
    return Front(
        SigningIn(store, clock, opening, passwords, factors, checks, rules),
        OwnAccount(store, clock, passwords, factors, checks),
        Passkeys(store, clock, keys, ceremonies, checks, opening),
        ProviderSignIn(store, clock, keys, provider, checks, opening),
        Recovering(store, clock, keys, passwords),
        Recognition(store, clock, rules),
    )
