"""Records the examples of the REST API's description: ``PYTHONPATH=. python docs/generate_examples.py``.

Each operation is asked on a furnished gateway, and what was asked and answered goes into
``gateway/endpoints/api/examples.json``. Long lists are cut after their first items. A test asks all of them
again, and holds every recorded answer to its schema.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from gateway.endpoints.api.openapi import EXAMPLES
from tests.support.asked_examples import NOT_IN_PROCESS, UNANSWERED, ask, operations
from tests.support.furnished import furnished

SECRETS = frozenset(("token", "secret"))
LONGEST = 3
"""Items of a list in an example."""


def recorded() -> dict[str, Any]:
    """``METHOD /path`` to request and answer."""
    examples: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as place:
        for method, path in sorted(operations(), key=lambda operation: operation[::-1]):
            name = f"{method} {path}"
            if name in NOT_IN_PROCESS:
                continue
            request, answer = ask(place, method, path)
            examples[name] = request
            if name in UNANSWERED:
                continue
            if not answer.is_success:
                raise SystemExit(f"{name}: {answer.status_code} {answer.text}")
            examples[name] |= {"status": answer.status_code}
            if answer.content and answer.headers.get("content-type") == "application/json":
                examples[name]["answer"] = cut(answer.json())
    return examples


def cut(value: Any) -> Any:
    """The value without what makes it long, and without secrets, though they open nothing."""
    if isinstance(value, dict):
        return {name: "shown this once" if name in SECRETS else cut(each) for name, each in value.items()}
    return [cut(each) for each in value[:LONGEST]] if isinstance(value, list) else value


if __name__ == "__main__":
    EXAMPLES.write_text(json.dumps(recorded(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
