"""The texts of notices."""

from gateway.mail.texts import NAMES, SUMMARY, TEST, TEXTS
from gateway.records.events import NoticeKind


def test_every_kind_has_a_text_and_every_text_a_subject() -> None:
    assert set(NAMES) == set(NoticeKind)
    assert {*NAMES.values(), TEST, SUMMARY} == set(TEXTS)
    for text in TEXTS.values():
        subject, empty, body = (*text.split("\n", 2), "")[:3]
        assert subject.strip()
        assert empty == ""
        assert body.strip()
