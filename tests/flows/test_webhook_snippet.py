"""The few lines of docs/events.md by which a receiver tells that it was us do what they say."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.services.webhook_signatures import headers, new_secret

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
SECRET, OTHER = new_secret("ab" * 32), new_secret("cd" * 32)
BODY = b'{"id": "e-1"}'


@pytest.fixture
def verified() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the documentation's own lines
    return names["verified"]


def sent(*secrets: str, age_s: float = 0) -> dict[str, str]:
    return dict(headers("e-1", datetime.fromtimestamp(time.time() - age_s, UTC), BODY, secrets))


def test_what_we_sent_is_ours(verified: Any) -> None:
    assert verified(sent(SECRET), BODY, SECRET)


def test_while_both_sign_either_fits(verified: Any) -> None:
    both = sent(OTHER, SECRET)
    assert verified(both, BODY, SECRET)
    assert verified(both, BODY, OTHER)


def test_what_others_sent_or_changed_is_not(verified: Any) -> None:
    good = sent(SECRET)
    assert not verified(good, BODY, OTHER)
    assert not verified(good, BODY + b" ", SECRET)
    assert not verified(good | {"webhook-id": "e-2"}, BODY, SECRET)
    assert not verified(good | {"webhook-signature": "v1,"}, BODY, SECRET)
    assert not verified(good | {"webhook-signature": "v1,ümläut"}, BODY, SECRET)


def test_an_old_one_is_none(verified: Any) -> None:
    assert not verified(sent(SECRET, age_s=600), BODY, SECRET)
    later = sent(SECRET) | {"webhook-timestamp": str(int(time.time()) + 60)}
    assert not verified(later, BODY, SECRET)
