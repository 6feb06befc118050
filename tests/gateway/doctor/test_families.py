"""The algorithms of spec/autodiscover.md 6 as rows: order and stop rules of each client."""

import pytest

from gateway.doctor.families import BY_NAME, FAMILIES, Family, Move, Outcome
from gateway.doctor.observations import Ask, Place

APEX, NAME, PORT_80, SRV = Place.APEX, Place.AUTODISCOVER, Place.PORT_80, Place.SRV


def order(name: str, *asks: Ask) -> list[Place]:
    return [step.place for step in BY_NAME[name].steps if step.ask in asks and not step.optional]


@pytest.mark.parametrize(
    ("name", "ask", "places"),
    [
        ("outlook", Ask.OUTLOOK, [APEX, NAME, PORT_80, SRV]),
        ("phone", Ask.MOBILE, [APEX, NAME, PORT_80]),
        ("thunderbird", Ask.EWS_XML, [NAME, APEX, PORT_80, SRV]),
        ("evolution", Ask.EWS_XML, [APEX, NAME, SRV]),
        ("tbsync", Ask.MOBILE, [NAME, APEX]),
        ("exchangelib", Ask.SETTINGS, [APEX, NAME, PORT_80, SRV]),
        ("ews", Ask.SETTINGS, [APEX, NAME, PORT_80, SRV]),
    ],
)
def test_the_order_of_a_client(name: str, ask: Ask, places: list[Place]) -> None:
    assert order(name, ask) == places


def test_phones_know_no_srv_record_and_evolution_no_port_80() -> None:
    assert SRV not in {step.place for step in BY_NAME["phone"].steps}
    assert PORT_80 not in {step.place for step in BY_NAME["evolution"].steps}


def test_k9_asks_for_autoconfig_alone_and_never_sends_the_address() -> None:
    assert {step.ask for step in BY_NAME["k9"].steps} == {Ask.CONFIG_BARE}


def test_exchangelib_follows_no_https_redirect_and_knows_a_records_alone() -> None:
    assert not BY_NAME["exchangelib"].follows
    assert BY_NAME["exchangelib"].ipv4_only


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_client_stops_at_an_answer_and_goes_on_after_silence(family: Family) -> None:
    assert family.move(Outcome.ANSWERED) is Move.SUCCEED
    assert family.move(Outcome.FOREIGN) is Move.MISLED
    assert family.move(Outcome.SILENT) is Move.GO_ON
    assert family.move(Outcome.ABSENT) is Move.GO_ON
    assert family.move(Outcome.HTML) is (Move.GIVE_UP if family.name == "npm" else Move.GO_ON)
