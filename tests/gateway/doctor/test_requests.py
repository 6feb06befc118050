"""What is sent for each question."""

import pytest

from autodiscover.xmltext import parse
from gateway.doctor.observations import Ask
from gateway.doctor.requests import NAME, PROBE_MAILBOX, request

ADDRESS = "ann+x@acme.example"


@pytest.mark.parametrize("ask", list(Ask), ids=lambda ask: ask.name)
def test_every_question_has_a_request_that_names_the_doctor_and_no_password(ask: Ask) -> None:
    made = request(ask, ADDRESS)
    assert made.method == ("POST" if "POST" in ask.value else "GET")
    assert made.path.startswith("/")
    assert NAME in made.headers["User-Agent"]
    assert "Authorization" not in made.headers
    assert (b"<?xml" in made.body) == (made.method == "POST")


def test_the_address_is_escaped_where_it_stands_in_a_path() -> None:
    assert "Email=ann%2Bx%40acme.example&" in request(Ask.JSON_FORM, ADDRESS).path
    assert "/v1.0/ann%2Bx@acme.example?" in request(Ask.JSON_PATH, ADDRESS).path
    assert request(Ask.CONFIG, ADDRESS).path.endswith("?emailaddress=ann%2Bx%40acme.example")
    assert "?" not in request(Ask.CONFIG_BARE, ADDRESS).path


def test_the_anonymous_probe_names_nobody() -> None:
    assert PROBE_MAILBOX.encode() in request(Ask.SVC_POST, ADDRESS).body
    assert ADDRESS.encode() in request(Ask.SETTINGS, ADDRESS).body


def test_the_schemas_differ() -> None:
    outlook, mobile = (parse(request(ask, ADDRESS).body) for ask in (Ask.OUTLOOK, Ask.MOBILE))
    assert (outlook.namespace != mobile.namespace) and outlook.name == mobile.name == "Autodiscover"


def test_only_outlook_says_that_it_speaks_mapi_over_http() -> None:
    assert "X-MapiHttpCapability" in request(Ask.OUTLOOK, ADDRESS).headers
    assert "X-MapiHttpCapability" not in request(Ask.EWS_XML, ADDRESS).headers
