"""Forms: what is no form, too long or unreadable is refused."""

import pytest
from starlette.requests import Request

from gateway.endpoints.forms import FIELDS_LIMIT, FORM_LIMIT, Form, read_form
from gateway.errors import GatewayError, Kind


def asked(body: bytes, kind: bytes = b"application/x-www-form-urlencoded", method: str = "POST") -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": method, "headers": [(b"content-type", kind)]}, receive)


async def test_fields_come_in_their_order() -> None:
    form = await read_form(asked(b"a=1&b=&a=%C3%A4"))
    assert (form.text("a"), form.all("a"), form.has("b"), form.given("a", "b")) == (
        "ä",
        ["1", "ä"],
        True,
        {"a": "ä"},
    )
    assert (form.text("c"), form.has("c")) == ("", False)
    assert await read_form(asked(b"a=1", method="GET")) == await read_form(asked(b"")) == Form()


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (" 12 ", 12),
        ("-7", -7),
        ("²", "²"),
        ("--1", "--1"),
        ("", ""),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_what_is_no_number_stays_as_it_was_typed(typed: str, number: int | str) -> None:
    assert Form((("n", typed),)).number("n") == number


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (asked(b"{}", b"application/json"), Kind.MALFORMED),
        (asked(b"a=%ff"), Kind.MALFORMED),
        (asked(b"nothing"), Kind.MALFORMED),
        (asked(b"a=1&" * (FIELDS_LIMIT + 1)), Kind.MALFORMED),
        (asked(b"a=" + b"x" * FORM_LIMIT), Kind.TOO_LARGE),
    ],
    ids=["json", "no UTF-8", "no pair", "many", "long"],
)
async def test_what_is_no_form_is_refused(request_: Request, kind: Kind) -> None:
    with pytest.raises(GatewayError) as caught:
        await read_form(request_)
    assert caught.value.kind is kind
