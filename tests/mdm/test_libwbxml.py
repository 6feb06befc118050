"""libwbxml as an oracle: two codecs that share nothing read and write the same documents.

Every difference is explained in docs/divergences.md, and the tables there are what these tests go by.
"""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings

from mdm.codepages import NAMES, PAGES, Tag, tag
from mdm.element import Element, element
from mdm.errors import WBXMLError
from mdm.wbxml import decode, encode
from tests.support.trees import data_trees

pytestmark = pytest.mark.skipif(
    shutil.which("wbxml2xml") is None, reason="needs libwbxml2-utils: apt-get install libwbxml2-utils"
)

DOC = (Path(__file__).parent.parent.parent / "docs" / "divergences.md").read_text(encoding="utf-8")
SHARED_PAGES = range(25)
OCTETS = {
    tag("ComposeMail", "Mime"),
    tag("Email2", "ConversationId"),
    tag("Email2", "ConversationIndex"),
    tag("ItemOperations", "ConversationId"),
    tag("Search", "ConversationId"),
    tag("ResolveRecipients", "Data"),
    tag("GAL", "Data"),
    tag("AirSyncBase", "Content"),
}
"""Elements whose content libwbxml writes as base64 and reads into an opaque."""


def rows(heading: str) -> list[list[str]]:
    section = DOC.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def as_tag(cell: str) -> Tag:
    page, _, token = cell.partition(":")
    return int(page), int(token, 16)


LIBRARY_NAMES = {number: name for number, (_, name) in NAMES.items()} | {
    as_tag(number): name for number, _, name, _ in rows("Names")
}
MISSING = {number for number, name in LIBRARY_NAMES.items() if name == "unknown"}


def namespace(page: int) -> str:
    return {"GAL": "Gal"}.get(PAGES[page], PAGES[page]) + ":"


def to_xml(data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = ["wbxml2xml", "-l", "ACTIVESYNC", "-m", "0", "-k", "-o", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=False)


def to_wbxml(xml: bytes) -> bytes:
    command = ["xml2wbxml", "-a", "-n", "-k", "-v", "1.3", "-o", "-", "-"]
    done = subprocess.run(command, input=xml, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def typed(node: Element) -> Element:
    """The tree with octets where libwbxml has octets."""
    children = [
        typed(child) if isinstance(child, Element) else child.encode() if node.tag in OCTETS else child
        for child in node.children
        if isinstance(child, Element | str)
    ]
    return Element(node.tag, list(children))


def as_xml(node: Element) -> str:
    """What we say a document is, in libwbxml's names."""
    name = LIBRARY_NAMES[node.tag]
    inside = "".join(
        as_xml(child)
        if isinstance(child, Element)
        else escape(child)
        if isinstance(child, str)
        else base64.b64encode(child).decode()
        for child in node.children
    )
    return f'<{name} xmlns="{namespace(node.tag[0])}">{inside}</{name}>'


def flat(xml: str | bytes) -> Iterator[tuple[str, str]]:
    for node in fromstring(xml).iter():
        yield node.tag, node.text or ""


def shared(node: Element) -> bool:
    """Whether libwbxml knows every token, and no element holds both octets by type and elements."""
    elements = [child for child in node.children if isinstance(child, Element)]
    if node.tag in MISSING or (node.tag in OCTETS and elements):
        return False
    return all(shared(child) for child in elements)


TREES = data_trees(SHARED_PAGES).filter(shared).map(typed)


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_libwbxml_reads_what_we_write(root: Element) -> None:
    done = to_xml(encode(root))
    assert done.returncode == 0, done.stderr
    assert list(flat(done.stdout)) == list(flat(as_xml(root)))


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_we_read_what_libwbxml_writes_and_would_have_written_the_same(root: Element) -> None:
    doctype = '<!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN" "http://www.microsoft.com/">'
    data = to_wbxml(f'<?xml version="1.0" encoding="UTF-8"?>{doctype}{as_xml(root)}'.encode())
    assert decode(data) == root
    assert encode(root) == data


def test_every_token_has_the_same_number_and_the_names_differ_as_documented() -> None:
    numbers = [number for number in NAMES if number[0] in SHARED_PAGES]
    data = encode(element(tag("AirSync", "Sync"), *(element(number) for number in numbers)))
    names = [node.tag.partition("}")[2] for node in fromstring(to_xml(data).stdout)]
    found = {number: name for number, name in zip(numbers, names, strict=True) if name != NAMES[number][1]}
    assert found == {as_tag(number): name for number, _, name, _ in rows("Names")}
    assert all(ours == ":".join(NAMES[as_tag(number)]) for number, ours, _, _ in rows("Names"))


@pytest.mark.parametrize(("octets", "message"), [(row[1], row[2]) for row in rows("Documents")])
def test_documents_that_only_libwbxml_reads(octets: str, message: str) -> None:
    data = bytes.fromhex(octets.strip("`"))
    assert to_xml(data).returncode == 0
    with pytest.raises(WBXMLError, match=re.escape(message)):
        decode(data)


@pytest.mark.parametrize("octets", [row[1] for row in rows("Documents that both read")])
def test_documents_that_both_read_each_in_its_way(octets: str) -> None:
    data = bytes.fromhex(octets.strip("`"))
    assert to_xml(data).returncode == 0
    assert encode(decode(data)) == data.rstrip(b"\x00")


@pytest.mark.parametrize(
    "octets", ["454B0341", "454B034100", "454BC30541", "454BC38080808080024101", "45", ""], ids=repr
)
def test_documents_that_both_refuse(octets: str) -> None:
    data = bytes.fromhex("03016A00" + octets)
    assert to_xml(data).returncode != 0
    with pytest.raises(WBXMLError):
        decode(data)
