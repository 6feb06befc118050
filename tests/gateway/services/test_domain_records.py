"""What a domain publishes, and what is kept of a look at it (product 2.5)."""

from dataclasses import replace

import pytest

from autodiscover import pacc
from autodiscover.model import Endpoints, MailServer, Site
from autodiscover.observation import Phase, Step
from autodiscover.verdicts import Status, Verdict
from autodiscover.zone import MailRecords, Purpose
from gateway.errors import GatewayError, Kind
from gateway.services.discovery import deployment
from gateway.services.domain_records import DomainRecords, Plan, Served
from gateway.services.tenants import Settings, Tenants
from gateway.store import DatabaseStore
from tests.support.stores import NOON, Clock, Keys
from tests.support.world import ADMIN

PLAIN = Served(Endpoints("https://mail.example.test/Microsoft-Server-ActiveSync"))
RICH = Served(
    Endpoints("https://mail.example.test/x", imap=MailServer("imap.test", 993)),
    MailRecords(("mx.test",), "v=spf1 mx -all", "", ("s1",)),
)


@pytest.fixture
def tenants(store: DatabaseStore) -> Tenants:
    tenants = Tenants(store, Clock(), Keys(), backends=("default", "other", "gone"))
    tenants.create_organisation(ADMIN, "acme", Settings(name="Acme"))
    tenants.create_organisation(ADMIN, "globex", Settings(name="Globex"))
    tenants.add_domain(ADMIN, "acme", "acme.test")
    tenants.add_domain(ADMIN, "globex", "globex.test")
    return tenants


@pytest.fixture
def known(store: DatabaseStore, tenants: Tenants) -> DomainRecords:
    return DomainRecords(
        store, Clock(), public_host="mail.example.test", served={"default": PLAIN, "other": RICH}
    )


def purposes(plan: Plan) -> set[Purpose]:
    return {each.purpose for each in plan.records}


def test_a_plan_has_the_domains_own_proof(known: DomainRecords, tenants: Tenants) -> None:
    (domain,) = tenants.domains("acme")
    proof = next(each for each in known.plan("ACME.test").records if each.purpose is Purpose.OWNERSHIP)
    assert len(domain.proof) == 32
    assert proof.values == (f"usher-verification={domain.proof}",)
    assert known.plan("globex.test").records[0].values != proof.values


def test_a_plan_follows_the_route(known: DomainRecords, tenants: Tenants) -> None:
    assert Purpose.MAIL_SRV not in purposes(known.plan("acme.test"))
    tenants.route_domain(ADMIN, "acme", "acme.test", "other")
    plan = known.plan("acme.test")
    assert {Purpose.MAIL_SRV, Purpose.DKIM, Purpose.PACC_DIGEST} <= purposes(plan)
    tenants.change_organisation(ADMIN, "globex", Settings(backend="other"))
    assert Purpose.MAIL_SRV in purposes(known.plan("globex.test"))


def test_the_digest_is_that_of_the_document_that_is_served(known: DomainRecords, tenants: Tenants) -> None:
    tenants.route_domain(ADMIN, "acme", "acme.test", "other")
    home = tenants.organisation("acme")
    written = pacc.document(Site("acme.test", "Acme", RICH.endpoints, deployment(home.id)))
    assert written is not None
    record = next(each for each in known.plan("acme.test").records if each.purpose is Purpose.PACC_DIGEST)
    assert record.values == (f"v=UAAC1; a=sha256; d={pacc.digest(written)}",)


def test_every_domain_has_its_plan_but_for_those_without_a_backend(
    known: DomainRecords, tenants: Tenants
) -> None:
    assert {each.domain for each in known.plans()} == {"acme.test", "globex.test"}
    tenants.route_domain(ADMIN, "acme", "acme.test", "gone")
    assert {each.domain for each in known.plans()} == {"globex.test"}
    with pytest.raises(GatewayError) as caught:
        known.plan("acme.test")
    assert caught.value.kind is Kind.INTERNAL


@pytest.mark.parametrize(
    ("name", "organisation"),
    [("nowhere.test", None), ("globex.test", "acme"), ("acme.test", "nobody")],
    ids=["no-domain", "anothers", "no-organisation"],
)
def test_what_is_not_there(known: DomainRecords, name: str, organisation: str | None) -> None:
    for ask in (known.plan, known.last):
        with pytest.raises(GatewayError) as caught:
            ask(name, organisation)
        assert caught.value.kind is Kind.NOT_FOUND


def test_the_own_organisation_may_be_named(known: DomainRecords) -> None:
    assert known.plan("acme.test", "acme") == known.plan("acme.test")


def verdicts(plan: Plan, status: Status) -> list[Verdict]:
    phases = (Phase(2, (Step("https://a.test/", True, "401"),)),)
    return [Verdict(each, status, "seen", "mend", phases=phases) for each in plan.records]


def test_a_check_is_kept_and_replaced(known: DomainRecords) -> None:
    plan = known.plan("acme.test")
    assert known.last("acme.test") is None
    assert known.checked() == {}
    bad = known.save(plan, verdicts(plan, Status.MISSING))
    good = known.save(plan, verdicts(plan, Status.VERIFIED))
    assert (bad.verified, good.verified, good.at) == (False, True, NOON)
    kept = known.last("acme.test", "acme")
    assert kept is not None
    assert (kept.domain, kept.at, kept.verified) == ("acme.test", NOON, True)
    assert kept.records == good.records
    assert kept.records[0]["phases"][0]["steps"][0]["observed"] == "401"
    assert known.checked() == {"acme.test": (NOON, True)}


def test_only_what_is_required_decides(known: DomainRecords) -> None:
    plan = known.plan("acme.test")
    judged = [
        replace(each, status=Status.VERIFIED if each.record.need.value == "required" else Status.MISSING)
        for each in verdicts(plan, Status.VERIFIED)
    ]
    assert known.save(plan, judged).verified


def test_a_domain_that_has_gone_meanwhile_keeps_nothing(known: DomainRecords, tenants: Tenants) -> None:
    plan = known.plan("acme.test")
    tenants.remove_domain(ADMIN, "acme", "acme.test")
    assert known.save(plan, []).verified
    assert known.checked() == {}


def test_the_gateways_own_address(store: DatabaseStore) -> None:
    usual = DomainRecords(store, Clock(), public_host="mail.test", served={})
    other = DomainRecords(store, Clock(), public_host="mail.test", port=8443, served={})
    assert usual.public_host == "mail.test"
    assert usual.autodiscover_url == "https://mail.test/autodiscover/autodiscover.xml"
    assert other.autodiscover_url == "https://mail.test:8443/autodiscover/autodiscover.xml"
