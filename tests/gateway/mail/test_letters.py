"""From what happened to a mail; what strangers named stays text (T22, T23)."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.letters import LONGEST_SUBJECT, Letters, TextBroken
from gateway.records.events import Facts, Letter, LetterKind, Message, NoticeKind
from tests.support.stores import NOON

LETTERS = Letters("usher@example.org")
FACTS = Facts(
    NoticeKind.QUARANTINE,
    "A device waits in quarantine for an approval.",
    NOON,
    "e-7",
    "Acme",
    "u-1/PHONE1",
    "ann@acme.example",
    "Ann's phone",
    "PHONE1",
    "iPhone15,2",
    "u-1/PHONE1",
    "no rule knows it",
)
LETTER = Letter("m-1", "desk@acme.example", LetterKind.EVENT, NOON, NOON, NoticeKind.QUARANTINE, 7, id=3)
HOSTILE = (
    "phone\r\nBcc: evil@example.com",
    "phone\nContent-Type: text/html\n\n<script>",
    "\u202egnp.exe",
    "\x00\x1b[2J",
    "=?utf-8?q?Bcc:_evil?=",
    "a\u2028Bcc: evil@example.com",
    "a\x0bBcc: evil@example.com",
    "a\x85Bcc: evil@example.com",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "\ud800",
)


def composed(**changes: object) -> EmailMessage:
    return LETTERS.compose(Message(LETTER, (replace(FACTS, **changes),)))  # type: ignore[arg-type]


def arrived(mail: EmailMessage) -> EmailMessage:
    parsed = message_from_bytes(mail.as_bytes(policy=POLICY), policy=POLICY)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_a_mail_says_what_happened() -> None:
    mail = arrived(composed())
    assert mail["Subject"] == "[Usher] Device of ann@acme.example waits for approval"
    assert (mail["From"], mail["To"]) == ("usher@example.org", "desk@acme.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_content()
    for text in (
        "Acme",
        "Ann's phone (PHONE1)",
        "iPhone15,2",
        "no rule knows it",
        "2026-03-01 12:30:15Z",
        "e-7",
    ):
        assert text in body


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_its_text(kind: NoticeKind) -> None:
    mail = arrived(composed(notice=kind))
    assert mail["Subject"].strip().startswith("[Usher] ")
    assert "e-7" in mail.get_content()


def test_an_event_about_no_device_has_none(kind: NoticeKind = NoticeKind.CERTIFICATE) -> None:
    mail = arrived(composed(notice=kind, user="", device="", device_id="", model="", target="server.pem"))
    assert "server.pem" in mail["Subject"]
    assert "Device:" not in mail.get_content()


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("field", ("user", "device", "model", "organisation", "target", "actor", "reason"))
def test_a_name_is_never_a_header(field: str, number: int) -> None:
    plain, mail = arrived(composed()), arrived(composed(**{"user": "", field: HOSTILE[number]}))
    assert mail.keys() == plain.keys()
    assert mail["To"] == "desk@acme.example"
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"
    assert not mail.is_multipart()
    assert str(mail["Subject"]).isprintable()
    body = mail.get_content().replace("\r\n", "\n")
    assert all(letter.isprintable() or letter == "\n" for letter in body)
    assert "\nBcc:" not in body
    assert "root:" not in body


@given(st.text(max_size=300))
def test_no_text_breaks_a_mail(text: str) -> None:
    for mail in (composed(user=text), composed(device=text, reason=text), composed(user="", target=text)):
        told = arrived(mail)
        assert set(told.keys()) == set(arrived(composed()).keys())
        assert len(told["Subject"]) <= LONGEST_SUBJECT


def test_every_attempt_has_the_same_id_and_each_letter_its_own() -> None:
    again = LETTERS.compose(Message(replace(LETTER, attempts=3), (FACTS,)))
    other = LETTERS.compose(Message(replace(LETTER, id=4), (FACTS,)))
    assert composed()["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert composed()["Message-ID"].endswith("@example.org>")


def test_a_summary_names_what_it_can() -> None:
    summary = replace(LETTER, kind=LetterKind.SUMMARY, notice=None, event=0)
    facts = tuple(replace(FACTS, at=NOON + timedelta(minutes=each)) for each in range(3))
    mail = arrived(LETTERS.compose(Message(summary, facts, 12)))
    assert mail["Subject"] == "[Usher] 15 further notices"
    assert mail.get_content().count("ann@acme.example PHONE1") == 3
    assert "and 12 more" in mail.get_content()


def test_a_test_is_one() -> None:
    mail = arrived(LETTERS.compose(Message(replace(LETTER, kind=LetterKind.TEST, notice=None))))
    assert mail["Subject"] == "[Usher] Test of the notices"


def test_a_folder_has_texts_in_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "quarantine.txt").write_text("Gerät von {{ user }}\n\nBitte prüfen: {{ device }}\n")
    letters = Letters("usher@example.org", tmp_path)
    mail = arrived(letters.compose(Message(LETTER, (FACTS,))))
    assert mail["Subject"] == "[Usher] Gerät von ann@acme.example"
    assert "Bitte prüfen: Ann's phone" in mail.get_content()
    other = letters.compose(Message(LETTER, (replace(FACTS, notice=NoticeKind.WIPE),)))
    assert "Wipe" in arrived(other)["Subject"]


@pytest.mark.parametrize(
    "text",
    ("{{ unknown }}", "{% broken", "{{ user.__class__.__mro__ }}", "{{ 1 / 0 }}", "{% include '../x' %}"),
)
def test_a_text_that_cannot_be_used_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "quarantine.txt").write_text(text)
    with pytest.raises(TextBroken) as caught:
        Letters("usher@example.org", tmp_path).compose(Message(LETTER, (FACTS,)))
    assert "quarantine.txt" in str(caught.value)
    assert "ann@" not in str(caught.value)
