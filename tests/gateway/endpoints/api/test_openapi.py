"""The description as a whole: each operation has its example, and that is right and works (product 7.3)."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gateway.endpoints.api import PREFIX, create_api
from gateway.endpoints.api.device_queries import DeviceQuestion
from gateway.endpoints.api.openapi import TAGS, examples
from gateway.records.inventory import FIELDS
from tests.support.asked_examples import ASKED, NOT_IN_PROCESS, UNANSWERED, ask, operations
from tests.support.furnished import Furnished, furnished

NAMES = sorted(f"{method} {path}" for method, path in operations())


@cache
def document() -> dict[str, Any]:
    return create_api(None).openapi()  # type: ignore[arg-type]  # nothing is asked of the services


def operation(name: str) -> dict[str, Any]:
    method, _, path = name.partition(" ")
    found: dict[str, Any] = document()["paths"][PREFIX + path][method.lower()]
    return found


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    """A part, or what it refers to."""
    if "$ref" not in part:
        return part
    found: Any = document()
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def validate(schema: dict[str, Any], value: Any) -> None:
    whole = schema | {"components": document()["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(value)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished(tmp_path_factory.mktemp("examples")) as made:
        yield made


def test_every_operation_has_an_example_and_every_example_an_operation() -> None:
    """Run ``PYTHONPATH=. python docs/generate_examples.py`` after a new route; a body stands in ASKED."""
    assert set(examples()) == set(NAMES) - NOT_IN_PROCESS
    assert set(ASKED) <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_IN_PROCESS])
def test_an_example_is_what_the_description_says(name: str) -> None:
    described = operation(name)
    example = examples().get(name)
    assert example is not None, "run PYTHONPATH=. python docs/generate_examples.py"
    if "body" in example:
        content = described["requestBody"]["content"]["application/json"]
        assert content["example"] == example["body"]
        validate(content["schema"], example["body"])
    if "answer" in example:
        content = described["responses"][str(example["status"])]["content"]["application/json"]
        assert content["example"] == example["answer"]
        validate(content["schema"], example["answer"])
    shown = {each["name"]: each["example"] for each in described.get("parameters", ()) if "example" in each}
    assert shown == {**example["path"], **example["query"]}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_IN_PROCESS | UNANSWERED])
def test_an_example_works(place: Furnished, name: str) -> None:
    method, _, path = name.partition(" ")
    request, answer = ask(place, method, path)
    assert answer.status_code == examples()[name]["status"], answer.text
    assert set(request) == set(examples()[name]) - {"status", "answer"}
    media = resolve(operation(name)["responses"][str(answer.status_code)]).get("content", {})
    if answer.content and "application/json" in media:
        validate(media["application/json"]["schema"], answer.json())


def test_every_operation_says_what_it_may_answer() -> None:
    for path, operations_of in document()["paths"].items():
        for method, described in operations_of.items():
            answers = described["responses"]
            assert {"400", "401", "403", "429", "503", "default"} <= set(answers), (method, path)
            assert "404" in answers or "{" not in path, path
            if method != "get":
                assert {"409", "413"} <= set(answers), (method, path)
            for status, answer in answers.items():
                if status[0] in "45":
                    (media,) = resolve(answer)["content"].values()
                    validate(media["schema"], media["example"])
                    assert media["example"]["status"] == int(status)


def test_headers_are_described_where_they_are() -> None:
    device = document()["paths"][f"{PREFIX}/organisations/{{organisation}}/devices/{{user}}/{{device_id}}"]
    assert "ETag" in device["get"]["responses"]["200"]["headers"]
    assert "304" in device["get"]["responses"]
    assert "412" in device["patch"]["responses"]
    assert "Idempotency-Replayed" in device["patch"]["responses"]["200"]["headers"]
    users = document()["paths"][f"{PREFIX}/organisations/{{organisation}}/users"]
    assert "ETag" not in users["get"]["responses"]["200"]["headers"]
    assert "412" not in users["post"]["responses"]
    for header in ("Idempotency-Key", "If-Match", "If-None-Match"):
        assert header in {each["name"] for each in document()["components"]["parameters"].values()}


def test_every_noun_is_described_and_every_operation_has_a_name_of_its_own() -> None:
    found = [each for operations_of in document()["paths"].values() for each in operations_of.values()]
    assert {tag for each in found for tag in each["tags"]} <= set(TAGS)
    assert {tag["name"] for tag in document()["tags"]} == {tag for each in found for tag in each["tags"]}
    names = [each["operationId"] for each in found]
    assert len(names) == len(set(names))
    assert all(each["x-permission"] for each in found)


def test_every_field_of_the_device_list_is_described() -> None:
    path = document()["paths"][f"{PREFIX}/organisations/{{organisation}}/devices"]["get"]
    asked = {each["name"] for each in path["parameters"] if each["in"] == "query"}
    assert asked >= set(FIELDS) | {"sort", "search", "cursor", "limit"}
    assert set(DeviceQuestion.model_fields) - {"user", "search", "sort"} == set(FIELDS)


def test_the_examples_go_with_the_package() -> None:
    settings = (Path(__file__).parents[4] / "pyproject.toml").read_text()
    assert '"gateway.endpoints.api" = ["examples.json"]' in settings
