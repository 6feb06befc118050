"""The headers that a request is judged by, gathered in one pass (MS-ASHTTP 2.2.1.1.2)."""

import pytest

from gateway.endpoints.headers import RequestHeaders, read_headers
from gateway.errors import GatewayError, Kind

EVERYTHING = [
    (b"authorization", b"Basic YTpi"),
    (b"user-agent", b"Ph\xf6ne/1"),
    (b"x-ms-policykey", b"12"),
    (b"ms-asprotocolversion", b" 16.1 "),
    (b"content-type", b"Application/VND.ms-sync.wbxml ; charset=utf-8"),
    (b"content-length", b"77"),
    (b"content-encoding", b"identity"),
    (b"ms-asacceptmultipart", b"T"),
    (b"accept-language", b"de"),
    (b"cookie", b"a=b"),
    (b"x-beresource", b"elsewhere"),
]


def test_everything_that_counts_is_gathered() -> None:
    assert read_headers(EVERYTHING) == RequestHeaders(
        authorization=b"Basic YTpi",
        version="16.1",
        policy_key="12",
        multipart="T",
        media_type="application/vnd.ms-sync.wbxml",
        content_length=77,
        content_encoding="identity",
        user_agent="Ph\xf6ne/1",
    )


def test_nothing_gives_nothing() -> None:
    found = read_headers([])
    assert found == RequestHeaders()
    assert found.policy_key is None
    assert found.content_length is None
    assert not found.chunked


def test_a_chunked_body_has_no_length() -> None:
    found = read_headers([(b"transfer-encoding", b"chunked")])
    assert (found.chunked, found.content_length) == (True, None)


@pytest.mark.parametrize("value", [b"", b"-1", b"+1", b"1.5", b"0x10", b"1_0", b" 1", b"\xb2"])
def test_a_length_that_is_no_number_is_malformed(value: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        read_headers([(b"content-length", value)])
    assert caught.value.kind is Kind.MALFORMED


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xc3\xa9"])
def test_any_octets_in_a_header_can_be_read(value: bytes) -> None:
    names = (b"user-agent", b"x-ms-policykey", b"ms-asprotocolversion", b"content-type", b"cookie")
    found = read_headers([(name, value) for name in names])
    assert found.user_agent == value.decode("latin-1")
