"""Nouns that an organisation has and the gateway as a whole has too (webhooks, notices): the same routes
stand below ``/organisations/{organisation}`` and below nothing, and differ in whose the things are.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends

from gateway.endpoints.api.calls import With, needs
from gateway.records.authority import Permission

GATEWAY = ""
"""The id of the organisation of what belongs to none."""

Routes = Callable[[APIRouter, Any, Any, Any], None]
"""Adds routes to a router. The rest are defaults of their parameters: the id of the organisation whose the
things are, and who may read and who may change them."""


def _organisation(organisation: str, use: With) -> str:
    return use.finder.organisation(organisation).id


async def _gateway() -> str:
    return GATEWAY


def add_to_both(
    within: APIRouter, everywhere: APIRouter, read: Permission, write: Permission, *routes: Routes
) -> None:
    """Below an organisation for who may act in it, below none for who may act in the whole gateway."""
    for add in routes:
        add(within, Depends(_organisation), needs(read), needs(write))
        add(everywhere, Depends(_gateway), needs(read, everywhere=True), needs(write, everywhere=True))
