"""Every operation of the REST API against its own description: no request makes it fail, and each answer is
one that the description promises (schemathesis; issue 5).

Requests come from the schema, right ones and wrong ones, derandomised: the same ones every time. Path
parameters are half of the time those of things that are there. ``USHER_OPENAPI_EXAMPLES`` asks for more of
them than an ordinary run has time for.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from gateway.endpoints.api import PREFIX, create_api
from tests.support.furnished import Furnished, furnished

EXAMPLES = int(os.environ.get("USHER_OPENAPI_EXAMPLES", "6"))
NOT_HERE = {
    ("POST", "/organisations/{organisation}/domains/{domain}/verify"),
    ("POST", "/backends/{backend}/test"),
}
"""What asks strangers or never ends; each has tests of its own."""

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
REFUSING = CHECKS.get_by_names(["negative_data_rejection"])
LENIENT = "/bulk"
"""A bulk refuses a wrong item within a good answer."""


def document() -> dict[str, Any]:
    """Without who asks: ``ROOT`` does, and that nobody else may is shown elsewhere."""
    described = create_api(None).openapi()  # type: ignore[arg-type]  # nothing is asked of the services
    return {name: value for name, value in described.items() if name != "security"}


SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = {
    operation.label: operation for operation in (found.ok() for found in SCHEMA.get_all_operations())
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished(tmp_path_factory.mktemp("openapi")) as made:
        yield made


def known(place: Furnished, label: str) -> dict[str, str]:
    """Path parameters of things that are there, as far as the operation has them."""
    path = label.partition(" ")[2]
    return {name: value for name, value in place.places.items() if f"{{{name}}}" in path}


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_request_breaks_the_promise(place: Furnished, label: str) -> None:
    operation = OPERATIONS[label]
    method, _, path = label.partition(" ")
    if (method, path.removeprefix(PREFIX)) in NOT_HERE:
        pytest.skip("it asks strangers")
    parameters = known(place, label) or None
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=parameters),
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE, path_parameters=parameters),
    )
    promised = set(operation.definition.raw["responses"]) - {"default"}
    checks = CHECKED if path.endswith(LENIENT) else CHECKED + REFUSING
    place.restore()

    @seed(5)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def run(case: Any) -> None:
        answer = case.call(app=place.app)
        assert str(answer.status_code) in promised, (answer.status_code, answer.text)
        case.validate_response(answer, checks=checks)

    run()
