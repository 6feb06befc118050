"""Whether the audit trail can be believed (product 8): it is gone over while somebody waits, and the key
stands beside what it found, for whoever wants to verify an export without this gateway.
"""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.audit import ReportView, show_key, verify
from gateway.endpoints.console.asking import Ask, opens

router = APIRouter(prefix="/audit/verify")


@router.get("")
def soundness(ask: Annotated[Ask, opens(verify)]) -> Response:
    """What verifying is, and the key."""
    return _shown(ask, None)


@router.post("")
def examine(ask: Annotated[Ask, opens(verify)]) -> Response:
    """Go over the whole trail; a million records take a quarter of a minute."""
    return _shown(ask, ask.call(verify))


def _shown(ask: Ask, report: ReportView | None) -> Response:
    return ask.page("soundness.html", report=report, key=ask.seen(show_key))
