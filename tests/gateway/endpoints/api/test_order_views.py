"""Orders and jobs as they are shown: field by field, with their words."""

from dataclasses import fields

from gateway.endpoints.api.order_views import JobView, OrderView, job_view, order_view
from gateway.records import Job
from mdm.device import WipeKind
from mdm.orders import Progress, WipeOrder, in_words
from tests.support.partnership import NOON, device


def test_an_order_is_shown_whole_and_in_words() -> None:
    order = WipeOrder("w-1", device().key, WipeKind.ACCOUNT, NOON, "root", progress=Progress.QUEUED)
    shown = order_view(order, "ann@acme.example")
    assert (shown.words, shown.device_id) == (in_words(order), order.key.device_id)
    assert shown.address == "ann@acme.example"
    names = {field.name for field in fields(WipeOrder)} - {"key", "requested_person", "approved_person"}
    assert names <= set(OrderView.model_fields)


def test_a_job_is_shown_whole_and_in_words() -> None:
    job = Job("j-1", "m-1", "offboarding", "u-1", "wait", NOON, "root", NOON, NOON, note="waits")
    assert job_view(job).words == "running, step 2 of 5 (wait): waits"
    assert {field.name for field in fields(Job)} - {"note", "created_person"} <= set(JobView.model_fields)
