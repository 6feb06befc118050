"""What the console does for strangers, and about an identity provider (product 7.7; T24).

Not routes of the REST API, as with passkeys: a browser goes to the provider and comes back.
"""

from functools import partial
from typing import Annotated

from gateway.endpoints.api.calls import With, needs
from gateway.endpoints.few_at_once import FewAtOnce
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.opening import SignedIn
from gateway.services.provider_sign_in import Answer, Begun

AT_ONCE = 4
"""Conversations with the provider at the same time: each may take as long as the provider is silent."""

MAXIMUM_WAITING = 20

_asking = FewAtOnce(AT_ONCE, MAXIMUM_WAITING)

Stranger = Annotated[Actor, needs(Permission.SIGN_IN)]


def provider_offered(use: With, _actor: Stranger) -> bool:
    """Whether there is one."""
    return use.provider_sign_in.offered


def anybody_there(use: With, _actor: Stranger) -> bool:
    """Whether there is an administrator who could sign in at all."""
    return use.signing_in.anybody()


async def begin_at_provider(following: str, use: With, _actor: Stranger) -> Begun:
    """Send a browser there."""
    return await _asking.run(partial(use.provider_sign_in.begin, following))


async def sign_in_by_provider(
    answer: Answer, secret: str, use: With, actor: Stranger
) -> tuple[SignedIn, str]:
    """Open a session with what it brought back."""
    return await _asking.run(partial(use.provider_sign_in.complete, actor, answer, secret))
