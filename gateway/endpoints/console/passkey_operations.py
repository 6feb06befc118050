"""What the console does about passkeys (product 7.7; T24).

Not routes of the REST API: a passkey answers a page, of one origin, in somebody's browser, and a program has
none of these. Permission and confirmation are declared as there.
"""

from typing import Annotated

from gateway.endpoints.api.calls import Bearer, With, needs
from gateway.endpoints.api.sessions import signed_in
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.passkeys import Passkey
from gateway.services.opening import SignedIn

Stranger = Annotated[Actor, needs(Permission.SIGN_IN)]
Self = Annotated[Actor, needs(Permission.SELF)]
Confirmed = Annotated[Actor, needs(Permission.SELF, destructive=True)]


def list_passkeys(use: With, _actor: Self, bearer: Bearer) -> list[Passkey]:
    """One's own passkeys."""
    return list(use.passkeys.of(bearer.authority.account))


def ask_for_new(use: With, actor: Confirmed, bearer: Bearer) -> str:
    """What the browser is asked for a new one."""
    signed_in(bearer)
    return use.passkeys.offer(actor, bearer.authority.account)


def register_passkey(label: str, answer: str, use: With, actor: Confirmed, bearer: Bearer) -> None:
    """Keep what the browser made."""
    signed_in(bearer)
    use.passkeys.register(actor, bearer.authority.account, label, answer)


def rename_passkey(passkey: str, label: str, use: With, actor: Self, bearer: Bearer) -> None:
    """Call it something else."""
    signed_in(bearer)
    use.passkeys.rename(actor, bearer.authority.account, passkey, label)


def remove_passkey(passkey: str, use: With, actor: Confirmed, bearer: Bearer) -> None:
    """Take it back."""
    signed_in(bearer)
    use.passkeys.remove(actor, bearer.authority.account, passkey)


def ask_stranger(use: With, _actor: Stranger) -> str:
    """What the browser of somebody who wants to sign in is asked."""
    return use.passkeys.ask()


def sign_in_by_passkey(answer: str, use: With, actor: Stranger) -> SignedIn:
    """Open a session."""
    return use.passkeys.sign_in(actor, answer)


def ask_again(use: With, actor: Self, bearer: Bearer) -> str:
    """What the browser of a session is asked."""
    signed_in(bearer)
    return use.passkeys.ask_again(actor, bearer.authority.account)


def confirm_by_passkey(answer: str, use: With, actor: Self, bearer: Bearer) -> None:
    """Destructive acts may follow for five minutes."""
    signed_in(bearer)
    use.passkeys.confirm(actor, bearer.authority.account, answer)
