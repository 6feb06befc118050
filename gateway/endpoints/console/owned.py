"""Nouns that an organisation has and the gateway as a whole has too (product 7.9: webhooks, mail notices):
the pages are the same and differ in whose the things are, as the routes of the API do.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from gateway.endpoints.api.homes import GATEWAY
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.console.asking import Ask
from gateway.endpoints.console.operations import named


class Owned:
    """The pages of one noun of one kind of owner.

    Args:
        path: of the pages, with ``{organisation}`` where it is an organisation that owns.
        operations: the routes of the API for this kind of owner.
    """

    def __init__(self, path: str, operations: APIRouter) -> None:
        self.path = path
        self._operations = operations

    def operation(self, name: str) -> Callable[..., Any]:
        """The function of the API with this name."""
        return named(self._operations, name)

    def home(self, ask: Ask) -> OrganisationView | None:
        """The organisation that the address names; None for what belongs to the gateway as a whole."""
        alias = ask.request.path_params.get("organisation")
        return ask.organisation(alias) if alias else None

    def place(self, ask: Ask) -> str:
        """Where the list is."""
        return "/console" + self.path.format(**ask.request.path_params)

    def call(self, ask: Ask, name: str, **arguments: Any) -> Any:
        """Do something with what this owner has. Raises as ``Ask.call`` does."""
        home = self.home(ask)
        return ask.call(self.operation(name), home=home.id if home else GATEWAY, **arguments)

    def may(self, ask: Ask, name: str) -> bool:
        """Whether who asks could do this with what this owner has."""
        home = self.home(ask)
        return ask.may(self.operation(name), home.id if home else "")
