"""nginx's texts name the paths that the gateway has, and no others (product 9.2; T14)."""

import re

import pytest

from autodiscover import match
from gateway.cli import nginx_texts
from gateway.endpoints.profiles import ProfileEndpoint
from gateway.endpoints.wellknown import WellKnown

PATHS = [
    "/autodiscover/autodiscover.xml",
    "/Autodiscover/Autodiscover.svc",
    "/autodiscover/autodiscover.json",
    "/autodiscover/autodiscover.json/v1.0/anna@acme.example",
    "/mail/config-v1.1.xml",
    "/v1.1/mail/config-v1.1.xml",
    "/.well-known/autoconfig/mail/config-v1.1.xml",
    "/.well-known/user-agent-configuration.json",
    "/.well-known/caldav",
    "/.well-known/carddav/",
    "/mobileconfig",
    "/email.mobileconfig",
    "/apple.mobileconfig",
    "/mobileconfig/" + "0" * 64,
    "/",
    "/mail/",
    "/autodiscover/",
    "/autodiscover/autodiscover.xmlx",
    "/api/v1/devices",
    "/mobileconfig/0",
    "/.well-known/",
]


@pytest.mark.parametrize("path", PATHS)
def test_nginx_and_the_gateway_agree_on_the_paths_of_discovery(path: str) -> None:
    ours = match(path) is not None or ProfileEndpoint.matches(path) or WellKnown.matches(path)
    theirs = any(re.fullmatch(pattern, path, re.IGNORECASE) for pattern in nginx_texts.DISCOVERY)
    assert ours == theirs


def test_every_mark_is_a_value_and_every_file_ends_its_last_line() -> None:
    for text in (nginx_texts.GATEWAY, nginx_texts.SITE, nginx_texts.FOREIGN, *nginx_texts.SNIPPETS.values()):
        assert text.endswith("\n") and not text.endswith("\n\n")
        assert text.count("{") == text.count("}")
