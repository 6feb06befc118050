"""The requirement matrix in the docs is what the tests say (house.md 1)."""

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parent.parent / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_coverage", DOCS / "generate_coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_matrix_is_current() -> None:
    assert (DOCS / "coverage.md").read_text() == generator().document(), (
        "run python docs/generate_coverage.py"
    )


def test_every_provisioning_case_of_microsoft_is_there() -> None:
    text = generator().document()
    for number in (206, 509, 1044, 702, 66609, 380, 382, 395, 537, 1046, 461, 458):
        assert str(number) in text
