"""The table of faults: complete, distinct, and fit to be filled in."""

from string import Formatter

from gateway.doctor.findings import KINDS, Finding, Severity
from gateway.doctor.observations import Place


def test_every_kind_has_its_own_code_and_title() -> None:
    assert all(code == kind.code and code.count(".") == 1 for code, kind in KINDS.items())
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)
    assert all(kind.mend.rstrip().endswith((".", ")")) for kind in KINDS.values())


def test_the_codes_that_programs_may_rely_on() -> None:
    """Required by issue 3; a code that is gone or renamed breaks somebody's monitoring."""
    promised = {
        "dns.no_record",
        "dns.srv_many",
        "dns.ipv6_only",
        "dns.ipv6_broken",
        "dns.wildcard",
        "tls.alias_without_certificate",
        "tls.missing_intermediate",
        "tls.expired",
        "tls.self_signed",
        "http.apex_html",
        "http.apex_foreign",
        "http.port_80_closed",
        "http.no_challenge",
        "http.no_basic",
        "http.backend_down",
        "redirect.wrong_suffix",
        "redirect.loop",
        "auth.wrong_password",
        "eas.blocked",
        "eas.down",
        "proxy.cuts_poll",
        "proxy.stores_requests",
        "proxy.stores_responses",
    }
    assert promised <= set(KINDS)


def test_a_finding_fills_in_its_texts() -> None:
    finding = Finding("dns.no_record", "a.example", {"failure": "gone"}, frozenset({Place.AUTODISCOVER}))
    assert finding.fact == "a.example: gone"
    assert "a.example" in finding.mend
    assert finding.kind.severity is Severity.BLOCKS


def test_templates_name_nothing_unexpected() -> None:
    known = {
        *("subject", "failure", "target", "addresses", "working", "records", "domain", "detail", "seconds"),
        *(
            "until",
            "media",
            "named",
            "elsewhere",
            "offered",
            "status",
            "count",
            "types",
            "error",
            "namespace",
        ),
    }
    for kind in KINDS.values():
        named = {name for text in (kind.fact, kind.mend) for _, name, _, _ in Formatter().parse(text) if name}
        assert named <= known, kind.code
