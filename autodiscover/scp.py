"""Service connection points for Active Directory, as LDIF (product 2.7; spec/autodiscover.md 6.1 step 5).

Outlook on a machine of the domain asks its directory first: any object with the one keyword holds the URL in
``serviceBindingInformation``; ``Site=`` keywords rank it. An object with the other keyword and ``Domain=``
points to another forest, whose objects are then searched. A pointer must therefore never lead into the
forest that it stands in: the search would find it again until the client gives up. So there are pointers only
towards a forest that is named.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

URL_KEYWORD = "77378F46-2C66-4aa9-A6A6-3E7A48B19596"
POINTER_KEYWORD = "67661d7F-8FC4-4fa7-BFAC-E1D7794C1F68"
SERVICE_CLASS = "ms-Exchange-AutoDiscover-Service"
PLACEHOLDER = "CN=Configuration,DC=X"
"""What ``ldifde -c "CN=Configuration,DC=X" #configurationNamingContext`` replaces by the forest's own."""

CONTAINER = "Usher"
WIDTH = 76
"""Columns after which a line is folded (RFC 2849, note 2)."""

Attribute = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """An object to add: its distinguished name and its attributes in order."""

    dn: str
    attributes: tuple[Attribute, ...]


def entries(
    public_host: str,
    url: str,
    *,
    naming_context: str = PLACEHOLDER,
    sites: Iterable[str] = (),
    domains: Iterable[str] = (),
    forest: str = "",
) -> tuple[Entry, ...]:
    """The objects to import.

    Args:
        public_host: names the object.
        url: the https address of AutoDiscover.
        naming_context: distinguished name of the forest's configuration.
        sites: Active Directory sites that should prefer this server; none for all alike.
        domains: mail domains to point to ``forest`` for.
        forest: DNS name of another forest, which holds the object with the URL; then this file is for the
            forest of the users and holds the pointers instead.
    """
    parent = f"CN={CONTAINER},CN=Services,{naming_context}"
    container = Entry(parent, (("objectClass", "container"), ("cn", CONTAINER)))
    if forest:
        return container, *(_pointer(parent, domain, forest) for domain in domains)
    keywords = (URL_KEYWORD, *(f"Site={site}" for site in sites))
    return container, _point(parent, public_host, keywords, url)


def _pointer(parent: str, domain: str, forest: str) -> Entry:
    return _point(parent, domain, (POINTER_KEYWORD, f"Domain={domain}"), f"LDAP://{forest}")


def _point(parent: str, name: str, keywords: Sequence[str], binding: str) -> Entry:
    attributes = (
        ("objectClass", "serviceConnectionPoint"),
        ("cn", name),
        *(("keywords", keyword) for keyword in keywords),
        ("serviceBindingInformation", binding),
        ("serviceClassName", SERVICE_CLASS),
        ("serviceDNSName", name),
    )
    return Entry(f"CN={_escaped(name)},{parent}", attributes)


def _escaped(value: str) -> str:
    """A value within a distinguished name (RFC 4514 2.4)."""
    text = "".join(f"\\{each}" if each in '"+,;<>\\=' else each for each in value).replace("\0", "\\00")
    if text.startswith((" ", "#")):
        text = f"\\{text}"
    return f"{text[:-1]}\\ " if text.endswith(" ") and len(text) > 1 else text


def ldif(wanted: Iterable[Entry]) -> str:
    """The file (RFC 2849), each entry to be added."""
    lines = ["version: 1"]
    for entry in wanted:
        lines += ["", *_attribute("dn", entry.dn), "changetype: add"]
        for name, value in entry.attributes:
            lines += _attribute(name, value)
    return "\n".join(lines) + "\n"


def _attribute(name: str, value: str) -> Iterator[str]:
    if _is_safe(value):
        line = f"{name}: {value}"
    else:
        line = f"{name}:: {base64.b64encode(value.encode('utf-8')).decode('ascii')}"
    yield line[:WIDTH]
    for at in range(WIDTH, len(line), WIDTH - 1):
        yield f" {line[at : at + WIDTH - 1]}"


def _is_safe(value: str) -> bool:
    """SAFE-STRING of RFC 2849; one that ends with a space is not safe either (note 8)."""
    return (
        value.isascii()
        and not any(each in value for each in "\0\r\n")
        and not value.startswith((" ", ":", "<"))
        and not value.endswith(" ")
    )
