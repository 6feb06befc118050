"""How families fare: order, stop rules, and the difference between broken and not offered."""

import pytest

from gateway.doctor.families import BY_NAME, Move
from gateway.doctor.journeys import End, travel
from gateway.doctor.observations import Ask, Hop, Observations, Place, Trouble
from tests.gateway.doctor.scenes import answer, challenge, observed, page, silence

APEX, HERE, PORT_80 = Place.APEX, Place.AUTODISCOVER, Place.PORT_80
HTML = page(200, APEX, headers={"content-type": "text/html"}, body=b"<html>")


def at(apex: Hop, here: Hop) -> Observations:
    return observed((APEX, Ask.XML_POST, apex), (HERE, Ask.XML_POST, here))


@pytest.mark.parametrize(
    ("family", "apex", "here", "end"),
    [
        ("phone", page(404, APEX), challenge(), End.CONFIGURED),
        ("phone", challenge(APEX), silence(Trouble.REFUSED), End.CONFIGURED),
        ("phone", silence(Trouble.REFUSED, APEX), silence(Trouble.EXPIRED), End.LOST),
        ("phone", HTML, challenge(), End.CONFIGURED),
        ("npm", HTML, challenge(), End.GAVE_UP),
        ("tbsync", HTML, challenge(), End.CONFIGURED),
    ],
)
def test_ends(family: str, apex: Hop, here: Hop, end: End) -> None:
    assert travel(at(apex, here), BY_NAME[family]).end is end


def test_what_comes_after_success_is_not_entered() -> None:
    journey = travel(at(challenge(APEX), challenge()), BY_NAME["phone"])
    assert [stage.move for stage in journey.stages] == [Move.SUCCEED, None, None]
    assert journey.passed == {APEX}


def test_json_before_xml_neither_ends_the_walk_nor_spoils_it() -> None:
    seen = at(page(404, APEX), challenge())
    journey = travel(seen, BY_NAME["outlook-mobile"])
    assert journey.end is End.CONFIGURED
    assert journey.stages[0].fact == "nothing to ask there"


def test_a_format_that_nobody_offers_is_not_a_failure() -> None:
    seen = observed((HERE, Ask.XML_POST, challenge()), (HERE, Ask.SVC_POST, page(404)))
    assert travel(seen, BY_NAME["exchangelib"]).end is End.NOT_SERVED
    broken = observed((HERE, Ask.XML_POST, challenge()), (HERE, Ask.SVC_POST, page(502)))
    assert travel(broken, BY_NAME["exchangelib"]).end is End.LOST


def test_autoconfig_that_is_not_there_is_not_offered_and_with_a_bad_certificate_is_broken() -> None:
    place = Place.AUTOCONFIG
    gone = observed((place, Ask.CONFIG_BARE, silence(Trouble.NO_ADDRESS, place)))
    broken = observed((place, Ask.CONFIG_BARE, silence(Trouble.NAME_MISMATCH, place)))
    assert travel(gone, BY_NAME["k9"]).end is End.NOT_SERVED
    assert travel(broken, BY_NAME["k9"]).end is End.LOST


def test_a_stage_tells_what_was_seen() -> None:
    seen = observed((HERE, Ask.MOBILE, answer(Ask.MOBILE)))
    stage = travel(seen, BY_NAME["tbsync"]).stages[0]
    assert stage.title == "https://autodiscover.acme.example, POST .xml, schema mobilesync"
    assert stage.fact == "HTTP 200 with the password, answers with a configuration"
