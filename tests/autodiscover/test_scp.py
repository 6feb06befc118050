"""LDIF for Active Directory, read back by the rules of RFC 2849 (product 2.7)."""

import base64

import pytest

from autodiscover.scp import POINTER_KEYWORD, URL_KEYWORD, Entry, entries, ldif

URL = "https://mail.example.test/autodiscover/autodiscover.xml"


def read(text: str) -> list[dict[str, list[str]]]:
    """A reader of its own: unfold, split into records, decode."""
    assert text.isascii()
    assert text.endswith("\n")
    assert all(len(line) <= 76 for line in text.splitlines())
    blocks = text.replace("\n ", "").strip("\n").split("\n\n")
    assert blocks[0] == "version: 1"
    found = []
    for block in blocks[1:]:
        entry: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, _, rest = line.partition(":")
            value = base64.b64decode(rest[1:].strip()).decode() if rest.startswith(":") else rest[1:]
            entry.setdefault(name, []).append(value)
        found.append(entry)
    return found


def test_the_object_that_outlook_looks_for() -> None:
    container, point = read(ldif(entries("mail.example.test", URL, sites=("Berlin", "Zürich"))))
    parent = "CN=Usher,CN=Services,CN=Configuration,DC=X"
    assert container == {
        "dn": [parent],
        "changetype": ["add"],
        "objectClass": ["container"],
        "cn": ["Usher"],
    }
    assert point == {
        "dn": [f"CN=mail.example.test,{parent}"],
        "changetype": ["add"],
        "objectClass": ["serviceConnectionPoint"],
        "cn": ["mail.example.test"],
        "keywords": ["77378F46-2C66-4aa9-A6A6-3E7A48B19596", "Site=Berlin", "Site=Zürich"],
        "serviceBindingInformation": [URL],
        "serviceClassName": ["ms-Exchange-AutoDiscover-Service"],
        "serviceDNSName": ["mail.example.test"],
    }


def test_the_filter_of_the_specification_finds_it_and_no_pointer() -> None:
    made = read(ldif(entries("mail.example.test", URL, domains=("acme.test",))))
    points = [each for each in made if "serviceConnectionPoint" in each["objectClass"]]
    assert [URL_KEYWORD in each["keywords"] for each in points] == [True]


def test_pointers_lead_to_another_forest_for_every_domain() -> None:
    context = "CN=Configuration,DC=users,DC=example"
    made = entries(
        "mail.example.test",
        URL,
        naming_context=context,
        domains=("acme.test", "globex.test"),
        forest="resource.example",
    )
    _, *pointers = read(ldif(made))
    assert [each["keywords"] for each in pointers] == [
        [POINTER_KEYWORD, "Domain=acme.test"],
        [POINTER_KEYWORD, "Domain=globex.test"],
    ]
    assert {each["serviceBindingInformation"][0] for each in pointers} == {"LDAP://resource.example"}
    assert pointers[0]["dn"] == [f"CN=acme.test,CN=Usher,CN=Services,{context}"]


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "ü",
        " leading",
        "trailing ",
        ":colon",
        "<file:///etc/passwd",
        "two\nlines",
        "nul\0",
        "",
        "x" * 200,
        "é" * 100,
        "in: the middle < fine",
    ],
    ids=lambda value: repr(value)[:12],
)
def test_any_value_comes_back(value: str) -> None:
    (made,) = read(ldif([Entry("CN=a", (("cn", value),))]))
    assert made["cn"] == [value]


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("plain: < text", False),
        ("ü", True),
        (" a", True),
        ("a ", True),
        (":a", True),
        ("<a", True),
        ("a\r", True),
    ],
)
def test_only_what_is_not_safe_is_base64(value: str, encoded: bool) -> None:
    assert ("cn:: " in ldif([Entry("CN=a", (("cn", value),))])) is encoded


@pytest.mark.parametrize(
    ("name", "dn"),
    [
        ("a,b+c", "CN=a\\,b\\+c,"),
        ("#first", "CN=\\#first,"),
        (" both ", "CN=\\ both\\ ,"),
        ('"<>;=\\', 'CN=\\"\\<\\>\\;\\=\\\\,'),
        ("nul\0", "CN=nul\\00,"),
    ],
    ids=["separators", "hash", "spaces", "special", "nul"],
)
def test_a_name_cannot_leave_its_place(name: str, dn: str) -> None:
    assert entries(name, URL)[1].dn.startswith(dn)
