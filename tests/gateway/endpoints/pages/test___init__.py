"""What is put into a page cannot leave its place (T22)."""

import base64
import hashlib
import re
from datetime import UTC, datetime

import pytest

from gateway.endpoints.pages import POLICY, shown
from mdm.device import DeviceState


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"'&", "&#34;&#39;&amp;"),
        ("a\u202e<b>", "a<mark>\\u202e</mark>&lt;b&gt;"),
        ("zero\u200b\x1b\n", "zero<mark>\\u200b\\x1b\\n</mark>"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
        (None, "&ndash;"),
        ("", "&ndash;"),
        (True, "yes"),
        (0, "0"),
        (DeviceState.WIPE_REQUIRED, "Wipe Required"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01 12:00:00 UTC"),
    ],
)
def test_a_value_is_shown_as_it_is(value: object, text: str) -> None:
    assert shown(value) == text


def test_the_policy_allows_the_style_and_nothing_else() -> None:
    assert "default-src 'none'" in POLICY and "unsafe" not in POLICY and "sandbox" in POLICY
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", POLICY)


def test_the_hash_is_of_what_a_browser_hashes() -> None:
    from gateway.endpoints import pages

    text = (
        pages._environment()
        .from_string("<style>{{ style }}</style>")
        .render(style=pages.Markup(pages._style))
    )
    inner = text.removeprefix("<style>").removesuffix("</style>")
    digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in POLICY
