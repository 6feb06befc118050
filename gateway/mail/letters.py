"""From what happened to a mail (product 7.9; security.md T22, T23).

Devices report names of their own choosing, and a name with a line break is a header in a careless mail. Every
text is spelled out before a template sees it: what is not simply shown is shown by its number. The message is
built by the library, whose policy refuses a line break in a header once more.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.mail.texts import NAMES, SUMMARY, TEST, TEXTS
from gateway.records.events import Facts, LetterKind, Message
from gateway.records.texts import visible

LONGEST = 256
"""Characters of one fact."""

LONGEST_SUBJECT = 150
PREFIX = "[Usher] "
POLICY = SMTP.clone(raise_on_defect=True, cte_type="7bit")


class TextBroken(Exception):
    """A template of the operator's cannot be used; its message says why, and never what it was to tell."""


class Letters:
    """Composes mails.

    Args:
        sender: the address that they come from.
        folder: texts in place of our own; None for none.
    """

    def __init__(self, sender: str, folder: Path | None = None) -> None:
        own = DictLoader(dict(TEXTS))
        loader = ChoiceLoader([FileSystemLoader(folder), own]) if folder else own
        # Plain text: nothing in it is markup, so there is nothing to escape.
        self._texts = ImmutableSandboxedEnvironment(loader=loader, undefined=StrictUndefined)
        self._sender = sender

    def compose(self, message: Message) -> EmailMessage:
        """The mail of a letter; raises TextBroken."""
        letter = message.letter
        subject, body = self._rendered(message)
        mail = EmailMessage(policy=POLICY)
        mail["From"] = self._sender
        mail["To"] = letter.address
        mail["Subject"] = subject
        mail["Date"] = format_datetime(letter.created_at.astimezone(UTC))
        # The same at every attempt, so that a mail which was taken and not confirmed is known again.
        stamp = int(letter.created_at.timestamp())
        mail["Message-ID"] = f"<usher-{letter.id}-{stamp}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body)
        return mail

    def _rendered(self, message: Message) -> tuple[str, str]:
        name, values = _chosen(message)
        try:
            text = self._texts.get_template(name).render(values)
        except (TemplateError, UnicodeError, OSError, ArithmeticError, TypeError, ValueError) as error:
            raise TextBroken(f"{name}: {type(error).__name__}") from None
        subject, _, body = text.lstrip().partition("\n")
        shown = visible(f"{PREFIX}{subject.strip()}")
        return shown[:LONGEST_SUBJECT], "\n".join(
            visible(line) for line in body.strip("\n").split("\n")
        ) + "\n"


def _chosen(message: Message) -> tuple[str, Mapping[str, Any]]:
    """The name of a letter's text, and the values in it."""
    told = [_shown(each) for each in message.facts]
    if message.letter.kind is LetterKind.TEST:
        return TEST, {}
    if message.letter.kind is LetterKind.SUMMARY:
        return SUMMARY, {"facts": told, "more": message.more}
    return NAMES[message.facts[0].notice], told[0]


def _shown(facts: Facts) -> dict[str, str]:
    return {field.name: _text(getattr(facts, field.name)) for field in fields(Facts)}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return visible(str(getattr(value, "value", value)))[:LONGEST]
