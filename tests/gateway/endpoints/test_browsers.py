"""What pages on both listeners stand behind (T24); the console's gate shows it at work."""

import pytest

from gateway.endpoints.browsers import cookie_line, cookie_of, csrf_of, from_here, headers_of

SECRET = "ushx_" + "x" * 43


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"name={SECRET}", SECRET),
        (f"other=1; name={SECRET}", SECRET),
        (f"names={SECRET}", ""),
        ("name=usht_wrong", ""),
        (f'name="{SECRET}"', ""),
        ('name="ushx_\\351"', ""),
        (f"name={SECRET}\xe9", ""),
        (f"name={SECRET}; name={SECRET}x", ""),
        ("", ""),
    ],
)
def test_a_cookie_is_its_own_names_and_kinds(header: str, found: str) -> None:
    assert cookie_of(header.encode(), "name", "ushx_") == found


@pytest.mark.parametrize(
    "foreign",
    ['site={"a":1, "b":[2]}', "no value", '="', "ümlaut=1", 'x="not closed', "Path=/", "a=b=c", ""],
)
def test_a_neighbours_cookie_hides_no_session(foreign: str) -> None:
    for header in (f"{foreign}; name={SECRET}", f"name={SECRET};{foreign}"):
        assert cookie_of(header.encode(), "name", "ushx_") == SECRET


def test_a_session_is_this_hosts_alone() -> None:
    line = cookie_line("__Host-x", SECRET, 60)
    assert all(f"; {part}" in line for part in ("Path=/", "Secure", "HttpOnly", "SameSite=Strict"))


def test_each_session_has_a_token_of_its_own() -> None:
    assert csrf_of(SECRET) not in ("", SECRET, csrf_of(SECRET + "x"))


def test_a_browser_that_says_nothing_of_the_origin_or_two_things_is_not_believed() -> None:
    pairs = [(b"host", b"a"), (b"origin", b"https://a"), (b"origin", b"https://b")]
    assert not from_here(headers_of({"headers": pairs}))
    assert not from_here(headers_of({"headers": pairs[:1]}))
    assert from_here(headers_of({"headers": pairs[:2]}))
