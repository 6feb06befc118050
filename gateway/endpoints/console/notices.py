"""Mail notices (product 7.2, 7.9): which address is told what, and what became of the last mails."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api import notices as api
from gateway.endpoints.api.homes import GATEWAY
from gateway.endpoints.api.notices import Kinds, Whom
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import body, named
from gateway.endpoints.console.webhooks import home_of
from gateway.errors import GatewayError
from gateway.records.events import NoticeKind

router = APIRouter()

OWN = "/o/{organisation}/notices"
ALL = "/notices"


class _Pages:
    """The page of the notices of one kind of owner."""

    def __init__(self, path: str, operations: APIRouter) -> None:
        self.path = path
        self.operation: Callable[[str], Callable[..., Any]] = lambda name: named(operations, name)

    def place(self, ask: Ask) -> str:
        return "/console" + self.path.format(**ask.request.path_params)

    def call(self, ask: Ask, name: str, **arguments: Any) -> Any:
        home = home_of(ask)
        return ask.call(self.operation(name), home=home.id if home else GATEWAY, **arguments)

    def page(self, ask: Ask, problem: GatewayError | None = None) -> Response:
        home = home_of(ask)
        return ask.page(
            "notices.html",
            400 if problem else 200,
            home=home,
            found=self.call(ask, "list_notices").items,
            letters=self.call(ask, "list_letters").items,
            place=self.place(ask),
            can_write=ask.may(self.operation("set_notices"), home.id if home else ""),
            kinds=ask.pairs(each.value for each in NoticeKind),
            form=ask.form,
            problem=problem,
        )

    def done(self, ask: Ask, act: Callable[[], Any]) -> Response:
        try:
            act()
        except GatewayError as error:
            return self.page(ask, error)
        return ask.to(self.place(ask))


def _routes(path: str, operations: APIRouter) -> None:
    pages = _Pages(path, operations)

    @router.get(path)
    def notices(ask: Annotated[Ask, opens(pages.operation("list_notices"))]) -> Response:
        return pages.page(ask)

    @router.post(path)
    def put(ask: Annotated[Ask, opens(pages.operation("set_notices"))]) -> Response:
        def act() -> None:
            kinds = body(Kinds, {"kinds": ask.form.all("kind")})
            pages.call(ask, "set_notices", address=ask.form.text("address").strip(), body=kinds)

        return pages.done(ask, act)

    @router.post(path + "/remove")
    def remove(ask: Annotated[Ask, opens(pages.operation("remove_notices"))]) -> Response:
        address = ask.form.text("address")
        return pages.done(ask, lambda: pages.call(ask, "remove_notices", address=address))

    @router.post(path + "/test")
    def test(ask: Annotated[Ask, opens(pages.operation("test_notices"))]) -> Response:
        whom = {"address": ask.form.text("address")}
        return pages.done(ask, lambda: pages.call(ask, "test_notices", body=body(Whom, whom)))


_routes(OWN, api.router)
_routes(ALL, api.everywhere)
