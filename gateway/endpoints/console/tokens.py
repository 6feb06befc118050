"""API tokens (product 7.6): what acts for an administrator.

A secret is shown once, on the page that answers its making, which no browser keeps.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.tokens import NewToken, TokenFilter, list_tokens, mint_token, revoke_token
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError
from gateway.records.authority import Permission

router = APIRouter(prefix="/tokens")

PERMISSIONS = sorted(each.value for each in Permission)


def _tokens(ask: Ask, problem: GatewayError | None = None) -> Response:
    authority = ask.operations.authority
    return ask.page(
        "tokens.html",
        found=ask.call(list_tokens, query=TokenFilter()).items if authority.account else [],
        permissions=[each for each in PERMISSIONS if authority.holds(Permission(each))],
        problem=problem,
    )


@router.get("")
def tokens(ask: Annotated[Ask, opens(list_tokens)]) -> Response:
    """One's own tokens."""
    return _tokens(ask)


@router.post("")
@or_again(_tokens)
def mint(ask: Annotated[Ask, opens(mint_token)]) -> Response:
    """Make a token; the answer shows it once."""
    form = ask.form
    wanted: dict[str, Any] = {
        "label": form.text("label"),
        "expires_at": f"{form.text('expires_at')}T00:00:00Z",
        "permissions": form.all("permission"),
        "networks": form.text("networks").split(),
        "destructive": form.has("destructive"),
    }
    return ask.page("minted.html", minted=ask.call(mint_token, body=body(NewToken, wanted)))


@router.post("/{token}/revoke")
def revoke(token: str, ask: Annotated[Ask, opens(revoke_token)]) -> Response:
    """Take a token back for good."""
    ask.call(revoke_token, token=token)
    return ask.to("/console/tokens")
