"""A condition is asked in the first transaction of a call, and again when that is tried anew."""

import threading
from contextvars import copy_context

import pytest

from gateway.errors import GatewayError, Kind, LostRace
from gateway.records import AuditTag
from gateway.services import conditions
from gateway.services.acts import Act, Acts, Entry
from gateway.services.conditions import Condition
from gateway.services.ports import Store
from tests.support.stores import NOON, Clock
from tests.support.world import ADMIN

ACT = Act(AuditTag.ORGANISATION_CHANGED, ADMIN, "", "nothing")


class Asked:
    """A condition's question: counts, and fails from the given time on."""

    def __init__(self, fails_at: int = 0) -> None:
        self.times = 0
        self._fails_at = fails_at

    def __call__(self) -> None:
        self.times += 1
        if self.times == self._fails_at:
            raise GatewayError(Kind.CHANGED)


def records(store: Store) -> int:
    with store.read() as transaction:
        return len(transaction.audit.query())


def write(entry: Entry) -> None:
    entry.record(after={"at": NOON.isoformat()})


def test_without_a_condition_nothing_is_asked(store: Store) -> None:
    Acts(store, Clock()).perform(ACT, write)
    assert records(store) == 1


def test_what_was_changed_is_not_changed_again(store: Store) -> None:
    asked = Asked(fails_at=1)
    with conditions.on(Condition(asked)), pytest.raises(GatewayError) as refused:
        Acts(store, Clock()).perform(ACT, write)
    assert refused.value.kind is Kind.CHANGED
    assert records(store) == 0, "neither the act nor its refusal is in the trail"


def test_the_second_act_of_a_call_is_the_calls_own(store: Store) -> None:
    asked = Asked(fails_at=2)
    with conditions.on(Condition(asked)):
        Acts(store, Clock()).perform(ACT, write)
        Acts(store, Clock()).perform(ACT, write)
    assert (asked.times, records(store)) == (1, 2)


def test_a_transaction_that_is_tried_anew_is_asked_anew(store: Store) -> None:
    asked, raced = Asked(), []

    def race(entry: Entry) -> None:
        write(entry)
        if not raced:
            raced.append(True)
            raise LostRace

    with conditions.on(Condition(asked)):
        Acts(store, Clock()).perform(ACT, race)
    assert (asked.times, records(store)) == (2, 1)


def test_it_goes_with_the_context_into_a_thread_and_ends_with_the_block(store: Store) -> None:
    asked = Asked()
    with conditions.on(Condition(asked)):
        inside = threading.Thread(target=copy_context().run, args=(Acts(store, Clock()).perform, ACT, write))
        inside.start()
        inside.join()
        with conditions.off():
            conditions.present().ask()
    conditions.present().ask()
    assert asked.times == 1
