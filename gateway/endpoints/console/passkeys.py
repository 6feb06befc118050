"""Passkeys in the console (product 7.7; T24): what static/passkeys.js asks for, and where it sends forms.

A form is sent twice: to the offer beside it, which answers with what the browser has to be asked, and then as
it stands, with the answer in it.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.passkey_operations import (
    ask_again,
    ask_for_new,
    ask_stranger,
    confirm_by_passkey,
    register_passkey,
    remove_passkey,
    rename_passkey,
    sign_in_by_passkey,
)
from gateway.endpoints.console.signing import ME, begun, own_page, sign_in_with
from gateway.endpoints.rendering import REST
from gateway.errors import GatewayError

router = APIRouter()


@router.post("/sign-in/passkey/offer")
def sign_in_offer(ask: Annotated[Ask, opens(ask_stranger)]) -> Response:
    """What a browser before the sign-in page is asked."""
    return _told(ask, lambda: ask.call(ask_stranger))


@router.post("/sign-in/passkey")
@or_again(sign_in_with)
def sign_in(ask: Annotated[Ask, opens(sign_in_by_passkey)]) -> Response:
    """Open a session, and go on where somebody wanted to go."""
    signed = ask.call(sign_in_by_passkey, answer=ask.form.text("answer"))
    return begun(ask, signed.secret, elsewhere=signed.account.password_until is not None)


@router.post("/me/passkeys/offer")
def offer(ask: Annotated[Ask, opens(ask_for_new)]) -> Response:
    """What the browser is asked for a new passkey."""
    return _told(ask, lambda: ask.call(ask_for_new))


@router.post("/me/passkeys")
@or_again(own_page)
def register(ask: Annotated[Ask, opens(register_passkey)]) -> Response:
    """Keep a new passkey under a name."""
    form = ask.form
    ask.call(register_passkey, label=form.text("label"), answer=form.text("answer"))
    return ask.to(ME)


@router.post("/me/passkeys/{passkey}")
@or_again(own_page)
def rename(passkey: str, ask: Annotated[Ask, opens(rename_passkey)]) -> Response:
    """Call a passkey something else."""
    ask.call(rename_passkey, passkey=passkey, label=ask.form.text("label"))
    return ask.to(ME)


@router.post("/me/passkeys/{passkey}/remove")
@or_again(own_page)
def remove(passkey: str, ask: Annotated[Ask, opens(remove_passkey)]) -> Response:
    """Take a passkey back."""
    ask.call(remove_passkey, passkey=passkey)
    return ask.to(ME)


@router.post("/me/confirm/offer")
def confirm_offer(ask: Annotated[Ask, opens(ask_again)]) -> Response:
    """What the browser is asked when an act wants to know who it is."""
    return _told(ask, lambda: ask.call(ask_again))


@router.post("/me/confirm")
def confirm(ask: Annotated[Ask, opens(confirm_by_passkey)]) -> Response:
    """Show a passkey again: the form that asked for it may be sent then."""
    answer = ask.form.text("answer")
    return _told(ask, lambda: ask.call(confirm_by_passkey, answer=answer) or "{}")


def _told(ask: Ask, act: Callable[[], str]) -> Response:
    """What a script is answered: JSON, with words for people where it was refused."""
    try:
        return Response(act(), media_type="application/json")
    except GatewayError as error:
        problem = ask.language.text(error.public or error.kind.value)
        return JSONResponse({"problem": problem}, REST[error.kind])
