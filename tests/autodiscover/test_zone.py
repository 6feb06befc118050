"""What a domain publishes follows from what is served (product 2.5; spec/autodiscover.md 9, 10, 12)."""

from dataclasses import replace

import dns.rdatatype
import dns.zone
import pytest

from autodiscover.model import Encryption, Endpoints, MailServer
from autodiscover.zone import (
    MailRecords,
    Need,
    Publication,
    Purpose,
    Record,
    document,
    records,
    zone_file,
    zone_lines,
)

BARE = Publication("acme.test", "mail.example.test", Endpoints("https://mail.example.test/"))
FULL = Publication(
    "acme.test",
    "mail.example.test",
    Endpoints(
        "https://mail.example.test/",
        imap=MailServer("imap.example.test", 993),
        pop3=MailServer("pop.example.test", 110, Encryption.TLS),
        smtp=MailServer("smtp.example.test", 587, Encryption.TLS),
        caldav="https://dav.example.test/SOGo/dav/",
        carddav="http://dav.example.test:8080",
    ),
    proof="0123456789abcdef" * 2,
    mail=MailRecords(
        ("mx1.example.test", "mx2.example.test"), "v=spf1 mx -all", "v=DMARC1; p=reject", ("s1", "s2")
    ),
    pacc_digest="4Tv+/w==",
)


def shown(publication: Publication) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.name, each.rdtype, each.values) for each in records(publication)]


def test_nothing_is_asked_for_what_is_not_offered() -> None:
    assert shown(BARE) == [
        ("autodiscover.acme.test", "CNAME", ("mail.example.test",)),
        ("_autodiscover._tcp.acme.test", "SRV", ("0 0 443 mail.example.test",)),
        ("autoconfig.acme.test", "CNAME", ("mail.example.test",)),
        ("acme.test", "MX", ()),
        ("acme.test", "TXT", ()),
        ("_dmarc.acme.test", "TXT", ()),
    ]


def test_everything_that_is_offered_has_its_record() -> None:
    assert shown(FULL) == [
        ("_usher.acme.test", "TXT", ("usher-verification=0123456789abcdef0123456789abcdef",)),
        ("autodiscover.acme.test", "CNAME", ("mail.example.test",)),
        ("_autodiscover._tcp.acme.test", "SRV", ("0 0 443 mail.example.test",)),
        ("autoconfig.acme.test", "CNAME", ("mail.example.test",)),
        ("acme.test", "MX", ("10 mx1.example.test", "20 mx2.example.test")),
        ("acme.test", "TXT", ("v=spf1 mx -all",)),
        ("_dmarc.acme.test", "TXT", ("v=DMARC1; p=reject",)),
        ("s1._domainkey.acme.test", "TXT", ()),
        ("s2._domainkey.acme.test", "TXT", ()),
        ("ua-auto-config.acme.test", "CNAME", ("mail.example.test",)),
        ("_ua-auto-config.acme.test", "TXT", ("v=UAAC1; a=sha256; d=4Tv+/w==",)),
        ("_imaps._tcp.acme.test", "SRV", ("0 1 993 imap.example.test",)),
        ("_pop3._tcp.acme.test", "SRV", ("0 1 110 pop.example.test",)),
        ("_submission._tcp.acme.test", "SRV", ("0 1 587 smtp.example.test",)),
        ("_caldavs._tcp.acme.test", "SRV", ("0 1 443 dav.example.test",)),
        ("_caldavs._tcp.acme.test", "TXT", ("path=/SOGo/dav/",)),
        ("_carddav._tcp.acme.test", "SRV", ("0 1 8080 dav.example.test",)),
    ]


def test_implicit_tls_has_the_names_of_rfc_8314() -> None:
    endpoints = replace(FULL.endpoints, smtp=MailServer("s.test", 465), pop3=MailServer("p.test", 995))
    names = {each.name for each in records(replace(FULL, endpoints=endpoints))}
    assert {"_submissions._tcp.acme.test", "_pop3s._tcp.acme.test"} <= names


def test_the_required_come_first_and_live_an_hour() -> None:
    found = records(FULL)
    assert [each.need for each in found] == sorted((each.need for each in found), key=list(Need).index)
    assert {each.purpose for each in found if each.need is Need.REQUIRED} == {
        Purpose.OWNERSHIP,
        Purpose.AUTODISCOVER,
    }
    assert {each.ttl for each in found} == {3600}


def test_a_gateway_whose_name_is_autodiscover_is_no_alias_of_itself() -> None:
    (record,) = (
        each
        for each in records(replace(BARE, public_host="autodiscover.acme.test"))
        if each.purpose is Purpose.AUTODISCOVER
    )
    assert (record.rdtype, record.values) == ("A", ())


def test_another_public_port_is_in_the_srv_record() -> None:
    assert ("_autodiscover._tcp.acme.test", "SRV", ("0 0 8443 mail.example.test",)) in shown(
        replace(BARE, port=8443)
    )


def test_a_real_parser_reads_the_zone_file_as_it_is_meant() -> None:
    header = "$ORIGIN acme.test.\n@ 3600 IN SOA ns hostmaster 1 1 1 1 1\n@ 3600 IN NS ns.acme.test.\n"
    read = dns.zone.from_text(header + zone_file(records(FULL)), "acme.test.", relativize=False)
    for record in records(FULL):
        if record.values:
            found = read.get_rdataset(f"{record.name}.", record.rdtype)
            assert found is not None
            texts = {_text(each) for each in found}
            assert set(record.values) <= texts
            assert found.ttl == 3600
    assert read.get_rdataset("s1._domainkey.acme.test.", "TXT") is None


def _text(rdata: dns.rdatatype.RdataType | object) -> str:
    if hasattr(rdata, "strings"):
        return b"".join(rdata.strings).decode()
    return str(rdata).removesuffix(".")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('a "quoted" \\ word', '"a \\"quoted\\" \\\\ word"'),
        ("tab\tand ü", '"tab\\009and \\195\\188"'),
        ("x" * 300, f'"{"x" * 255}" "{"x" * 45}"'),
    ],
    ids=["quotes", "octets", "long"],
)
def test_texts_are_quoted_by_rfc_1035(value: str, written: str) -> None:
    record = Record(Purpose.SPF, Need.OPTIONAL, "a.test", "TXT", (value,))
    assert list(zone_lines(record)) == [f"a.test. 3600 IN TXT {written}"]


def test_what_has_no_value_is_a_comment() -> None:
    record = next(each for each in records(BARE) if each.purpose is Purpose.MX)
    assert list(zone_lines(record)) == [
        "; acme.test. 3600 IN MX ...  the server that takes in the domain's mail"
    ]


def test_a_record_is_a_document() -> None:
    assert document(records(BARE)[0]) == {
        "purpose": "autodiscover",
        "need": "required",
        "name": "autodiscover.acme.test",
        "type": "CNAME",
        "ttl": 3600,
        "values": ["mail.example.test"],
        "note": "",
    }
