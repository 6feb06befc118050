"""The front door of administration, made once in each process: what counts failed sign-ins must be one thing,
and all of it goes by name or secret, so it stands on the whole store whoever asks (product 7.7)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from certs.sealing import Sealer
from gateway.chance import Secrets, SystemClock
from gateway.config import Config
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
from gateway.services.saved_views import SavedViews
from gateway.services.second_factors import SecondFactors
from gateway.services.sign_in_delays import Delays
from gateway.services.signing_in import SigningIn

CALLBACK = "/console/sign-in/provider/callback"
"""Whither an identity provider sends browsers back; it has to know the whole address."""

SYSTEM = SystemClock()


@dataclass(frozen=True)
class Front:
    """Signing in, what one does with one's own account, and who shows a secret."""

    signing_in: SigningIn
    own_account: OwnAccount
    passkeys: Passkeys
    saved_views: SavedViews
    provider_sign_in: ProviderSignIn
    recovering: Recovering
    recognition: Recognition


def front(
    config: Config,
    store: Store,
    sealing: Callable[[], Sealer],
    clock: Clock = SYSTEM,
    ticking: Callable[[], float] = time.monotonic,
) -> Front:
    """Make it; nothing is connected or read before the first call."""
    keys, passwords = Secrets(), LocalPasswords()
    rules = SessionRules(
        timedelta(seconds=config.admin.session_idle_s),
        timedelta(seconds=config.admin.session_s),
        config.admin.require_second_factor,
    )
    factors = SecondFactors(TimedCodes(), keys, sealing)
    checks = Checks(store, clock, Delays(), ticking)
    opening = Opening(store, clock, keys, rules)
    return Front(
        SigningIn(store, clock, opening, passwords, factors, checks, rules),
        OwnAccount(store, clock, passwords, factors, checks),
        Passkeys(store, clock, keys, _ceremonies(config), checks, opening),
        SavedViews(store, clock, keys),
        ProviderSignIn(store, clock, keys, _provider(config), checks, opening),
        Recovering(store, clock, keys, passwords),
        Recognition(store, clock, rules),
    )


def _ceremonies(config: Config) -> Callable[[], Ceremonies]:
    """Passkeys, for the pages of this gateway's administration."""

    def made() -> Ceremonies:
        # Every process has the front door, one of them serves it, and most of the time to no passkey.
        from gateway.directory.passkeys import WebPasskeys  # noqa: PLC0415

        return WebPasskeys(config.admin_host, config.admin_origin)

    return cache(made)


def _provider(config: Config) -> Callable[[], Provider] | None:
    """The identity provider of the settings, if they name one."""

    def made() -> Provider:
        # As above; JOSE is all for this.
        from gateway.directory.openid import MAXIMUM_ANSWER, Answered, OpenIdProvider  # noqa: PLC0415
        from gateway.proxy.outgoing import Outgoing, Request  # noqa: PLC0415

        outgoing, private = Outgoing(), config.oidc.allow_private

        async def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answered:
            request = Request(method, url, headers, body)
            return await outgoing.ask(request, allow_private=private, largest=MAXIMUM_ANSWER)

        return OpenIdProvider(config.oidc, config.admin_origin + CALLBACK, ask)

    return cache(made) if config.oidc.issuer else None
