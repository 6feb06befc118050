"""The report as a value, and its two forms: text for people, JSON for programs (product 2.6).

Neither holds the password: nothing that a tree is made of ever did.
"""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

WIDTH = 110


class Status(Enum):
    """What became of a step."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree.

    Attributes:
        fact: what was observed. codes: findings that belong to it.
    """

    status: Status
    title: str
    fact: str = ""
    codes: tuple[str, ...] = ()
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding as it counts for this deployment.

    Attributes:
        hurts: families that meet it and do not configure themselves.
    """

    status: Status
    code: str
    subject: str
    title: str
    fact: str
    mend: str
    hurts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the doctor has to say of one address."""

    address: str
    branches: tuple[Node, ...]
    faults: tuple[Fault, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing fails; warnings are allowed."""
        return all(node.status is not Status.FAIL for node in self.leaves()) and all(
            fault.status is not Status.FAIL for fault in self.faults
        )

    def leaves(self) -> Iterator[Node]:
        """Every node of the tree."""
        for branch in self.branches:
            yield from _walk(branch)

    def count(self, status: Status) -> int:
        """Steps that ended so; branches are not counted."""
        return sum(node.status is status for node in self.leaves() if not node.children)


def as_text(report: Report) -> str:
    """The tree, then what to mend, the worst first."""
    lines = [f"usher doctor {report.address}", ""]
    for branch in report.branches:
        lines += [*_lines(branch, 0), ""]
    if report.faults:
        lines += ["what to mend", ""]
        for fault in report.faults:
            lines += [*_fault(fault), ""]
    counts = (f"{report.count(status)} {status.value}" for status in Status)
    return "\n".join([*lines, ", ".join(counts), ""])


def as_json(report: Report) -> str:
    """One object: ``healthy``, ``tree``, ``findings``."""
    said = {
        "address": report.address,
        "healthy": report.healthy,
        "counts": {status.value: report.count(status) for status in Status},
        "findings": [_fault_values(fault) for fault in report.faults],
        "tree": [_values(branch) for branch in report.branches],
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _lines(node: Node, depth: int) -> Iterator[str]:
    codes = f"  [{', '.join(node.codes)}]" if node.codes else ""
    fact = f": {node.fact}" if node.fact else ""
    yield f"{'  ' * depth}{node.status.value}  {printable(node.title + fact)}{codes}"
    for child in node.children:
        yield from _lines(child, depth + 1)


def _fault(fault: Fault) -> Iterator[str]:
    yield f"  {fault.status.value}  {fault.code}: {fault.title}"
    yield from _wrapped("seen", fault.fact)
    yield from _wrapped("mend", fault.mend)
    if fault.hurts:
        yield from _wrapped("hurts", ", ".join(fault.hurts))


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=f"        {label:6}",
        subsequent_indent=" " * 14,
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """What a stranger's server sent, without control characters, which could steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _fault_values(fault: Fault) -> dict[str, Any]:
    return {
        "status": fault.status.value,
        "code": fault.code,
        "subject": fault.subject,
        "title": fault.title,
        "fact": fault.fact,
        "mend": fault.mend,
        "hurts": list(fault.hurts),
    }


def _values(node: Node) -> dict[str, Any]:
    return {
        "status": node.status.value,
        "title": node.title,
        "fact": node.fact,
        "codes": list(node.codes),
        "children": [_values(child) for child in node.children],
    }
