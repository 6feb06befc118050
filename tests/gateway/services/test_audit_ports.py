"""The ports of the audit trail, held by the store's rows and by the keys that sign it."""

import pytest

from certs.signing import Signer, Trusted
from gateway.services import audit_ports
from gateway.store.audit import AuditRows
from gateway.store.audit_chain import ChainRows
from tests.support.agreement import assert_kept

PAIRS = [
    (audit_ports.AuditTrail, AuditRows),
    (audit_ports.Chain, ChainRows),
    (audit_ports.Signing, Signer),
    (audit_ports.Trusting, Signer),
    (audit_ports.Trusting, Trusted),
]


@pytest.mark.parametrize(("port", "kept_by"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, kept_by: type) -> None:
    assert_kept(port, kept_by)
