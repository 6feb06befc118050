"""Thunderbird's own discovery code against the real gateway, in every scenario (spec/autodiscover.md 6.4).

Debian's Thunderbird runs without a screen; what it finds, whom it asks about first and what it sends over
port 80 are taken from it, from the gateway and from the wire.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support import thunderbird
from tests.support.netlab_scenarios import BY_NAME, EWS, PASSWORD, PUBLIC, SCENARIOS, Scenario, leaks
from tests.support.netlab_usher import Lab
from tests.support.thunderbird import Found, Thunderbird

PATH = "/autodiscover/autodiscover.xml"
SITE = PUBLIC.partition(".")[2]
SOURCES = {
    "apex only": {"exchange-from-url2-guess"},
    "everything that a domain should publish": {"exchange-from-url1-guess", "exchange-from-srv-guess"},
    "port 80 only": {"exchange-from-url3-guess"},
    "CNAME to a host without a certificate for the name": {"exchange-from-url3-guess"},
    "SRV to another site": {"exchange-from-srv-guess"},
    "SRV within the domain": {"exchange-from-srv-guess"},
}
"""Which of its searches may win: url1 is ``autodiscover.<domain>``, url2 the domain, url3 port 80."""
DEFAULT_SOURCES = {"exchange-from-url1-guess"}
FINDABLE = [scenario for scenario in SCENARIOS if scenario.found]

pytestmark = pytest.mark.timeout(300)
without_nginx = pytest.mark.parametrize("lab", ["usher"], indirect=True)


@dataclass
class Searches:
    """One search for each scenario, and what it said to port 80 meanwhile."""

    lab: Lab
    client: Thunderbird
    _known: dict[tuple[str, bool], tuple[Found, list[str]]] = field(default_factory=dict)

    def of(self, scenario: Scenario, *, accept: bool = True) -> tuple[Found, list[str]]:
        key = scenario.name, accept
        if key not in self._known:
            self.lab.tapped()
            found = self.client.discover(scenario.address, scenario.password, accept=accept)
            self._known[key] = found, self.lab.tapped()
        return self._known[key]


@pytest.fixture(scope="module")
def searches(lab: Lab) -> Iterator[Searches]:
    with thunderbird.running(lab.inside, lab.authority) as client:
        yield Searches(lab, client)


@pytest.mark.parametrize("scenario", FINDABLE, ids=lambda scenario: scenario.name)
def test_finds_the_server(searches: Searches, scenario: Scenario) -> None:
    found, _ = searches.of(scenario)
    assert found.error == ""
    assert found.source in SOURCES.get(scenario.name, DEFAULT_SOURCES)
    login = scenario.address if scenario.primary else "%EMAILADDRESS%"
    (server,) = found.of("ews")
    assert server == {"type": "ews", "hostname": PUBLIC, "port": 443, "username": login, "url": EWS}


@pytest.mark.parametrize("scenario", FINDABLE, ids=lambda scenario: scenario.name)
def test_asks_the_person_only_about_a_foreign_site(searches: Searches, scenario: Scenario) -> None:
    found, _ = searches.of(scenario)
    assert found.confirmed == ((SITE,) if scenario.confirmed else ())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_password_goes_over_port_80(searches: Searches, scenario: Scenario) -> None:
    _, plain = searches.of(scenario)
    said = "".join(plain)
    assert leaks(said) == []
    assert "authorization:" not in said.lower()
    if scenario.plain:
        assert f"POST {PATH} HTTP/1.1" in said


@without_nginx
def test_a_foreign_site_that_is_refused_never_sees_the_password(searches: Searches, lab: Lab) -> None:
    before = len(lab.asked())
    found, _ = searches.of(BY_NAME["port 80 only"], accept=False)
    assert found.servers == ()
    statuses = [line["status"] for line in lab.asked()[before:]]
    assert 401 in statuses
    assert 200 not in statuses


@without_nginx
def test_a_wrong_password_is_named_and_locks_nobody_out(searches: Searches) -> None:
    scenario = BY_NAME["wrong password"]
    for _ in range(6):
        found = searches.client.discover(scenario.address, scenario.password)
        assert (found.servers, found.title) == ((), "account-hub-credentials-wrong")
    assert searches.client.discover(scenario.address, PASSWORD).of("ews")[0]["url"] == EWS


@without_nginx
def test_finds_nothing_where_nothing_is_published(searches: Searches) -> None:
    found, _ = searches.of(BY_NAME["no record at all"])
    assert (found.servers, found.error) == ((), "")


@without_nginx
def test_finds_imap_and_smtp_by_autoconfig_alone(searches: Searches) -> None:
    found, _ = searches.of(BY_NAME["autoconfig only"])
    first = found.servers[0]
    assert (found.source, first["type"], first["hostname"], first["port"]) == (
        "xml-from-isp-https",
        "imap",
        PUBLIC,
        993,
    )
    assert found.outgoing == {"hostname": PUBLIC, "port": 587}
    assert {server["url"] for server in found.of("ews")} == {EWS}


@without_nginx
def test_no_password_is_in_any_log(searches: Searches, lab: Lab) -> None:
    searches.of(BY_NAME["autodiscover only"])
    lab.asked()
    assert leaks(lab.log) == []
