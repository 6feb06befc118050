"""The package opens no socket and no file: its sources import nothing that could (house.md 2)."""

from pathlib import Path

import pytest

import certs


@pytest.mark.parametrize(
    "source", sorted(Path(certs.__file__).parent.glob("*.py")), ids=lambda path: path.name
)
def test_no_socket_and_no_file(source: Path) -> None:
    imports = [line for line in source.read_text().splitlines() if line.startswith(("import ", "from "))]
    forbidden = ("socket", "ssl", "os", "pathlib", "time", "asyncio")
    assert not [line for line in imports if line.split()[1].partition(".")[0] in forbidden]
