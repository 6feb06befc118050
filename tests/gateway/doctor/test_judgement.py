"""From observations to the report: whom a fault hurts, how bad it is, and the tree as people see it.

The golden files hold whole reports of deployments without Usher; ``UPDATE_GOLDEN=1`` writes them anew.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.doctor.families import BY_NAME
from gateway.doctor.judgement import judge, worst
from gateway.doctor.observations import Ask, Place, SignIn, Trouble
from gateway.doctor.tree import Node, Status, as_text
from tests.gateway.doctor.scenes import answer, challenge, observed, page, silence
from tests.support.doctor_lab import ABSENT, AUTODISCOVER, DOMAIN, Host, lab
from tests.support.stranger import sound

APEX, HERE = Place.APEX, Place.AUTODISCOVER
GOLDEN = Path(__file__).parent / "golden"


def test_a_fault_that_hurts_nobody_is_a_warning() -> None:
    seen = observed((APEX, Ask.XML_POST, silence(Trouble.EXPIRED, APEX)), (HERE, Ask.XML_POST, challenge()))
    (fault,) = judge(seen, [BY_NAME["phone"]]).faults
    assert (fault.code, fault.status, fault.hurts) == ("tls.expired", Status.WARN, ())


def test_the_same_fault_fails_where_it_stops_a_client() -> None:
    seen = observed((APEX, Ask.XML_POST, page(404, APEX)), (HERE, Ask.XML_POST, silence(Trouble.EXPIRED)))
    report = judge(seen, [BY_NAME["phone"], BY_NAME["k9"]])
    (fault,) = report.faults
    assert (fault.code, fault.status, fault.hurts) == ("tls.expired", Status.FAIL, ("phone",))
    assert not report.healthy


def test_faults_where_no_chosen_client_looks_are_left_out() -> None:
    seen = observed((HERE, Ask.XML_POST, silence(Trouble.EXPIRED)))
    assert judge(seen, [BY_NAME["k9"]]).faults == ()


def test_the_worst_comes_first() -> None:
    seen = observed(
        (APEX, Ask.XML_POST, challenge(APEX)),
        (HERE, Ask.XML_POST, silence(Trouble.EXPIRED)),
        sign_in=SignIn.REFUSED,
        sign_in_url="https://x.example",
    )
    statuses = [fault.status for fault in judge(seen, [BY_NAME["phone"], BY_NAME["tbsync"]]).faults]
    assert statuses == [Status.FAIL, Status.WARN]


def test_a_misled_client_fails() -> None:
    seen = observed(
        (APEX, Ask.MOBILE, answer(Ask.MOBILE, APEX, host="web7.example")),
        (HERE, Ask.MOBILE, answer(Ask.MOBILE, HERE, host="mail.example")),
        sign_in=SignIn.ACCEPTED,
    )
    report = judge(seen, [BY_NAME["phone"]])
    assert [fault.code for fault in report.faults] == ["http.apex_foreign"]
    assert "web7.example" in report.faults[0].fact
    assert "mail.example" in report.faults[0].fact
    assert not report.healthy


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((Status.PASS, Status.WARN, Status.SKIP), Status.WARN),
        ((Status.PASS, Status.FAIL), Status.FAIL),
        ((Status.SKIP, Status.PASS), Status.PASS),
        ((Status.SKIP,), Status.SKIP),
        ((), Status.SKIP),
    ],
)
def test_a_branch_is_as_bad_as_its_worst_step(statuses: Sequence[Status], expected: Status) -> None:
    assert worst([Node(status, "x") for status in statuses]) is expected


APEX_HOST = Host(DOMAIN, ABSENT, ABSENT)
HTML = "location / { default_type text/html; return 200 '<html>Welcome</html>'; }"
DEPLOYMENTS: dict[str, tuple[tuple[Host, ...], tuple[str, ...]]] = {
    "stranger": ((APEX_HOST, Host(AUTODISCOVER)), ()),
    "no_record": ((APEX_HOST,), ()),
    "other_name": ((APEX_HOST, Host(AUTODISCOVER, identity=sound("www.acme.example"))), ()),
    "web_page": ((Host(DOMAIN, HTML), Host(AUTODISCOVER)), ()),
    "srv_only": (
        (APEX_HOST, Host("mx.acme.example")),
        (f"srv-host=_autodiscover._tcp.{DOMAIN},mx.acme.example,443,0,0",),
    ),
}


@pytest.mark.nginx
@pytest.mark.parametrize("name", list(DEPLOYMENTS))
async def test_the_tree_as_people_see_it(name: str, tmp_path: Path) -> None:
    hosts, records = DEPLOYMENTS[name]
    with lab(tmp_path, *hosts, records=records) as running:
        text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", as_text(await running.examine()))
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_a_bad_certificate_where_no_client_needs_one_is_no_step() -> None:
    pacc = silence(Trouble.NAME_MISMATCH, Place.AUTOCONFIG)
    seen = observed((Place.PACC, Ask.PACC, pacc), (HERE, Ask.XML_POST, challenge()))
    report = judge(seen, [BY_NAME["phone"]])
    assert report.faults == ()
    (node,) = next(branch for branch in report.branches if branch.title == "certificates").children
    assert (node.status, node.fact) == (Status.SKIP, "detail")
