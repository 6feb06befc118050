"""Mail notices (product 7.2, 7.9): which address is told what, and what became of the last mails."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api import notices as api
from gateway.endpoints.api.notices import Kinds, Whom
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.console.owned import Owned
from gateway.errors import GatewayError
from gateway.records.events import NoticeKind

router = APIRouter()

OWN = "/o/{organisation}/notices"
ALL = "/notices"


class _Pages(Owned):
    """The page of the notices of one kind of owner."""

    def page(self, ask: Ask, problem: GatewayError | None = None) -> Response:
        return ask.page(
            "notices.html",
            home=self.home(ask),
            found=self.call(ask, "list_notices").items,
            letters=self.call(ask, "list_letters").items,
            place=self.place(ask),
            can_write=self.may(ask, "set_notices"),
            kinds=ask.pairs(each.value for each in NoticeKind),
            problem=problem,
        )


def _routes(path: str, operations: APIRouter) -> None:
    pages = _Pages(path, operations)

    @router.get(path)
    def notices(ask: Annotated[Ask, opens(pages.operation("list_notices"))]) -> Response:
        return pages.page(ask)

    @router.post(path)
    @or_again(pages.page)
    def put(ask: Annotated[Ask, opens(pages.operation("set_notices"))]) -> Response:
        kinds = body(Kinds, {"kinds": ask.form.all("kind")})
        pages.call(ask, "set_notices", address=ask.form.text("address").strip(), body=kinds)
        return ask.to(pages.place(ask))

    @router.post(path + "/remove")
    @or_again(pages.page)
    def remove(ask: Annotated[Ask, opens(pages.operation("remove_notices"))]) -> Response:
        pages.call(ask, "remove_notices", address=ask.form.text("address"))
        return ask.to(pages.place(ask))

    @router.post(path + "/test")
    @or_again(pages.page)
    def test(ask: Annotated[Ask, opens(pages.operation("test_notices"))]) -> Response:
        pages.call(ask, "test_notices", body=body(Whom, {"address": ask.form.text("address")}))
        return ask.to(pages.place(ask))


_routes(OWN, api.router)
_routes(ALL, api.everywhere)
