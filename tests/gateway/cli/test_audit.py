"""``usher audit`` (product 8, 7.4)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import audit
from gateway.records.chain import intact
from gateway.services.audit_export import link_of
from tests.support.desk import Desk, Usher

DROP = ("audit_update", "audit_delete", "audit_insert")


def tamper(desk: Desk, statement: str) -> None:
    """What somebody does who owns the database."""
    with desk.services.store._engine.begin() as connection:
        for name in DROP:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql(statement)


def test_filters_and_pages(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.phone(ann)
    usher("device", "wipe", ann, "--reason", "lost")
    monkeypatch.setattr(audit, "PAGE", 2)
    everything = asked("audit", "list")["items"]
    numbers = [each["sequence"] for each in everything]

    def listed(*options: str) -> list[int]:
        return [each["sequence"] for each in asked("audit", "list", *options)["items"]]

    assert numbers == sorted(numbers) and len(numbers) > 4
    assert listed("--limit", "3") == numbers[:3]
    assert listed("--after", str(numbers[-2])) == numbers[-1:]
    assert listed("--newest-first", "--limit", "3") == numbers[:-4:-1]
    assert listed("--user", ann, "--device", "phone1") == listed("--target", everything[-1]["target"])
    assert listed("--outcome", "refused") == listed("--until", "2020-01-01T00:00:00Z") == []
    assert listed("--actor", "root", "--since", "2020-01-01T00:00:00Z") != []
    (wipe,) = asked("audit", "list", "--tag", "admin:wipe:required", "--org", "acme")["items"]
    assert wipe["reason"] == "lost"
    assert asked("audit", "list", "--target", wipe["target"])["items"][-1] == wipe
    assert "lost" in usher("audit", "list").stdout


def test_the_trail_of_a_removed_organisation(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    number = asked("org", "show", acme)["id"]
    usher("org", "remove", acme, "--alias", acme)
    tags = [each["tag"] for each in asked("audit", "list", "--org", number)["items"]]
    assert tags[-1] == "admin:organisation:removed"


def test_wrong_questions(usher: Usher) -> None:
    usher("audit", "list", "--tag", "nothing", code=2)
    usher("audit", "list", "--limit", "0", code=2)
    usher("audit", "list", "--since", "yesterday", code=2)
    usher("audit", "list", "--device", "PHONE1", code=2)


def test_verifying(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    assert "the trail is sound" in usher("audit", "verify").stdout
    desk.services.checkpoints.round()
    report = asked("audit", "verify")
    assert report["sound"] and report["checkpoint"]["sequence"] == report["last"]
    tamper(desk, "UPDATE audit SET reason = 'x' WHERE sequence = 2")
    told = usher("audit", "verify", code=1)
    assert "record 2: is not what was written" in told.stdout and "not sound" in told.stderr


def test_checkpoints_that_were_kept_elsewhere(
    usher: Usher, desk: Desk, ann: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.jsonl"
    written = desk.services.checkpoints
    monkeypatch.setattr(written, "_outside", lambda text: kept.write_text(f"noise\n{text}\n"))
    assert desk.services.checkpoints.round() is not None
    assert "sound" in usher("audit", "verify", "--checkpoints", str(kept)).stdout
    tamper(desk, "DELETE FROM audit WHERE sequence > 2")
    tamper(desk, "DROP TRIGGER audit_seals_delete")
    tamper(desk, "DELETE FROM audit_seals")
    assert "sound" in usher("audit", "verify").stdout
    assert "is missing at the end" in usher("audit", "verify", "--checkpoints", str(kept), code=1).stdout


def test_the_key_and_an_archive_that_is_verified_anywhere(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str, tmp_path: Path
) -> None:
    key, path = tmp_path / "key.pem", tmp_path / "old.jsonl"
    key.write_text(usher("audit", "key").stdout)
    before = len(asked("audit", "list")["items"])
    mark = asked("audit", "archive", "--before", "2100-01-01T00:00:00Z", "--to", str(path))
    assert mark["count"] == mark["sequence"] == before
    assert path.stat().st_mode & 0o777 == 0o600
    (left,) = asked("audit", "list")["items"]
    assert (left["tag"], left["sequence"]) == ("admin:audit:archived", before + 1)
    assert "sound" in usher("audit", "verify").stdout
    told = usher("audit", "verify-file", str(path), "--key", str(key)).stdout
    assert f"records 1 to {before}: {before} verified" in told
    path.write_text(path.read_text().replace("acme", "acne", 1))
    usher("audit", "verify-file", str(path), "--key", str(key), code=1)


def test_an_archive_never_takes_the_place_of_a_file(usher: Usher, ann: str, tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    path.write_text("mine")
    usher("audit", "archive", "--before", "2100-01-01T00:00:00Z", "--to", str(path), code=1)
    assert path.read_text() == "mine"
    usher("audit", "archive", "--before", "2000-01-01T00:00:00Z", "--to", str(tmp_path / "none"), code=4)
    assert not (tmp_path / "none").exists()


def test_an_export(usher: Usher, ann: str, tmp_path: Path) -> None:
    key, path = tmp_path / "key.pem", tmp_path / "export.jsonl"
    key.write_text(usher("audit", "key").stdout)
    path.write_text(usher("audit", "export", "--org", "acme").stdout)
    documents = [json.loads(each) for each in path.read_text().splitlines()]
    assert documents and all(intact(link_of(each)) for each in documents)
    told = json.loads(usher("audit", "verify-file", str(path), "--key", str(key), "--json").stdout)
    assert (told["export"], told["count"], told["signed_up_to"]) == (True, len(documents), 0)


def test_a_report_on_a_device(usher: Usher, desk: Desk, ann: str, tmp_path: Path) -> None:
    desk.phone(ann)
    owner = desk.services.users.get(ann)
    path = tmp_path / "report.html"
    usher("audit", "report", ann, "phone1", "--html", str(path))
    assert "<h1>Device PHONE1</h1>" in path.read_text()
    usher("audit", "report", ann, "phone1", "--html", str(path), code=1)
    again = tmp_path / "again.html"
    usher("audit", "report", owner.id, "phone1", "--org", "acme", "--html", str(again))
    assert again.exists()
