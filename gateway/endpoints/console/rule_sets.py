"""All access rules of an organisation as one document (product 6, 7.2): taken out, put in, tried before.

What comes from Amazon WorkMail's command line is taken as it printed it.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.rule_views import ImportedView, RehearsalView
from gateway.endpoints.api.rules import (
    Strictly,
    WholeSet,
    get_rules,
    import_rules,
    rehearse_rules,
    replace_rules,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.console.rules import forced, place, written
from gateway.errors import GatewayError, Kind

router = APIRouter(prefix="/o/{organisation}/rule-set")


def _shown(
    ask: Ask,
    organisation: str,
    *,
    said: RehearsalView | None = None,
    imported: ImportedView | None = None,
    problem: GatewayError | None = None,
) -> Response:
    home = ask.organisation(organisation)
    book = ask.call(get_rules, organisation=home.id)
    present = {"mode": book.mode.value, "rules": written(book.rules)}
    return ask.page(
        "rule_set.html",
        home=home,
        document=ask.form.text("document") or json.dumps(present, indent=2, ensure_ascii=False),
        listed=ask.form.text("workmail"),
        said=said,
        imported=imported,
        problem=problem,
        place=f"/console/o/{home.alias}/rule-set",
        can_write=ask.may(replace_rules, home.id),
    )


@router.get("")
def rule_set(organisation: str, ask: Annotated[Ask, opens(get_rules)]) -> Response:
    """The set in force as a document."""
    return _shown(ask, organisation)


@router.post("")
@or_again(_shown)
def replace(organisation: str, ask: Annotated[Ask, opens(replace_rules)]) -> Response:
    """Say what another set would do, or put it in force."""
    whole = body(WholeSet, document_of(ask.form.text("document")))
    if ask.form.text("do") != "save":
        said = ask.call(rehearse_rules, organisation=organisation, body=whole, query=Strictly())
        return _shown(ask, organisation, said=said)
    ask.call(replace_rules, organisation=organisation, body=whole, query=forced(ask))
    return ask.to(place(organisation))


@router.post("/workmail")
@or_again(_shown)
def bring(organisation: str, ask: Annotated[Ask, opens(import_rules)]) -> Response:
    """Put in force what WorkMail lists."""
    listed = document_of(ask.form.text("workmail"))
    done = ask.call(import_rules, organisation=organisation, body=listed, query=forced(ask))
    return _shown(ask, organisation, imported=done)


def document_of(text: str) -> dict[str, Any]:
    """An object of JSON that somebody typed.

    Raises:
        GatewayError: MALFORMED, with the line where it is none.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise GatewayError(Kind.MALFORMED, f"This is no JSON: {error}.") from None
    except RecursionError:
        raise GatewayError(Kind.MALFORMED, "This JSON is nested too deeply.") from None
    if not isinstance(document, dict):
        raise GatewayError(Kind.MALFORMED, "An object is expected: it begins with a brace.")
    return document
