"""House 2: who may import whom, as an ordinary test; the contracts stand in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONTRACTS = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
FORBIDDEN_WORDS = {"util", "utils", "helper", "helpers", "manager", "base", "common", "misc"}


def test_every_import_contract_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONTRACTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def sources() -> list[Path]:
    return [
        path
        for package in ("mdm", "autodiscover", "certs", "gateway")
        for path in (ROOT / package).rglob("*.py")
    ]


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path for path in sources() if FORBIDDEN_WORDS & set(path.stem.split("_"))] == []


def test_every_file_says_what_it_is_for() -> None:
    silent = [path for path in sources() if (text := path.read_text()).strip() and not text.startswith('"""')]
    assert silent == []
