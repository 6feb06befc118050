"""Every probe is held by the core, and one that gets through is seen as such."""

import pytest

from gateway.phone.hostile import PROBES, PROBES_IN_COMPLIANCE, attack, served
from gateway.phone.identity import QueryForm
from gateway.phone.line import Answer
from mdm.ashttp import Reply, Version


@pytest.mark.parametrize("form", QueryForm)
@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_1, Version.V16_1])
async def test_the_core_holds_every_probe(world, version, form):
    phone = world.phone(version=version, form=form)
    findings = await attack(phone)
    assert [finding.name for finding in findings if not finding.held] == []
    assert len(findings) == len(PROBES) + len(PROBES_IN_COMPLIANCE)
    assert (await phone.folder_sync()).status == 1


async def test_a_server_without_checks_is_found_out(world):
    world.checkpoint.override = lambda _: Reply(200)
    findings = await attack(world.phone(version=Version.V16_1))
    through = {finding.name for finding in findings if not finding.held}
    assert "FolderSync without a policy key" in through
    assert "GOT THROUGH" in world.texts()
    assert "a wrong password" not in through


def test_served_means_data():
    assert served(Answer(200, {}, b"", 0.0))
    assert not served(Answer(449, {}, b"", 0.0))
