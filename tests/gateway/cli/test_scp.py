"""``usher scp`` (product 2.7, 7.4)."""

from collections.abc import Callable
from typing import Any

from tests.support.desk import Usher

URL = "https://localhost/autodiscover/autodiscover.xml"


def test_the_object_is_named_by_the_public_host(usher: Usher, acme: str) -> None:
    told = usher("scp", "ldif", "--site", "Berlin").stdout
    assert told.startswith("version: 1\n\ndn: CN=Usher,CN=Services,CN=Configuration,DC=X\nchangetype: add\n")
    assert "\ndn: CN=localhost,CN=Usher,CN=Services,CN=Configuration,DC=X\n" in told
    assert f"\nserviceBindingInformation: {URL}\n" in told
    assert "\nkeywords: Site=Berlin\n" in told
    assert told.endswith("\n")
    assert not told.endswith("\n\n")
    assert "acme.example" not in told


def test_pointers_for_every_domain(usher: Usher, acme: str) -> None:
    usher("domain", "add", acme, "acme.test")
    context = "CN=Configuration,DC=users,DC=test"
    told = usher("scp", "ldif", "--pointers-to", "resource.test", "--naming-context", context).stdout
    for domain in ("acme.example", "acme.test"):
        assert f"\nkeywords: Domain={domain}\n" in told
    assert told.count("\nserviceBindingInformation: LDAP://resource.test\n") == 2
    assert URL not in told


def test_the_objects_are_a_document(asked: Callable[..., Any], acme: str) -> None:
    container, point = asked("scp", "ldif")["entries"]
    assert container["dn"] == "CN=Usher,CN=Services,CN=Configuration,DC=X"
    assert ["serviceBindingInformation", URL] in point["attributes"]
