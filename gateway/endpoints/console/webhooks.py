"""Webhooks (product 7.2, 7.9): who is told what happens, what is on its way, and what was given up."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api import webhooks as api
from gateway.endpoints.api.webhooks import (
    DeliveryFilter,
    NewWebhook,
    ReplayFrom,
    SecretedWebhook,
    WebhookPatch,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body, query
from gateway.endpoints.console.owned import Owned
from gateway.endpoints.console.story import sentence
from gateway.errors import GatewayError
from gateway.records.events import Progress
from gateway.services.event_catalogue import CATALOGUE

router = APIRouter()

PAGE = 50
OWN = "/o/{organisation}/webhooks"
ALL = "/webhooks"


class _Pages(Owned):
    """The pages of the webhooks of one kind of owner."""

    def list(self, ask: Ask, problem: GatewayError | None = None) -> Response:
        return ask.page(
            "webhooks.html",
            home=self.home(ask),
            found=self.call(ask, "list_webhooks").items,
            place=self.place(ask),
            can_write=self.may(ask, "create_webhook"),
            types=_types(ask),
            problem=problem,
        )

    def one(self, ask: Ask, webhook: str, problem: GatewayError | None = None) -> Response:
        asked = {name: ask.query.get(name, "") for name in ("state", "cursor")}
        wanted = query(DeliveryFilter, {**asked, "limit": PAGE})
        return ask.page(
            "webhook.html",
            home=self.home(ask),
            webhook=self.call(ask, "get_webhook", webhook=webhook),
            deliveries=self.call(ask, "list_deliveries", webhook=webhook, query=wanted),
            asked=asked,
            states=[each.value for each in Progress],
            place=self.place_of(ask, webhook),
            above=self.place(ask),
            can_write=self.may(ask, "create_webhook"),
            types=_types(ask),
            sentence=sentence,
            problem=problem,
        )

    def place_of(self, ask: Ask, webhook: str) -> str:
        return f"{self.place(ask)}/{webhook}"

    def secret(self, ask: Ask, made: SecretedWebhook) -> Response:
        return ask.page("webhook_secret.html", home=self.home(ask), made=made, place=self.place(ask))

    def done(self, ask: Ask, name: str, webhook: str, **arguments: Any) -> Response:
        """Do something about one, and go back to its page."""
        self.call(ask, name, webhook=webhook, **arguments)
        return ask.to(self.place_of(ask, webhook))


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


def _listed(pages: _Pages) -> None:
    path = pages.path

    @router.get(path)
    def webhooks(ask: Annotated[Ask, opens(pages.operation("list_webhooks"))]) -> Response:
        return pages.list(ask)

    @router.post(path)
    @or_again(pages.list)
    def create(ask: Annotated[Ask, opens(pages.operation("create_webhook"))]) -> Response:
        return pages.secret(ask, pages.call(ask, "create_webhook", body=body(NewWebhook, _wanted(ask))))

    @router.get(path + "/{webhook}")
    def webhook(webhook: str, ask: Annotated[Ask, opens(pages.operation("get_webhook"))]) -> Response:
        return pages.one(ask, webhook)

    @router.post(path + "/{webhook}")
    @or_again(pages.one)
    def change(webhook: str, ask: Annotated[Ask, opens(pages.operation("change_webhook"))]) -> Response:
        return pages.done(ask, "change_webhook", webhook, body=body(WebhookPatch, _wanted(ask)))

    @router.post(path + "/{webhook}/rotate")
    @or_again(pages.one)
    def rotate(webhook: str, ask: Annotated[Ask, opens(pages.operation("rotate_secret"))]) -> Response:
        return pages.secret(ask, pages.call(ask, "rotate_secret", webhook=webhook))

    @router.post(path + "/{webhook}/remove")
    @or_again(pages.one)
    def remove(webhook: str, ask: Annotated[Ask, opens(pages.operation("remove_webhook"))]) -> Response:
        pages.call(ask, "remove_webhook", webhook=webhook)
        return ask.to(pages.place(ask))


def _sent(pages: _Pages) -> None:
    path = pages.path + "/{webhook}"

    @router.post(path + "/test")
    @or_again(pages.one)
    def test(webhook: str, ask: Annotated[Ask, opens(pages.operation("test_webhook"))]) -> Response:
        return pages.done(ask, "test_webhook", webhook)

    @router.post(path + "/replay")
    @or_again(pages.one)
    def replay(webhook: str, ask: Annotated[Ask, opens(pages.operation("replay_events"))]) -> Response:
        wanted = query(ReplayFrom, {"after": ask.form.text("after")})
        return pages.done(ask, "replay_events", webhook, query=wanted)

    @router.post(path + "/revive")
    @or_again(pages.one)
    def revive(webhook: str, ask: Annotated[Ask, opens(pages.operation("replay_dead"))]) -> Response:
        return pages.done(ask, "replay_dead", webhook)

    @router.post(path + "/deliveries/{sequence}")
    @or_again(pages.one)
    def again(
        webhook: str, sequence: int, ask: Annotated[Ask, opens(pages.operation("replay_one"))]
    ) -> Response:
        return pages.done(ask, "replay_one", webhook, sequence=sequence)


for _pages in (_Pages(OWN, api.router), _Pages(ALL, api.everywhere)):
    _listed(_pages)
    _sent(_pages)
