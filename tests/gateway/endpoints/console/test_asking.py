"""What every page shares: forms, parts of pages, and the way on (product 7.2, 10)."""

import httpx
import pytest

from gateway.endpoints.console import ROUTERS
from gateway.endpoints.console.asking import Form, Opens
from tests.support.desk import Desk


def test_every_page_declares_what_it_opens_with() -> None:
    for router in ROUTERS:
        for route in router.routes:
            opens = [each.call for each in route.dependant.dependencies if isinstance(each.call, Opens)]  # type: ignore[attr-defined]
            assert len(opens) == 1, route.path  # type: ignore[attr-defined]


def test_what_changes_something_is_a_post_and_opens_with_what_changes_it() -> None:
    for router in ROUTERS:
        for route in router.routes:
            (opens,) = [each.call for each in route.dependant.dependencies if isinstance(each.call, Opens)]  # type: ignore[attr-defined]
            reads = opens.permission.value.endswith(":read")
            assert (route.methods == {"GET"}) or not reads, route.path  # type: ignore[attr-defined]


def test_a_form_by_name() -> None:
    form = Form((("a", "1"), ("a", "2"), ("b", "")))
    assert (form.text("a"), form.all("a"), form.text("c")) == ("2", ["1", "2"], "")
    assert (form.has("b"), form.has("c"), form.given("a", "b")) == (True, False, {"a": "2"})


@pytest.mark.parametrize(
    ("media_type", "content", "status"),
    [
        ("application/json", b"{}", 400),
        ("application/x-www-form-urlencoded", b"a=%ff", 400),
        ("application/x-www-form-urlencoded", b"\xff=1", 400),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 3000), 400),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 300_000, 413),
    ],
)
async def test_a_form_that_is_none(
    desk: Desk, browser: httpx.AsyncClient, media_type: str, content: bytes, status: int
) -> None:
    key = desk.phone("ann@acme.example").key
    answer = await browser.post(
        f"/console/o/acme/devices/{key.user}/{key.device_id}/name",
        content=content,
        headers={"Content-Type": media_type},
    )
    assert answer.status_code == status
    assert "<h1>" in answer.text
