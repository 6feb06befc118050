"""Every fault that the doctor must find, each in a deployment that really has it (issue 3, point 5).

The codes of a case are all that is found in it: a finding too many is as wrong as one too few.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.doctor.examination import examine
from gateway.doctor.observations import Ask, Hop, Place, Stop, Trail, Trouble
from gateway.doctor.tree import Report
from tests.gateway.doctor.scenes import challenge, observed, page, silence
from tests.support.doctor_lab import (
    ABSENT,
    AUTODISCOVER,
    BASIC,
    CHALLENGES,
    DISCOVERY,
    DOMAIN,
    FOREIGN,
    REDIRECTS,
    Host,
    Lab,
    codes,
    lab,
)
from tests.support.stranger import NOW, Identity, early, expired, incomplete, self_signed, sound, untrusted

APEX = Host(DOMAIN, ABSENT, ABSENT)
HTML = "location / { default_type text/html; return 200 '<!DOCTYPE html><html><body>Welcome</body></html>'; }"
OPEN = FOREIGN.replace("web7.hoster.example", "mail.acme.example")


def discovery(answer: str) -> str:
    return f"location {DISCOVERY} {{ {answer} }} {ABSENT}"


def redirect(target: str) -> str:
    return f"location / {{ return 302 {target}; }}"


@dataclass(frozen=True)
class Case:
    """A deployment and what is found in it."""

    name: str
    found: dict[str, str]
    hosts: Sequence[Host] = ()
    records: Sequence[str] = ()
    a: bool = True
    word: str = field(default="", compare=False)


def shows(identity: Identity, **more: str) -> tuple[Host, ...]:
    return APEX, Host(AUTODISCOVER, identity=identity, **more)


SRV = f"srv-host=_autodiscover._tcp.{DOMAIN}"
CASES = (
    Case("no record", {"dns.no_record": "fail"}, (APEX,), word="does not exist"),
    Case("no domain at all", {"dns.no_record": "fail"}),
    Case(
        "an alias of a host that is not there",
        {"dns.dangling_alias": "fail"},
        (APEX,),
        (f"cname={AUTODISCOVER},gone.example",),
    ),
    Case(
        "an alias of a host without a certificate for the name",
        {"tls.alias_without_certificate": "fail"},
        (APEX, Host("web.hoster.example"), Host(AUTODISCOVER, identity=sound("web.hoster.example"))),
        (
            f"cname={AUTODISCOVER},web.hoster.example",
            f"host-record=web.hoster.example,{APEX.address}",
            f"host-record={DOMAIN},{APEX.address}",
        ),
        a=False,
        word="web.hoster.example needs a certificate that contains autodiscover.acme.example",
    ),
    Case("another name", {"tls.name_mismatch": "fail"}, shows(sound("www.acme.example")), word="www.acme"),
    Case(
        "no intermediate",
        {"tls.missing_intermediate": "fail"},
        shows(incomplete(AUTODISCOVER)),
        word="Append the intermediate",
    ),
    Case("expired", {"tls.expired": "fail"}, shows(expired(AUTODISCOVER)), word="expired on"),
    Case("not valid yet", {"tls.not_yet": "fail"}, shows(early(AUTODISCOVER)), word="valid only from"),
    Case(
        "no handshake",
        {"tls.handshake": "fail"},
        shows(sound(AUTODISCOVER), https="ssl_reject_handshake on;"),
    ),
    Case("no HTTP", {"net.not_http": "fail"}, shows(sound(AUTODISCOVER), https="return 444;")),
    Case("self-signed", {"tls.self_signed": "fail"}, shows(self_signed(AUTODISCOVER))),
    Case("a private authority", {"tls.untrusted": "fail"}, shows(untrusted(AUTODISCOVER))),
    Case(
        "the bare domain has a stranger's certificate, and is not needed",
        {"tls.name_mismatch": "warn"},
        (Host(DOMAIN, ABSENT, identity=sound("hoster.example")), Host(AUTODISCOVER)),
    ),
    Case(
        "a web page at the bare domain", {"http.apex_html": "fail"}, (Host(DOMAIN, HTML), Host(AUTODISCOVER))
    ),
    Case(
        "somebody else's answer at the bare domain",
        {"http.apex_foreign": "fail"},
        (Host(DOMAIN, discovery(FOREIGN[13:-2])), Host(AUTODISCOVER)),
        word="web7.hoster.example",
    ),
    Case(
        "several SRV records",
        {"dns.srv_many": "warn"},
        (APEX, Host(AUTODISCOVER), Host("one.acme.example"), Host("two.acme.example")),
        (f"{SRV},one.acme.example,443,10,0", f"{SRV},two.acme.example,443,5,0"),
        word="5 0 443 two.acme.example; 10 0 443 one.acme.example",
    ),
    Case(
        "an SRV record with another port",
        {"dns.srv_port": "warn", "net.refused": "warn"},
        (APEX, Host(AUTODISCOVER), Host("one.acme.example")),
        (f"{SRV},one.acme.example,9,0,0",),
    ),
    Case(
        "port 80 closed",
        {"http.port_80_closed": "warn"},
        (APEX, Host(AUTODISCOVER, http=None, address="127.0.0.3")),
    ),
    Case(
        "port 80 closed where it is the only way",
        {"net.refused": "fail", "http.port_80_closed": "fail"},
        (APEX,),
        (f"host-record={AUTODISCOVER},127.0.0.9",),
    ),
    Case(
        "200 instead of 401",
        {"http.no_challenge": "fail"},
        (APEX, Host(AUTODISCOVER, discovery(OPEN[13:-2]))),
    ),
    Case("a web page instead of AutoDiscover", {"http.web_page": "fail"}, (APEX, Host(AUTODISCOVER, HTML))),
    Case(
        "401 without Basic",
        {"http.no_basic": "fail"},
        (APEX, Host(AUTODISCOVER, discovery("add_header WWW-Authenticate NTLM always; return 401;"))),
        word="WWW-Authenticate is NTLM",
    ),
    Case("403", {"http.forbidden": "fail"}, (APEX, Host(AUTODISCOVER, discovery("return 403;")))),
    Case("404", {"http.not_found": "fail"}, (APEX, Host(AUTODISCOVER, ABSENT))),
    Case(
        "a name that the server does not know",
        {"http.misdirected": "fail"},
        (APEX, Host(AUTODISCOVER, "location / { return 421; }")),
    ),
    Case(
        "nothing behind the proxy",
        {"http.backend_down": "fail"},
        (APEX, Host(AUTODISCOVER, discovery("return 502;"))),
    ),
    Case(
        "a server that fails",
        {"http.server_error": "fail"},
        (APEX, Host(AUTODISCOVER, discovery("return 500;"))),
    ),
    Case(
        "SOAP that nobody hears of",
        {"http.no_soap_header": "warn"},
        (APEX, Host(AUTODISCOVER, discovery(f"{BASIC} return 401;"))),
    ),
    Case(
        "a redirect before the challenge",
        {"http.anonymous_redirect": "warn"},
        (
            APEX,
            Host(AUTODISCOVER, redirect("https://mail.acme.example$uri")),
            Host("mail.acme.example"),
        ),
    ),
    Case(
        "port 80 leads .xml to .svc",
        {"redirect.wrong_suffix": "fail"},
        (APEX, Host(AUTODISCOVER, http=redirect("https://$host/autodiscover/autodiscover.svc"))),
    ),
    Case(
        "port 80 leads to the home page",
        {"redirect.not_autodiscover": "warn"},
        (APEX, Host(AUTODISCOVER, http=redirect("https://$host/"))),
    ),
    Case(
        "port 80 leads to port 80",
        {"redirect.not_https": "warn"},
        (APEX, Host(AUTODISCOVER, http=redirect("http://mail.acme.example$uri"))),
    ),
    Case(
        "port 80 leads to a provider",
        {"redirect.foreign_host": "warn"},
        (
            APEX,
            Host(AUTODISCOVER, http=redirect("https://autodiscover.provider.example$uri")),
            Host("autodiscover.provider.example"),
        ),
        word="autodiscover.provider.example",
    ),
    Case(
        "a loop of redirects",
        {"redirect.loop": "fail", "http.anonymous_redirect": "fail"},
        (
            APEX,
            Host(AUTODISCOVER, redirect("https://mail.acme.example$uri")),
            Host("mail.acme.example", redirect(f"https://{AUTODISCOVER}$uri")),
        ),
    ),
    Case("port 80 answers itself", {"redirect.none": "warn"}, (APEX, Host(AUTODISCOVER, http=ABSENT))),
    Case(
        "port 80 asks for the password",
        {"redirect.challenge": "fail"},
        (APEX, Host(AUTODISCOVER, http=CHALLENGES)),
    ),
    Case(
        "port 80 redirects GET only",
        {"redirect.post": "warn"},
        (
            APEX,
            Host(
                AUTODISCOVER,
                http=f"location / {{ if ($request_method = POST) {{ return 405; }} {REDIRECTS[13:]}",
            ),
        ),
    ),
    Case(
        "port 80 redirects .xml only",
        {"redirect.no_svc": "warn"},
        (APEX, Host(AUTODISCOVER, http=f"location ~ xml$ {{ return 302 https://$host$uri; }} {ABSENT}")),
    ),
    Case(
        "lower case only",
        {"http.case_sensitive": "warn"},
        (APEX, Host(AUTODISCOVER, CHALLENGES.replace("~*", "~"))),
    ),
    Case(
        "a wildcard that leads to a web host",
        {
            "dns.wildcard": "warn",
            "http.apex_html": "fail",
            "http.web_page": "fail",
            "tls.name_mismatch": "fail",
        },
        (Host(DOMAIN, HTML), Host(AUTODISCOVER, HTML)),
        (f"address=/{DOMAIN}/127.0.0.1",),
        a=False,
    ),
    Case(
        "IPv6 only",
        {"dns.ipv6_only": "fail"},
        (APEX, Host(AUTODISCOVER, address="[::1]")),
        (f"host-record={AUTODISCOVER},::1", f"host-record={DOMAIN},127.0.0.1"),
        a=False,
    ),
    Case(
        "IPv6 that nobody listens on",
        {"dns.ipv6_broken": "warn"},
        (APEX, Host(AUTODISCOVER)),
        (f"host-record={AUTODISCOVER},::1",),
    ),
    Case(
        "autoconfig that insists on the address",
        {"autoconfig.needs_address": "fail", "autoconfig.no_smtp": "warn"},
        (
            APEX,
            Host(AUTODISCOVER),
            Host(
                f"autoconfig.{DOMAIN}",
                "location / { if ($arg_emailaddress = '') { return 400; } default_type text/xml; "
                "return 200 '<clientConfig version=\"1.1\"/>'; }",
            ),
        ),
    ),
)


@pytest.mark.nginx
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_fault_is_found_and_no_other(case: Case, tmp_path: Path) -> None:
    with lab(tmp_path, *case.hosts, records=case.records, a=case.a) as running:
        report = await running.examine()
    assert codes(report) == case.found
    assert report.healthy == ("fail" not in case.found.values())
    assert any(case.word in fault.fact + fault.mend for fault in report.faults)


@pytest.mark.nginx
async def test_a_sound_deployment_has_no_fault(tmp_path: Path) -> None:
    with lab(tmp_path, APEX, Host(AUTODISCOVER)) as running:
        report = await running.examine()
    assert codes(report) == {}
    assert report.healthy
    assert sound_ends(report) == {"outlook", "phone", "exchangelib"}


def sound_ends(report: Report) -> set[str]:
    """Those of three families that come to the password."""
    wanted = ("outlook:", "phone:", "exchangelib:")
    branches = [branch for branch in report.branches if branch.title.startswith(wanted)]
    return {branch.title.partition(":")[0] for branch in branches if branch.status.value == "pass"}


XML = {"content-type": "text/xml"}
ERROR = (
    b'<?xml version="1.0"?><Autodiscover><Response><Error><ErrorCode>500</ErrorCode></Error>'
    b"</Response></Autodiscover>"
)
SOON = NOW + timedelta(days=3)
JSON_OK = b'{"Protocol":"AutodiscoverV1","Url":"https://mail.acme.example/autodiscover/autodiscover.xml"}'


@pytest.mark.parametrize(
    ("code", "ask", "hop"),
    [
        ("net.timeout", Ask.XML_POST, silence(Trouble.TIMEOUT)),
        ("net.unreachable", Ask.XML_POST, silence(Trouble.UNREACHABLE)),
        ("http.slow", Ask.XML_POST, replace(challenge(), seconds=6.0)),
        ("tls.expires_soon", Ask.XML_POST, replace(challenge(), until=SOON)),
        ("answer.broken", Ask.MOBILE, page(200, body=b"<Autodiscover", signed_in=True)),
        ("answer.error", Ask.MOBILE, page(200, body=ERROR, signed_in=True, headers=XML)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_that_no_laboratory_shows_quickly(code: str, ask: Ask, hop: Hop) -> None:
    found = examine(observed((Place.AUTODISCOVER, ask, hop)))
    assert code in {finding.code for finding in found}
    assert all(finding.fact and finding.mend for finding in found)


def test_redirects_without_end() -> None:
    hops = tuple(page(302, headers={"location": f"https://acme.example/{count}"}) for count in range(11))
    seen = observed()
    seen.trails[Place.AUTODISCOVER, Ask.XML_POST] = Trail(hops, Stop.TOO_MANY)  # type: ignore[index]
    (many,) = (finding for finding in examine(seen) if finding.code == "redirect.too_many")
    assert "11" in many.fact


@pytest.mark.parametrize(("good", "bad"), [(Ask.JSON_FORM, Ask.JSON_PATH), (Ask.JSON_PATH, Ask.JSON_FORM)])
def test_one_form_of_json_alone(good: Ask, bad: Ask) -> None:
    answered = page(200, ask=good, body=JSON_OK, headers={"content-type": "application/json"})
    found = examine(
        observed((Place.AUTODISCOVER, good, answered), (Place.AUTODISCOVER, bad, page(404, ask=bad)))
    )
    assert "json.one_form" in {finding.code for finding in found}


async def test_a_domain_whose_name_servers_fail(tmp_path: Path) -> None:
    from tests.support.dns_server import Misfit, failing

    with Misfit(failing()) as names, lab(tmp_path) as running:
        report = await Lab(names.server, running.ways).examine()
    assert codes(report) == {"dns.failed": "fail", "dns.srv_failed": "warn"}
