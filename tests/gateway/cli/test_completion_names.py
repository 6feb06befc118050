"""The names that a shell offers, of this machine and of a remote gateway (product 7.4)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.completion_names import asked, device_ids, organisations, owners
from gateway.errors import GatewayError
from tests.support.desk import Desk


@pytest.fixture
def typed(desk: Desk, ann: str) -> Mapping[str, Any]:
    for number in range(2):
        desk.phone(ann, f"PHONE{number}")
    return {"path": desk.path, "server": "", "token_file": None, "as_json": False}


def test_names_of_this_machine(typed: Mapping[str, Any], ann: str) -> None:
    assert organisations(typed, "") == ["acme"]
    assert owners(typed, "") == owners({**typed, "organisation": "acme"}, "an") == [ann]
    assert owners(typed, "x") == []
    for name in ("address", "all_of", "owner"):
        assert device_ids({**typed, name: ann}, "phone") == ["PHONE0", "PHONE1"]
    assert device_ids({**typed, "organisation": "acme", "address": ann}, "phone1") == ["PHONE1"]


def test_a_remote_gateway_that_is_not_there(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token\n")
    with pytest.raises(GatewayError, match="reached"):
        organisations({"server": "https://127.0.0.1:1", "token_file": token}, "")


def test_no_database_is_made(desk: Desk) -> None:
    desk.services.store.close()
    (desk.path.parent / "usher.db").unlink()
    with pytest.raises(LookupError), asked({"path": desk.path}):
        pass
    assert not (desk.path.parent / "usher.db").exists()
