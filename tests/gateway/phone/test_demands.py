"""What answers demand."""

import pytest

from gateway.phone.demands import LONGEST_REST_SECONDS, RETRY_SECONDS, Demand, demand, rest_seconds
from gateway.phone.line import Answer
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.status import refusal


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (401, Demand.CREDENTIALS),
        (403, Demand.PROVISION_OR_LEAVE),
        (449, Demand.PROVISION),
        (451, Demand.MOVE),
        (456, Demand.LEAVE),
        (500, Demand.UNKNOWN),
        (503, Demand.REST),
    ],
)
def test_http_statuses(http, expected):
    assert demand(Answer(http, {}, b"", 0.0)) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (1, Demand.NOTHING),
        (9, Demand.NOTHING),
        (111, Demand.REST),
        (129, Demand.LEAVE),
        (139, Demand.LEAVE),
        (140, Demand.PROVISION),
        (141, Demand.PROVISION),
        (142, Demand.PROVISION),
        (143, Demand.PROVISION),
        (144, Demand.PROVISION),
        (177, Demand.LEAVE),
    ],
)
@pytest.mark.parametrize("command", [Command.FOLDER_SYNC, Command.SYNC, Command.SEND_MAIL, Command.SETTINGS])
def test_statuses_in_the_root_of_any_command(command, status, expected):
    body = refusal(command, Version.V16_1, status).body
    assert demand(Answer(200, {"content-type": WBXML_TYPE}, body, 0.0)) is expected


def test_an_empty_answer_demands_nothing():
    assert demand(Answer(200, {}, b"", 0.0)) is Demand.NOTHING


@pytest.mark.parametrize(
    ("said", "expected"), [("7", 7.0), ("99999", LONGEST_REST_SECONDS), ("Sat, 1 Jan", RETRY_SECONDS)]
)
def test_retry_after(said, expected):
    assert rest_seconds(Answer(503, {"retry-after": said}, b"", 0.0)) == expected


def test_no_retry_after():
    assert rest_seconds(Answer(503, {}, b"", 0.0)) == RETRY_SECONDS
