"""Off-boardings (product 5.6): jobs that wipe, wait, block, disable and report, and how far they are."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.jobs import Because, cancel_job, get_job, list_jobs
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError
from gateway.records import JobState

router = APIRouter(prefix="/o/{organisation}/jobs")


def _job(ask: Ask, organisation: str, job: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    known = ask.call(get_job, organisation=home.id, job=job)
    return ask.page(
        "job_progress.html" if ask.partial and ask.request.method == "GET" else "job.html",
        home=home,
        job=known,
        running=known.state is JobState.RUNNING,
        problem=problem,
        can_cancel=ask.may(cancel_job, home.id),
    )


@router.get("")
def jobs(organisation: str, ask: Annotated[Ask, opens(list_jobs)]) -> Response:
    """All jobs, the youngest first."""
    home = ask.organisation(organisation)
    found = ask.call(list_jobs, organisation=home.id, query=ask.paged())
    return ask.page("jobs.html", home=home, found=found)


@router.get("/{job}")
def job(organisation: str, job: str, ask: Annotated[Ask, opens(get_job)]) -> Response:
    """One job, with its report when it is done."""
    return _job(ask, organisation, job)


@router.post("/{job}/cancel")
@or_again(_job)
def cancel(organisation: str, job: str, ask: Annotated[Ask, opens(cancel_job)]) -> Response:
    """Stop before the next step, and take back what no device has fetched."""
    reason = body(Because, ask.form.given("reason"))
    ask.call(cancel_job, organisation=organisation, job=job, body=reason)
    return ask.to(f"/console/o/{organisation}/jobs/{job}")
