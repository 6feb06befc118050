"""``/tokens`` of the REST API (product 7.6): one's own, and for owners those of the accounts they administer.

A token makes no token, or who stole one that expires tomorrow had one for a year. Making one takes a session
that was confirmed a moment ago; the machine's own authority makes one for a named account.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.administrator_views import AppointmentBody, TokenView, token_view
from gateway.endpoints.api.calls import Asking, Bearer, Body, Page, Plain, Query, With, choice, needs
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.endpoints.api.sessions import signed_in
from gateway.endpoints.api.signposts import SHOWN_ONCE
from gateway.errors import GatewayError, malformed
from gateway.records import Actor
from gateway.records.administrators import ApiToken
from gateway.records.authority import Permission
from gateway.services.tokens import MAXIMUM_NETWORKS, Wanted

router = APIRouter(prefix="/tokens", tags=["tokens"])

Self = Annotated[Actor, needs(Permission.SELF)]
Minter = Annotated[Actor, needs(Permission.SELF, destructive=True)]


class NewToken(Body):
    """A token to be made.

    Attributes:
        expires_at: with its offset, 366 days ahead at most.
        permissions: what it may do at most; null for all that ``appointments`` give. One of both is needed.
        appointments: of yours; without any it has yours as they change.
        networks: CIDRs it may be used from; needed for ``destructive`` and for ``wipe:full``.
        destructive: destructive acts need no further confirmation.
        administrator: whose it is, where the machine's own authority makes it.
    """

    label: Plain
    expires_at: Annotated[datetime, choice()]
    permissions: Annotated[list[Annotated[Permission, choice()]], Field(min_length=1)] | None = None
    appointments: Annotated[list[AppointmentBody], Field(default_factory=list, max_length=100)]
    networks: Annotated[list[Plain], Field(default_factory=list, max_length=MAXIMUM_NETWORKS)]
    destructive: bool = False
    administrator: Plain = ""

    def wanted(self) -> Wanted:
        limits = None if self.permissions is None else frozenset(self.permissions)
        given = [each.value() for each in self.appointments]
        return Wanted(self.label, self.expires_at, limits, given, self.networks, self.destructive)


class TokenFilter(Page):
    """``everybody``: those of all accounts that you administer, and not only yours."""

    everybody: bool = False


class MintedView(TokenView):
    """A fresh token; ``token`` is what to show as bearer, and is shown this once."""

    token: str = Field(repr=False)


class TokenList(BaseModel):
    """A page of tokens."""

    items: list[TokenView]
    next: str | None


@router.post("", status_code=201, openapi_extra=SHOWN_ONCE)
def mint_token(body: NewToken, use: With, actor: Minter, bearer: Bearer) -> MintedView:
    """Make a token; it can be given what you hold yourself, and never holds more than you do."""
    minted = use.tokens.mint(actor, bearer.authority, _maker(use, bearer, body), body.wanted())
    return MintedView(**dict(token_view(minted.token)), token=minted.secret)


@router.get("")
def list_tokens(query: Query[TokenFilter], use: With, _actor: Self, bearer: Bearer) -> TokenList:
    """Your tokens, revoked and expired ones too."""
    if not query.everybody:
        own = use.tokens.of(bearer.authority.account)
        return TokenList(items=[token_view(each) for each in own], next=None)
    after = read_texts(query.cursor, 1) or ("",)
    reached = bearer.require(Permission.ADMINISTRATOR_READ).tokens
    found = reached.list(after=after[0], limit=query.limit)
    following = write_cursor(found[-1].id) if len(found) == query.limit else None
    return TokenList(items=[token_view(each) for each in found], next=following)


@router.get("/{token}")
def get_token(token: str, use: With, _actor: Self, bearer: Bearer) -> TokenView:
    """One token, yours or of an account that you administer."""
    return token_view(_found(use, bearer, token, Permission.ADMINISTRATOR_READ))


@router.delete("/{token}", status_code=204)
def revoke_token(token: str, use: With, actor: Self, bearer: Bearer) -> None:
    """Take a token back for good; it holds no more at its next request."""
    use.tokens.revoke(actor, _found(use, bearer, token, Permission.ADMINISTRATOR_WRITE))


def _maker(use: With, bearer: Asking, body: NewToken) -> str:
    if bearer.authority.account:
        signed_in(bearer)
        if body.administrator:
            raise malformed("administrator", "You make tokens for yourself.")
        return bearer.authority.account
    return use.administrators.get(body.administrator).id


def _found(use: With, bearer: Asking, identity: str, beyond: Permission) -> ApiToken:
    """One's own, or with the permission another's; NOT_FOUND for what is neither."""
    try:
        return use.tokens.own(bearer.authority.account, identity)
    except GatewayError:
        if not bearer.authority.holds(beyond):
            raise
    return bearer.require(beyond).tokens.get(identity)
