"""Who is one person: whoever could have asked and approved alike (product 5.5; T9)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.records.administrators import Administrator
from gateway.services.persons import GONE, MACHINE, MADE_BY, ONESELF, Asker, obstacle, one_person, parts
from tests.support.stores import NOON

SINCE = NOON - timedelta(hours=24)
CLI, BOOTSTRAP = Asker("cli:root"), Asker("bootstrap")


def account(name: str, **values: Any) -> Administrator:
    values = {"person": f"a-{name}", "created_by": "bootstrap"} | values
    return Administrator(f"a-{name}", name, name, NOON - timedelta(days=90), **values)


def asker(account: Administrator) -> Asker:
    return Asker(account.name, account.person)


ANN, BOB = account("ann"), account("bob")
LATELY, LONG_AGO = NOON - timedelta(hours=23), NOON - timedelta(hours=25)


def told(one: Administrator, other: Administrator, *more: Administrator) -> str:
    """The same whichever of the two asked."""
    known = [one, other, *more]
    first = obstacle(known, asker(one), asker(other), SINCE)
    assert first == obstacle(known, asker(other), asker(one), SINCE)
    return first


def test_two_accounts_of_two_persons() -> None:
    assert told(ANN, BOB) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"person": "a-ann"}),
        ({"address": "Ann@acme.example"}, {"address": "ann@ACME.example"}),
        ({"issuer": "idp", "subject": "7"}, {"issuer": "idp", "subject": "7"}),
    ],
    ids=["linked", "mail address", "subject"],
)
def test_two_accounts_of_one_person(one: dict[str, str], other: dict[str, str]) -> None:
    assert told(account("ann", **one), account("bob", **other)) == ONESELF


def test_the_same_subject_at_another_provider_is_somebody_else() -> None:
    one, other = (account(name, issuer=name, subject="7") for name in ("ann", "bob"))
    assert told(one, other) == ""


def test_what_is_one_with_either_of_two_makes_them_one() -> None:
    between = account("cas", person="a-ann", address="shared@acme.example")
    assert told(ANN, account("bob", address="shared@acme.example"), between) == ONESELF


def test_a_name_is_one_person_however_it_is_spelled() -> None:
    assert obstacle([], Asker("Root", "p-1"), Asker(" root ", "p-2"), SINCE) == ONESELF
    assert obstacle([], Asker("STRASSE", "p-1"), Asker("straße", "p-2"), SINCE) == ONESELF
    two = [account("root", person="p-1"), account("second", person="p-2")]
    assert obstacle(two, Asker("root", "p-1"), Asker("second", "p-2"), SINCE) == ""
    assert obstacle([], Asker("root", "p-1"), Asker("second", "p-1"), SINCE) == ONESELF, "even when removed"


def test_for_a_day_an_account_is_one_with_whoever_made_it() -> None:
    made = account("bob", vouched_by=ANN.id, vouched_at=LATELY)
    assert told(ANN, made) == MADE_BY
    assert told(ANN, replace(made, vouched_at=LONG_AGO)) == ""
    assert told(ANN, replace(made, vouched_at=NOON + timedelta(hours=3))) == MADE_BY, "a clock that is ahead"
    assert told(ANN, account("cas", vouched_by=ANN.id, vouched_at=LATELY), made) == MADE_BY
    assert told(account("cas", vouched_by=ANN.id, vouched_at=LATELY), made, ANN) == MADE_BY, "two puppets"
    assert told(account("cas", vouched_by=ANN.id, vouched_at=LATELY), made) == MADE_BY, "whose maker is gone"


def test_who_is_gone_is_nobody_that_could_be_told_from_others() -> None:
    gone = account("puppet", vouched_by=ANN.id, vouched_at=LATELY)
    assert obstacle([ANN, BOB], asker(gone), asker(ANN), SINCE) == GONE
    assert obstacle([ANN, BOB], asker(gone), BOOTSTRAP, SINCE) == GONE
    again = replace(gone, id="a-other", person="a-other", vouched_by=BOB.id)
    assert obstacle([ANN, BOB, again], asker(gone), asker(ANN), SINCE) == GONE, "another of the same name"
    linked = replace(gone, person="a-cas", vouched_at=LONG_AGO)
    assert obstacle([ANN, linked], asker(gone), asker(ANN), SINCE) == "", "linked since then"


def test_an_account_that_joins_others_parts_them_when_it_goes() -> None:
    made = account("made", vouched_by=ANN.id, vouched_at=LATELY)
    deeper = account("deeper", vouched_by=made.id, vouched_at=LATELY)
    assert parts([ANN, BOB, made, deeper], [ANN, BOB, deeper], made, SINCE)
    assert not parts([ANN, BOB, made, deeper], [ANN, BOB, made], deeper, SINCE)
    assert not parts([ANN, BOB], [BOB], ANN, SINCE)
    assert not parts([ANN, made], [ANN], made, LATELY), "of another day"
    mailing = account("mailing", address="ann@acme.example")
    ann, moved = replace(ANN, address="Ann@acme.example"), replace(mailing, address="else@acme.example")
    assert parts([ann, mailing], [ann, moved], mailing, SINCE)
    linked = replace(mailing, person=ANN.id)
    assert not parts([ann, linked], [ann, replace(moved, person=ANN.id)], linked, SINCE)


def test_the_machine_is_one_person_and_no_account() -> None:
    assert obstacle([], CLI, BOOTSTRAP, SINCE) == MACHINE
    assert obstacle([], BOOTSTRAP, BOOTSTRAP, SINCE) == MACHINE
    for one, other in ((CLI, asker(ANN)), (asker(ANN), BOOTSTRAP)):
        assert obstacle([ANN, BOB], one, other, SINCE) == ""


def test_for_a_day_an_account_that_the_machine_made_is_the_machines() -> None:
    made = account("bob", vouched_at=LATELY)
    for one, other in ((CLI, asker(made)), (asker(made), BOOTSTRAP)):
        assert obstacle([ANN, made], one, other, SINCE) == MADE_BY
        assert obstacle([ANN, replace(made, vouched_at=LONG_AGO)], one, other, SINCE) == ""
    assert told(made, account("ann", vouched_at=LATELY)) == "", "whom the machine signs up are two persons"
    linked = account("cas", person=made.person)
    assert obstacle([linked, made], CLI, asker(linked), SINCE) == MADE_BY


def test_a_budget_is_of_all_accounts_of_a_person() -> None:
    mine = account("cas", person="a-ann")
    whole = one_person([ANN, BOB, mine], asker(mine), SINCE)
    assert (whole.names, whole.persons) == ({"ann", "cas"}, {"a-ann"})
    machine = one_person([ANN], CLI, SINCE)
    assert (machine.names, machine.persons) == ({"cli:root"}, {""})
