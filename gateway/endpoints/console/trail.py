"""The audit trail in the console (product 8): asked as the API asks it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.audit import AuditChoice, AuditFilter, export, list_records, verify
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import query
from gateway.errors import GatewayError
from gateway.records import AuditTag

router = APIRouter(prefix="/audit")

PAGE = 100


@router.get("")
def audit(ask: Annotated[Ask, opens(list_records)]) -> Response:
    """A page of the trail."""
    problem, found = None, None
    known = AuditFilter.model_fields
    asked = {name: value for name, value in ask.query.items() if name in known and value}
    try:
        found = ask.call(list_records, query=query(AuditFilter, {"limit": PAGE, **asked}))
    except GatewayError as error:
        problem = error
    return ask.page(
        "audit_rows.html" if ask.partial else "audit.html",
        asked=asked,
        found=found,
        problem=problem,
        tags=[each.value for each in AuditTag],
        choice=urlencode({name: value for name, value in asked.items() if name in AuditChoice.model_fields}),
        can_verify=ask.may(verify),
    )


@router.get("/export")
def take(ask: Annotated[Ask, opens(export)]) -> Response:
    """The records that were asked for, to keep; the export itself stands in the trail."""
    known = AuditChoice.model_fields
    asked = {name: value for name, value in ask.query.items() if name in known and value}
    answer = ask.call(export, query=query(AuditChoice, asked))
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.ndjson"'
    return answer
