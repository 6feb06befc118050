"""``usher drift`` (product 7.5)."""

import json
from pathlib import Path

from tests.support.desk import Usher

FILE = """
[organisations.acme]
complete = ["groups"]
[organisations.acme.groups.Sales]
priority = 3
"""


def test_it_ends_with_another_code_when_something_differs(usher: Usher, acme: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(FILE)
    told = usher("drift", str(file), code=5).stdout
    assert told.startswith("acme\n  + group Sales\n      priority: 3\n")
    usher("apply", str(file), "--yes")
    assert usher("drift", str(file)).stdout == "everything is as it is described\n"
    assert json.loads(usher("drift", str(file), "--json").stdout) == {"changes": [], "withheld": []}
    usher("group", "create", acme, "More")
    assert "- group More" in usher("drift", str(file), code=5).stdout
    (change,) = json.loads(usher("drift", str(file), "--json", code=5).stdout)["changes"]
    assert (change["action"], change["name"]) == ("remove", "More")


def test_a_file_with_faults_is_no_difference(usher: Usher, acme: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text("[organisations.acme.groups.Sales]\ncolour = 1\n")
    usher("drift", str(file), code=2)
