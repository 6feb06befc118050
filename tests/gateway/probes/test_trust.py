"""Why a chain is refused (product 2.6); ``test_fetch`` shows each reason over a real connection."""

from datetime import timedelta
from pathlib import Path

import pytest

from certs import authority, csr, keys
from gateway.probes.answers import Chain, Reason
from gateway.probes.trust import context, distrust, roots
from tests.support.stranger import (
    MIDDLE,
    NOW,
    ROOT,
    expired,
    incomplete,
    self_signed,
    sound,
    trusted,
    untrusted,
)

NAME = "mail.acme.test"


def weak() -> Chain:
    key = keys.new_key()
    client = authority.issue(MIDDLE, csr.Request((NAME,), key.public_key()), NOW)
    return (MIDDLE.certificate, *client[1:])


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (sound(NAME).chain, None),
        (sound("*.acme.test").chain, None),
        (sound("acme.test").chain, Reason.TLS_NAME),
        (expired(NAME).chain, Reason.TLS_EXPIRED),
        (expired("other.test").chain, Reason.TLS_EXPIRED),
        (incomplete(NAME).chain, Reason.TLS_INCOMPLETE),
        (untrusted(NAME).chain, Reason.TLS_UNTRUSTED),
        (self_signed(NAME).chain, Reason.TLS_SELF_SIGNED),
        (self_signed("other.test").chain, Reason.TLS_SELF_SIGNED),
    ],
    ids=[
        "sound",
        "star",
        "name",
        "expired",
        "expired-and-name",
        "incomplete",
        "untrusted",
        "self-signed",
        "self-signed-and-name",
    ],
)
def test_the_fault_that_comes_first_is_told(chain: Chain, reason: Reason | None) -> None:
    verdict = distrust(chain, NAME, ROOT.chain, NOW)
    assert (verdict and verdict[0]) == reason


def test_not_yet_valid_is_a_matter_of_dates() -> None:
    verdict = distrust(sound(NAME).chain, NAME, ROOT.chain, NOW - timedelta(days=2))
    assert verdict is not None
    assert verdict[0] is Reason.TLS_EXPIRED
    assert "valid only from" in verdict[1]


def test_a_certificate_without_names_is_for_nobody() -> None:
    verdict = distrust(weak(), NAME, ROOT.chain, NOW)
    assert verdict == (Reason.TLS_NAME, "the certificate is for no name at all, not for mail.acme.test")


def test_a_key_that_can_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certs.chain.weakness", lambda _: "RSA with fewer than 2048 bits")
    verdict = distrust(sound(NAME).chain, NAME, ROOT.chain, NOW)
    assert verdict is not None
    assert verdict[0] is Reason.TLS_WEAK


def test_authorities_of_a_file_or_of_the_machine(tmp_path: Path) -> None:
    assert roots(trusted(tmp_path)) == ROOT.chain
    assert roots(None) is roots(None)
    assert context(trusted(tmp_path)).check_hostname
