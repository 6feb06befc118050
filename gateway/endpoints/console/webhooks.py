"""Webhooks (product 7.2, 7.9): who is told what happens, what is on its way, and what was given up.

An organisation has its own, and the gateway has some for all; the pages are the same and differ in whose they
are, as the routes of the API do.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api import webhooks as api
from gateway.endpoints.api.homes import GATEWAY
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.api.webhooks import (
    DeliveryFilter,
    NewWebhook,
    ReplayFrom,
    SecretedWebhook,
    WebhookPatch,
)
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import body, named, query
from gateway.endpoints.console.story import sentence
from gateway.errors import GatewayError
from gateway.records.events import Progress
from gateway.services.event_catalogue import CATALOGUE

router = APIRouter()

PAGE = 50
OWN = "/o/{organisation}/webhooks"
ALL = "/webhooks"


def home_of(ask: Ask) -> OrganisationView | None:
    """The organisation that the address names; None for what belongs to the gateway as a whole."""
    alias = ask.request.path_params.get("organisation")
    return ask.organisation(alias) if alias else None


class _Pages:
    """The pages of the webhooks of one kind of owner."""

    def __init__(self, path: str, operations: APIRouter) -> None:
        self.path = path
        self.operation: Callable[[str], Callable[..., Any]] = lambda name: named(operations, name)

    def place(self, ask: Ask) -> str:
        return "/console" + self.path.format(**ask.request.path_params)

    def call(self, ask: Ask, name: str, **arguments: Any) -> Any:
        home = home_of(ask)
        return ask.call(self.operation(name), home=home.id if home else GATEWAY, **arguments)

    def may(self, ask: Ask, home: OrganisationView | None) -> bool:
        return ask.may(self.operation("create_webhook"), home.id if home else "")

    def list(self, ask: Ask, problem: GatewayError | None = None) -> Response:
        home = home_of(ask)
        return ask.page(
            "webhooks.html",
            400 if problem else 200,
            home=home,
            found=self.call(ask, "list_webhooks").items,
            place=self.place(ask),
            can_write=self.may(ask, home),
            types=_types(ask),
            form=ask.form,
            problem=problem,
        )

    def one(self, ask: Ask, webhook: str, problem: GatewayError | None = None) -> Response:
        home = home_of(ask)
        asked = {name: ask.query.get(name, "") for name in ("state", "cursor")}
        wanted = query(DeliveryFilter, {**asked, "limit": PAGE})
        return ask.page(
            "webhook.html",
            400 if problem else 200,
            home=home,
            webhook=self.call(ask, "get_webhook", webhook=webhook),
            deliveries=self.call(ask, "list_deliveries", webhook=webhook, query=wanted),
            asked=asked,
            states=[each.value for each in Progress],
            place=f"{self.place(ask)}/{webhook}",
            above=self.place(ask),
            can_write=self.may(ask, home),
            types=_types(ask),
            sentence=sentence,
            problem=problem,
        )

    def secret(self, ask: Ask, made: SecretedWebhook) -> Response:
        return ask.page("webhook_secret.html", home=home_of(ask), made=made, place=self.place(ask))

    def done(self, ask: Ask, webhook: str, name: str, **arguments: Any) -> Response:
        try:
            self.call(ask, name, webhook=webhook, **arguments)
        except GatewayError as error:
            return self.one(ask, webhook, error)
        gone = name == "remove_webhook"
        return ask.to(self.place(ask) if gone else f"{self.place(ask)}/{webhook}")


def _types(ask: Ask) -> list[tuple[str, str]]:
    return sorted((tag.value, ask.language.text(words)) for tag, words in CATALOGUE.items())


def _wanted(ask: Ask) -> dict[str, Any]:
    """What the form for a webhook says; no type ticked means all."""
    form = ask.form
    return {
        "url": form.text("url").strip(),
        "description": form.text("description"),
        "types": form.all("type"),
        "enabled": form.has("enabled"),
        "allow_private": form.has("allow_private"),
    }


def _listed(path: str, operations: APIRouter) -> None:
    pages = _Pages(path, operations)

    @router.get(path, name=f"webhooks of {path}")
    def webhooks(ask: Annotated[Ask, opens(pages.operation("list_webhooks"))]) -> Response:
        return pages.list(ask)

    @router.post(path)
    def create(ask: Annotated[Ask, opens(pages.operation("create_webhook"))]) -> Response:
        try:
            made = pages.call(ask, "create_webhook", body=body(NewWebhook, _wanted(ask)))
        except GatewayError as error:
            return pages.list(ask, error)
        return pages.secret(ask, made)

    @router.get(path + "/{webhook}")
    def webhook(webhook: str, ask: Annotated[Ask, opens(pages.operation("get_webhook"))]) -> Response:
        return pages.one(ask, webhook)

    @router.post(path + "/{webhook}")
    def change(webhook: str, ask: Annotated[Ask, opens(pages.operation("change_webhook"))]) -> Response:
        try:
            wanted = body(WebhookPatch, _wanted(ask))
        except GatewayError as error:
            return pages.one(ask, webhook, error)
        return pages.done(ask, webhook, "change_webhook", body=wanted)

    @router.post(path + "/{webhook}/rotate")
    def rotate(webhook: str, ask: Annotated[Ask, opens(pages.operation("rotate_secret"))]) -> Response:
        try:
            made = pages.call(ask, "rotate_secret", webhook=webhook)
        except GatewayError as error:
            return pages.one(ask, webhook, error)
        return pages.secret(ask, made)

    @router.post(path + "/{webhook}/remove")
    def remove(webhook: str, ask: Annotated[Ask, opens(pages.operation("remove_webhook"))]) -> Response:
        return pages.done(ask, webhook, "remove_webhook")


def _sent(path: str, operations: APIRouter) -> None:
    pages = _Pages(path, operations)

    @router.post(path + "/{webhook}/test")
    def test(webhook: str, ask: Annotated[Ask, opens(pages.operation("test_webhook"))]) -> Response:
        return pages.done(ask, webhook, "test_webhook")

    @router.post(path + "/{webhook}/replay")
    def replay(webhook: str, ask: Annotated[Ask, opens(pages.operation("replay_events"))]) -> Response:
        try:
            wanted = query(ReplayFrom, {"after": ask.form.text("after")})
        except GatewayError as error:
            return pages.one(ask, webhook, error)
        return pages.done(ask, webhook, "replay_events", query=wanted)

    @router.post(path + "/{webhook}/revive")
    def revive(webhook: str, ask: Annotated[Ask, opens(pages.operation("replay_dead"))]) -> Response:
        return pages.done(ask, webhook, "replay_dead")

    @router.post(path + "/{webhook}/deliveries/{sequence}")
    def again(
        webhook: str, sequence: int, ask: Annotated[Ask, opens(pages.operation("replay_one"))]
    ) -> Response:
        return pages.done(ask, webhook, "replay_one", sequence=sequence)


for _make in (_listed, _sent):
    _make(OWN, api.router)
    _make(ALL, api.everywhere)
