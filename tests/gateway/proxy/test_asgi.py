"""gateway.proxy.asgi."""

from gateway.proxy.asgi import head, tail
from mdm.ashttp import Reply


def test_a_body_has_a_type_and_a_length():
    assert head(Reply(200, (("X-MS-RP", "16.1"),), b"abc", "text/plain")) == {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"x-ms-rp", b"16.1"), (b"content-type", b"text/plain"), (b"content-length", b"3")],
    }


def test_no_body_has_no_type():
    assert head(Reply(200, (), b"", "text/plain"))["headers"] == [(b"content-length", b"0")]


def test_tail():
    assert tail() == {"type": "http.response.body", "body": b"", "more_body": False}
    assert tail(b"x", more=True) == {"type": "http.response.body", "body": b"x", "more_body": True}
