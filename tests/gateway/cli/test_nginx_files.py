"""nginx's files as text: golden for the example, strict for every value (product 9.2)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.nginx_files import Foreign, Plan, Site, render, render_foreign
from gateway.errors import GatewayError
from tests.support.nginx_front import DISCOVERY, OTHER, PUBLIC, SOURCE

NAMES = (PUBLIC, DISCOVERY, OTHER)
TLS = Path("/etc/usher/tls")
EXAMPLE = Plan(NAMES, (Site(TLS / "certificate.pem", TLS / "key.pem", NAMES),))
PROVIDER = Foreign(
    "example.net", "https://autodiscover.provider.example", TLS / "certificate.pem", TLS / "key.pem"
)
HOSTILE = [
    "a.example; return 200",
    "a.example}",
    "a.example\nserver_name b.example",
    "a.example b.example",
    "$host",
    "a.example#",
    '"a.example"',
    "a.example'",
    "~^.*$",
    "*.example",
    ".example",
    "a..example",
    "-a.example",
    "a.example-",
    "A.example",
    "ä.example",
    "_",
    "",
    "a\\.example",
    "@DOMAIN@",
    "a" * 64 + ".example",
    "a.example\x00",
    "a.example\n",
]


def test_the_files_of_the_repository_are_what_is_rendered_for_the_example() -> None:
    rendered = render(EXAMPLE) | render_foreign(PROVIDER)
    present = {str(path.relative_to(SOURCE)): path.read_text() for path in SOURCE.rglob("*.conf")}
    assert rendered == present, "make them anew: python -m tests.gateway.cli.test_nginx_files"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_say_anything_to_nginx(name: str) -> None:
    site = Site(TLS / "c.pem", TLS / "k.pem", (PUBLIC, name))
    for plan in (Plan((PUBLIC, name), ()), Plan((PUBLIC,), (site,))):
        with pytest.raises(GatewayError):
            render(plan)
    with pytest.raises(GatewayError):
        render_foreign(Foreign(name, PROVIDER.target, PROVIDER.certificate, PROVIDER.key))


@pytest.mark.parametrize("path", ["/a b", "/a;", "/a}", "/$a", '/"', "a/b", "/a\nb", "/#", "/a\\"])
def test_no_path_can(path: str) -> None:
    with pytest.raises(GatewayError):
        render(Plan((PUBLIC,), (Site(Path(path), TLS / "k.pem", (PUBLIC,)),)))
    with pytest.raises(GatewayError):
        render(Plan((PUBLIC,), (Site(TLS / "c.pem", Path(path), (PUBLIC,)),)))
    with pytest.raises(GatewayError):
        render_foreign(Foreign("a.example", PROVIDER.target, Path(path), PROVIDER.key))


@pytest.mark.parametrize(
    "upstream", ["unix:/a b", "unix:a", "h:80; x", "h", "$h:80", "unix:/a;", "http://h:80"]
)
def test_no_upstream_can(upstream: str) -> None:
    with pytest.raises(GatewayError):
        render(Plan((PUBLIC,), (), upstream))


@pytest.mark.parametrize(
    "target",
    [
        "http://a.example",
        "https://a.example/path",
        "https://a.example?x",
        "https://a.example#x",
        "https://u:p@a.example",
        "https://a.example;x",
        "https://a.example:99999",
        "https://$host",
        "https://[::1]",
        "https://",
        "a.example",
        "https://a b",
    ],
)
def test_no_target_but_a_plain_https_host(target: str) -> None:
    with pytest.raises(GatewayError):
        render_foreign(Foreign("a.example", target, PROVIDER.certificate, PROVIDER.key))


@pytest.mark.parametrize("resolver", ["a.example", "1.1.1.1;", "$x", "::1"])
def test_no_resolver_but_an_address(resolver: str) -> None:
    with pytest.raises(GatewayError):
        render_foreign(
            Foreign("a.example", "https://b.example", PROVIDER.certificate, PROVIDER.key, resolver)
        )


@given(st.text(max_size=30))
def test_whatever_is_taken_is_a_name(name: str) -> None:
    try:
        text = render(Plan((PUBLIC, name), ()))["gateway.conf"]
    except GatewayError:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert f"server_name {PUBLIC} {name};" in text


def test_long_names_and_many_find_room_in_the_table() -> None:
    long = ".".join(["a" * 60] * 4) + ".example"
    text = render(Plan((PUBLIC, long), ()))["gateway.conf"]
    assert "server_names_hash_bucket_size 512;" in text
    many = render(Plan((PUBLIC, *(f"d{number}.example" for number in range(3000))), ()))["gateway.conf"]
    assert "server_names_hash_max_size 16384;" in many


def test_a_resolver_makes_nginx_ask_again() -> None:
    foreign = Foreign(
        "a.example", "https://b.example:8443", PROVIDER.certificate, PROVIDER.key, "127.0.0.1:53"
    )
    text = render_foreign(foreign)["snippets/foreign-a.example.conf"]
    assert "resolver 127.0.0.1:53 valid=60s;" in text
    assert "set $usher_target b.example:8443;" in text and "proxy_pass https://$usher_target;" in text


def write() -> None:
    for name, text in (render(EXAMPLE) | render_foreign(PROVIDER)).items():
        (SOURCE / name).write_text(text)


if __name__ == "__main__":
    write()
