"""Lists that may be long (product 7.4): a page is asked for, printed and forgotten before the next one.

What is printed is the same as if the list had come at once: one JSON document, one table. Only its columns
are as wide as the widest cell so far.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

import click
from pydantic import BaseModel

from gateway.cli.local import Work
from gateway.cli.meter import progress_line
from gateway.cli.tables import json_line, table_blocks

Item_co = TypeVar("Item_co", bound=BaseModel, covariant=True)


class PageOf(Protocol[Item_co]):
    """A page of a list, as the REST API answers it."""

    @property
    def items(self) -> Sequence[Item_co]: ...


def show_pages(
    work: Work,
    pages: Iterable[PageOf[Item_co]],
    headings: Sequence[str],
    row: Callable[[Item_co], Sequence[object]],
) -> None:
    """Print a list page by page: for people ``row`` of every item, for programs one document."""
    items = (page.items for page in watched(pages))
    if work.as_json:
        blocks = json_blocks(items)
    else:
        blocks = table_blocks(headings, ([row(each) for each in some] for some in items))
    write(blocks)


def write(blocks: Iterable[str]) -> None:
    """Print texts one after the other; none before the first one is known to be there."""
    for block in blocks:
        click.echo(block, nl=False)


def json_blocks(pages: Iterable[Sequence[BaseModel]]) -> Iterator[str]:
    """The document ``{"items": [...], "next": null}`` in pieces."""
    before = '{"items": ['
    for items in pages:
        if items:
            yield before + ", ".join(json_line(each.model_dump(mode="json")) for each in items)
            before = ", "
    yield ("" if before == ", " else before) + '], "next": null}\n'


def watched(pages: Iterable[PageOf[Item_co]]) -> Iterator[PageOf[Item_co]]:
    """The same pages; how many items they had is told on a terminal."""
    seen = 0
    with progress_line(output=True) as line:
        for page in pages:
            seen += len(page.items)
            line.tell(f"{seen} so far")
            yield page
