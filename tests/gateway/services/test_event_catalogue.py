"""The table of events: complete, readable, and the same as in the documentation."""

import re
from pathlib import Path

from gateway.records import AuditTag
from gateway.records.events import NoticeKind
from gateway.services.event_catalogue import CATALOGUE, NOTICES

PAGE = Path(__file__).parents[3] / "docs" / "events.md"


def test_every_tag_was_decided_about() -> None:
    assert set(AuditTag) - set(CATALOGUE) == set(), "a tag without a line in the catalogue is told to nobody"


def test_each_line_is_one_sentence() -> None:
    for title in CATALOGUE.values():
        assert re.fullmatch(r"[A-Z][^.\n]{8,90}\.", title), title


def test_the_documentation_has_exactly_the_table() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+:[a-z-]+:[a-z-]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE))
    assert rows == {tag.value: title for tag, title in CATALOGUE.items()}


def test_every_mail_tells_of_an_event() -> None:
    assert set(NOTICES) <= set(CATALOGUE)
    assert set(NOTICES.values()) == set(NoticeKind)


def test_whatever_lets_somebody_wipe_alone_is_told_to_others() -> None:
    loosening = (AuditTag.SAFEGUARDS_CHANGED, AuditTag.WIPES_UNFROZEN)
    assert {NOTICES[each] for each in loosening} == {NoticeKind.WIPE}
