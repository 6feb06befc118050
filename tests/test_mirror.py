"""Each source file has its test file at the same place below ``tests`` (house.md 1)."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("mdm", "autodiscover", "certs", "gateway")
GENERATED = ("gateway/store/migrations",)
"""Migrations are proven by the store's tests, step by step, not file by file."""


def holds_code(path: Path) -> bool:
    """False for a marker: a docstring, imports and ``__all__`` only."""
    body = ast.parse(path.read_text()).body
    return any(not _is_marking(node) for node in body)


def _is_marking(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
    )


def test_every_source_file_has_its_test_file() -> None:
    missing = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            inner = path.relative_to(ROOT)
            if str(inner).startswith(GENERATED) or (path.name == "__init__.py" and not holds_code(path)):
                continue
            if not (ROOT / "tests" / inner.parent / f"test_{path.name}").exists():
                missing.append(str(inner))
    assert missing == []
