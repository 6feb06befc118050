"""What stands behind the audit's ports is what they ask for; mypy checks it where the parts are joined."""

from certs.signing import Signer, Trusted, new_signing_key
from gateway.services.audit_ports import AuditTrail, Chain, Signing, Trusting
from gateway.store.audit import AuditRows
from gateway.store.audit_chain import ChainRows


def _asked_of(port: type) -> set[str]:
    return {name for name in vars(port) if not name.startswith("_")}


def test_the_rows_have_what_is_asked_of_them() -> None:
    assert _asked_of(AuditTrail) <= set(dir(AuditRows))
    assert _asked_of(Chain) <= set(dir(ChainRows))


def test_the_keys_have_what_is_asked_of_them() -> None:
    signer = Signer(new_signing_key())
    assert _asked_of(Signing) | _asked_of(Trusting) <= set(dir(signer))
    assert _asked_of(Trusting) <= set(dir(Trusted))
