"""Long lists, page by page (product 7.4)."""

import json
import weakref
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from gateway.cli.local import Work, on_store
from gateway.cli.paging import json_blocks, show_pages
from gateway.cli.tables import json_line, table
from tests.support.desk import Desk


class Item(BaseModel):
    name: str
    size: int = 1


class Page(BaseModel):
    items: list[Item]


def paged(*sizes: int) -> Iterator[Page]:
    number = 0
    for size in sizes:
        yield Page(items=[Item(name=f"item{number + each}") for each in range(size)])
        number += size


def every(*sizes: int) -> list[Item]:
    return [each for page in paged(*sizes) for each in page.items]


@pytest.mark.parametrize("sizes", [(), (0,), (1,), (2, 1), (2, 0, 1), (0, 0)])
def test_json_is_one_document_to_the_letter(sizes: tuple[int, ...]) -> None:
    whole = {"items": [each.model_dump(mode="json") for each in every(*sizes)], "next": None}
    text = "".join(json_blocks(page.items for page in paged(*sizes)))
    assert text == json_line(whole) + "\n"
    assert json.loads(text) == whole


def shown(desk: Desk, pages: Iterator[Page], *arguments: str) -> str:
    @click.command()
    @on_store
    def show(work: Work) -> None:
        show_pages(work, pages, ("NAME", "SIZE"), lambda each: (each.name, each.size))

    result = CliRunner().invoke(show, ["--config", str(desk.path), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("sizes", [(), (3,), (2, 1), (2, 0)])
def test_a_table_is_the_same_as_all_at_once(desk: Desk, sizes: tuple[int, ...]) -> None:
    rows = [(each.name, each.size) for each in every(*sizes)]
    assert shown(desk, paged(*sizes)) == table(("NAME", "SIZE"), rows) + "\n"
    assert len(json.loads(shown(desk, paged(*sizes), "--json"))["items"]) == sum(sizes)


def test_no_page_is_asked_for_before_the_one_before_it_is_written() -> None:
    happened: list[str] = []

    def pages() -> Iterator[list[Item]]:
        for page in paged(1, 1):
            happened.append("asked")
            yield page.items

    for block in json_blocks(pages()):
        happened.append(block[:7])
    assert happened == ["asked", '{"items', "asked", ', {"nam', '], "nex']


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_page_is_forgotten_before_the_next_but_one(desk: Desk, form: tuple[str, ...]) -> None:
    seen: list[weakref.ref[Page]] = []
    kept: list[int] = []

    def pages() -> Iterator[Page]:
        for _ in range(6):
            kept.append(sum(each() is not None for each in seen))
            page = Page(items=[Item(name="x")])
            seen.append(weakref.ref(page))
            yield page
            del page

    shown(desk, pages(), *form)
    assert max(kept) <= 1
