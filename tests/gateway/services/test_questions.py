"""A question is answered once, by who was asked, for what it was asked, and soon (T24)."""

from gateway.records.passkeys import Purpose
from gateway.services.questions import Questions
from gateway.store import DatabaseStore
from tests.support.stores import Clock


def test_a_question_is_taken_once(store: DatabaseStore) -> None:
    questions = Questions(store, Clock())
    questions.ask(Purpose.PROVIDER, "shown", content={"nonce": "n"})
    found = questions.take(Purpose.PROVIDER, "shown")
    assert found is not None
    assert found.content == {"nonce": "n"}
    assert "shown" not in str(found)
    assert questions.take(Purpose.PROVIDER, "shown") is None


def test_another_purpose_holder_or_hour_takes_nothing(store: DatabaseStore) -> None:
    clock = Clock()
    questions = Questions(store, clock)
    for purpose, holder, minutes in (
        (Purpose.SIGN_IN, "s-1", 0),
        (Purpose.CONFIRM, "s-2", 0),
        (Purpose.CONFIRM, "s-1", 5),
    ):
        questions.ask(Purpose.CONFIRM, "shown", "s-1")
        clock.pass_by(minutes=minutes)
        assert questions.take(purpose, "shown", holder) is None
