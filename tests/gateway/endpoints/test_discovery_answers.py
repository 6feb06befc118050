"""From memory or from the directory, and in the whole application by the change feed (issue 3, numbers)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from autodiscover.model import AddressRedirect, NotFound, Outcome, Question
from gateway.endpoints.discovery_answers import DiscoveryAnswers
from gateway.phone.discovery import basic
from gateway.records import Right
from gateway.services.discovery import Finding, Signed
from gateway.services.discovery_memory import DiscoveryMemory
from gateway.services.login import Principal
from gateway.services.user_changes import UserChanges
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import ADMIN
from tests.support.mail_server import DOMAIN

T = TypeVar("T")
ANN = Principal("m-acme", "u-ann")
A, B, C = (Question(f"{name}@example.org") for name in "abc")


@dataclass
class Directory:
    """Remembers what it was asked; knows everybody but ``c``."""

    asked: list[list[Question]] = field(default_factory=list)
    threads: int = 0

    def find(self, questions: Sequence[Question], asker: Signed | None) -> list[Finding]:
        self.asked.append(list(questions))
        return [Finding(outcome(question), "m-acme") for question in questions]

    async def in_thread(self, call: Callable[[], T]) -> T:
        self.threads += 1
        return call()


def outcome(question: Question) -> Outcome:
    return NotFound() if question == C else AddressRedirect(f"new-{question.address}")


def answers(directory: Directory, *, trusted: bool = True) -> DiscoveryAnswers:
    memory = DiscoveryMemory(lambda _: trusted, lambda: 0.0)
    return DiscoveryAnswers(directory.find, directory.in_thread, memory)


async def test_what_is_known_needs_no_thread() -> None:
    directory = Directory()
    asked = answers(directory)
    for _ in range(3):
        assert await asked([A, C], ANN) == (outcome(A), outcome(C))
    assert (directory.asked, directory.threads) == ([[A, C]], 1)


async def test_only_the_rest_is_asked_and_the_order_is_kept() -> None:
    directory = Directory()
    asked = answers(directory)
    await asked([B], ANN)
    assert await asked([A, B, C, A], ANN) == tuple(map(outcome, (A, B, C, A)))
    assert directory.asked == [[B], [A, C, A]]


async def test_without_a_trusted_feed_the_directory_is_asked_each_time() -> None:
    directory = Directory()
    asked = answers(directory, trusted=False)
    await asked([A], ANN)
    await asked([A], ANN)
    assert directory.threads == 2


async def test_no_question_needs_nobody() -> None:
    directory = Directory()
    assert await answers(directory)([], ANN) == ()
    assert directory.threads == 0


SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
SERVED = {"imap": "mail.example:993", "smtp": "mail.example:465"}


async def discovered(gateway: Gateway) -> str:
    """What Ann's Outlook is told."""
    body = (
        f"<Autodiscover><Request><EMailAddress>ann@{DOMAIN}</EMailAddress>"
        f"<AcceptableResponseSchema>{SCHEMA}</AcceptableResponseSchema></Request></Autodiscover>"
    )
    url = f"http://127.0.0.1:{gateway.port}/autodiscover/autodiscover.xml"
    answer = await gateway.phones.ask(
        "POST", url, headers=[("Authorization", basic(gateway.phone().identity))], body=body.encode()
    )
    assert answer.http == 200
    return answer.body.decode()


async def test_a_grant_shows_as_soon_as_the_feed_tells_of_it(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    async with serving(tmp_path, backend, asked=SERVED) as gateway:
        before = await discovered(gateway)
        assert "<Type>IMAP</Type>" in before
        assert await discovered(gateway) == before
        async with gateway.hears():
            gateway.made.permissions.grant(
                ADMIN, "acme", f"bob@{DOMAIN}", f"ann@{DOMAIN}", [Right.FULL_ACCESS]
            )
        assert f"<SmtpAddress>bob@{DOMAIN}</SmtpAddress>" in await discovered(gateway)


async def test_a_user_who_moves_is_redirected_as_soon_as_the_feed_tells_of_it(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    async with serving(tmp_path, backend, asked=SERVED) as gateway:
        await discovered(gateway)
        async with gateway.hears():
            gateway.made.users.change(ADMIN, f"ann@{DOMAIN}", UserChanges(moved_to="ann@elsewhere.example"))
        assert "<RedirectAddr>ann@elsewhere.example</RedirectAddr>" in await discovered(gateway)
