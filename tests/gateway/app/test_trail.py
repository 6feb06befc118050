"""The use cases of the audit trail as they are wired: where its key comes from and what is kept outside."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from certs.signing import Signer, new_signing_key
from gateway.app.trail import Trail, trail
from gateway.config import Config
from gateway.config.telling import Audit
from gateway.errors import GatewayError, Kind
from gateway.services.audit_verifying import LastReport
from tests.support.desk import Desk
from tests.support.inhabited import ADMIN


def wired(desk: Desk, **settings: Path) -> Trail:
    """The use cases with these settings, after something happened that is to be sealed."""
    desk.services.tenants.create_organisation(ADMIN, f"m{len(desk.services.tenants.organisations())}")
    config: Config = replace(desk.config, audit=Audit(**settings))
    return trail(
        config, desk.services.store, lambda: pytest.fail("no secret is needed for this"), LastReport()
    )


def test_checkpoints_are_appended_to_the_file_outside(desk: Desk, tmp_path: Path) -> None:
    seal = wired(desk, checkpoint_file=tmp_path / "outside").checkpoints.round()
    assert seal is not None
    lines = (tmp_path / "outside").read_text().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [seal.sequence]


@pytest.mark.parametrize("handed_over", [True, False])
def test_a_former_key_is_believed_where_it_was_handed_over(
    desk: Desk, tmp_path: Path, handed_over: bool
) -> None:
    assert wired(desk).checkpoints.round() is not None
    (tmp_path / "former.pem").write_bytes(Signer(desk.config.audit_key_file.read_bytes()).public)
    desk.config.audit_key_file.write_bytes(new_signing_key())
    settings = {"former_keys_file": tmp_path / "former.pem"} if handed_over else {}
    assert wired(desk, **settings).audit_verifier.verify().sound is handed_over


def test_without_the_key_nothing_is_sealed(desk: Desk) -> None:
    desk.config.audit_key_file.unlink()
    made = wired(desk)
    with pytest.raises(GatewayError) as refused:
        made.checkpoints.round()
    assert refused.value.kind is Kind.UNAVAILABLE
