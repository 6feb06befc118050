"""gateway.proxy.answers."""

import struct

import pytest

from gateway.proxy.answers import ACCIDENTS, STATUS_ONLY, document, is_wbxml, order, replaced, verdict
from gateway.proxy.race import Ending
from mdm.ashttp import Reply
from mdm.codepages import tag
from mdm.wbxml import Element, element, encode


@pytest.mark.parametrize(
    "status", [200, 204, 400, 401, 403, 404, 413, 456, 457, 500, 501, 502, 503, 504, 507]
)
def test_statuses_that_pass_or_are_replaced(status):
    assert verdict(status, "") is None


@pytest.mark.parametrize(
    ("status", "ending"),
    [(449, Ending.PROVISIONS), (451, Ending.DOWN), (101, Ending.BAD), (302, Ending.BAD), (407, Ending.BAD)],
)
def test_statuses_that_do_not_pass(status, ending):
    assert verdict(status, "") is ending


@pytest.mark.parametrize("media_type", ["text/html", "Text/HTML; charset=utf-8"])
def test_pages(media_type):
    assert verdict(200, media_type) is Ending.BAD
    assert verdict(200, media_type, pages=True) is None


def test_replaced():
    ours = Reply(200, (), b"126")
    assert replaced(401, ours, "Basic") == Reply(401, (("WWW-Authenticate", "Basic"),))
    assert replaced(403, ours, "Basic") is ours
    assert replaced(403, None, "Basic") == ACCIDENTS[Ending.DOWN]
    assert replaced(500, ours, "Basic") is None


def test_every_accident_has_its_answer():
    silent = {Ending.ANSWERED, Ending.CUT, Ending.GONE, Ending.BROKEN}
    assert set(ACCIDENTS) == set(Ending) - silent
    assert all(reply.status >= 400 for reply in ACCIDENTS.values())


def test_is_wbxml():
    assert is_wbxml("application/vnd.ms-sync.wbxml")
    assert is_wbxml("Application/VND.MS-Sync; x=y")
    assert not is_wbxml("text/html")


def estimate(number: str) -> Element:
    page = "GetItemEstimate"
    return element(
        tag(page, page),
        element(
            tag(page, "Response"), element(tag(page, "Status"), "1"), element(tag(page, "Estimate"), number)
        ),
    )


@pytest.mark.parametrize("status", range(138, 147))
def test_the_status_of_the_root_calls(status):
    document = encode(element(tag("AirSync", "Sync"), element(tag("AirSync", "Status"), str(status))))
    assert len(document) < STATUS_ONLY
    expected = {138: None, 140: Ending.WIPES, 146: None}.get(status, Ending.PROVISIONS)
    assert order(document) is expected


def test_a_number_elsewhere_calls_for_nothing():
    assert order(encode(estimate("142"))) is None


@pytest.mark.parametrize(
    "body", [b"", b"\x03", b"\x03\x01\x6a\x00", b"%PDF-1.7", b"\x03\x01\x6a\x00\x45\x5c", b"\xff" * 100]
)
def test_octets_that_are_no_document_call_for_nothing(body):
    assert order(body) is None


def test_a_provision_document_is_one_however_long():
    document = encode(element(tag("Provision", "Provision"), element(tag("Provision", "Status"), "1")))
    assert order(document) is Ending.ORDERS
    assert order(document + b"x" * 1000) is Ending.ORDERS
    assert order(document[:7]) is Ending.ORDERS


def test_the_first_part_of_several_is_the_document():
    wipe = encode(
        element(tag("ItemOperations", "ItemOperations"), element(tag("ItemOperations", "Status"), "140"))
    )
    other = b"an attachment"
    table = struct.pack("<IIIII", 2, 20, len(wipe), 20 + len(wipe), len(other))
    parts = "application/vnd.ms-sync.multipart"
    assert document(table + wipe + other, parts) == wipe
    assert order(document(table + wipe + other, parts)) is Ending.WIPES
    assert document(table + wipe[:3], parts) == wipe[:3]
    assert document(wipe, "application/vnd.ms-sync.wbxml") == wipe
    for torn in (b"", table[:11], struct.pack("<III", 1, 2**32 - 1, 5)):
        assert order(document(torn, parts)) is None
