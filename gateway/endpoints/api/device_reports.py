"""``/organisations/{organisation}/devices/{user}/{device_id}/report`` of the REST API: all that there is
about one device, as a page for an auditor to print (product 8)."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from gateway.endpoints.api.calls import With, needs
from gateway.endpoints.pages import POLICY
from gateway.endpoints.pages.device_report import device_report
from gateway.records import Actor
from gateway.records.authority import Permission

router = APIRouter(prefix="/organisations/{organisation}/devices", tags=["audit"])

Reader = Annotated[Actor, needs(Permission.AUDIT_READ)]
HEADERS = {"content-security-policy": POLICY, "referrer-policy": "no-referrer"}


@router.get("/{user}/{device_id}/report", response_class=HTMLResponse)
def report(organisation: str, user: str, device_id: str, use: With, actor: Reader) -> HTMLResponse:
    """What the device is, its policies, states and wipes, every record of it, and a verification of the
    trail; of a removed one what is on record. ``user`` of one who is gone is the id."""
    made = use.device_reports.of(actor, organisation, user, device_id)
    return HTMLResponse(device_report(made), headers=HEADERS)
