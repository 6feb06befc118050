"""One request to the console: who asks, in which language, and how a page answers (product 7.2, 7.7).

The listener's gate has told who asks before anything here is reached (``gateway.endpoints.console.gate``). A
page names the operation of the API that it opens with; whoever may not use that one sees the page that says
so.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.endpoints.api.all_devices import list_all_devices
from gateway.endpoints.api.calls import ADMINISTRATOR, PAGE_DEFAULT, PAGE_LIMIT, Needs, Page, require
from gateway.endpoints.api.organisations import OrganisationView, get_organisation, list_organisations
from gateway.endpoints.api.sessions import Proof, confirm_session
from gateway.endpoints.console.operations import Operations, body, shape
from gateway.endpoints.console.pages import render
from gateway.endpoints.console.wording import chosen
from gateway.endpoints.forms import Form, read_form
from gateway.endpoints.wording import LANGUAGE, Language
from gateway.errors import GatewayError, Kind

P = ParamSpec("P")
T = TypeVar("T")

THEME = "usher-theme"
"""Cookie with light or dark, where somebody chose it; console.js writes it."""

CSRF = "usher.csrf"
"""Key of the scope under which the gate leaves the token that this session's forms carry."""

PROOF = "proof"
"""Field with the password or the six digits, in a form whose act wants them shown again."""

ALL = Page(limit=PAGE_LIMIT)
"""A whole list at once; of one that goes beyond, the first page."""


class Ask:
    """What a page's function is handed."""

    def __init__(self, request: Request, form: Form) -> None:
        self.request = request
        self.form = form
        self.operations = Operations(request)
        self.call = self.operations.call
        self.may = self.operations.may

    @cached_property
    def language(self) -> Language:
        """The reader's language."""
        cookies, headers = self.request.cookies, self.request.headers
        return chosen(cookies.get(LANGUAGE, ""), headers.get("accept-language", ""))

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query of the address, the last of each name."""
        return dict(self.request.query_params)

    def seen(self, operation: Callable[..., T], /, **arguments: Any) -> T | None:
        """What an operation answers; None where whoever asks may not see it, or there is no such thing."""
        try:
            return self.call(operation, **arguments)
        except GatewayError:
            return None

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("hx-request") == "true" and "hx-boosted" not in self.request.headers

    @property
    def live(self) -> bool:
        """Whether pages are told of what happens; otherwise they ask, or are loaded anew."""
        return getattr(self.request.app.state, "streams", None) is not None

    def paged(self, limit: int = PAGE_DEFAULT) -> Page:
        """Which part of a list the address asks for."""
        return Page(cursor=self.query.get("cursor", ""), limit=limit)

    @cached_property
    def organisations(self) -> list[OrganisationView]:
        """Every organisation within reach; none for who may see none."""
        found = self.seen(list_organisations, query=ALL)
        return found.items if found else []

    def organisation(self, alias: str) -> OrganisationView:
        """The organisation that the address names; NOT_FOUND for one out of reach."""
        return self.call(get_organisation, organisation=alias)

    def can(self, operations: Iterable[Callable[..., Any]], organisation: str) -> dict[str, bool]:
        """``may`` for each of these operations, by its name."""
        return {each.__name__: self.may(each, organisation) for each in operations}

    def page(
        self,
        template: str,
        /,
        status: int | None = None,
        *,
        home: OrganisationView | None = None,
        problem: GatewayError | None = None,
        **values: Any,
    ) -> Response:
        """A page, or the part of it that htmx asked for: ``template`` says which.

        Args:
            status: where none is given 400 for a page with a problem, else 200; a part is 200 in any case, as
                htmx shows none that is an error.
            home: the organisation that it is about, None for the gateway as a whole.
            problem: why the last thing was refused.
        """
        faults = problem.faults if problem else {}
        told = {"home": home, "problem": problem, "faults": faults, **values}
        text = render(template, self.language, {**self._surroundings(), **told})
        return HTMLResponse(text, status or (400 if problem and not self.partial else 200))

    def pairs(self, words: Iterable[str]) -> list[tuple[str, str]]:
        """Words of the API, each with what the reader calls it: the options of a choice."""
        return [(each, self.language.text(each)) for each in words]

    def prove(self) -> None:
        """Take the password or code that a form shows with what it asks for: destructive acts may follow.

        What is wrong shows when the act is refused as unconfirmed; why it was is the trail's business.
        """
        proof = self.form.text(PROOF).strip()
        # No password is of digits alone; an authenticator shows its six with a gap.
        named = "code" if "".join(proof.split()).isdigit() else "password"
        with suppress(GatewayError):
            self.call(confirm_session, body=body(Proof, {named: proof}))
            self.request.scope[ADMINISTRATOR] = replace(self.operations.authority, confirmed=True)

    def to(self, path: str) -> Response:
        """Go on at another page of the console after something was done."""
        if self.request.headers.get("hx-request") == "true":
            return Response(status_code=204, headers={"HX-Redirect": path})
        return RedirectResponse(path, 303)

    def _surroundings(self) -> dict[str, Any]:
        """What every page has around it."""
        return {
            "ask": self,
            "form": self.form,
            "partial": self.partial,
            "csrf": self.request.scope.get(CSRF, ""),
            "who": self.operations.authority,
            "path": self.request.url.path,
            "menu": self.request.app.state.menu,
            "organisations": self.organisations,
            "finds": self.may(list_all_devices),
            "theme": self.request.cookies.get(THEME, ""),
        }


class Opens(Needs):
    """The dependency by which a page declares the operation of the API that it is about.

    A subclass of ``Needs``, so that everything that looks for a route's permission finds it (T25).
    """

    def __init__(self, operation: Callable[..., Any]) -> None:
        needed = shape(operation).needs
        super().__init__(needed.permission, destructive=needed.destructive, everywhere=needed.everywhere)
        self.operation = operation

    async def __call__(self, request: Request) -> Ask:  # type: ignore[override]  # more than an actor
        """The page's request.

        Raises:
            GatewayError: FORBIDDEN as the operation would answer, and for a form that no page of this session
                made; MALFORMED for one that cannot be read. A missing proof is said when the operation
                is called, so that a page can show its form again with all that was typed.
        """
        require(request.scope[ADMINISTRATOR], self.permission, everywhere=self.everywhere)
        ask = Ask(request, await read_form(request))
        if request.method == "POST":
            _require_token(ask)
            if self.destructive and ask.form.text(PROOF):
                await run_sync(ask.prove)
        return ask


def _require_token(ask: Ask) -> None:
    """A form of this session carries its token, as a field or as htmx's header (T24)."""
    expected = ask.request.scope.get(CSRF, "")
    shown = ask.form.text("csrf") or ask.request.headers.get("x-csrf-token", "")
    if not expected or not hmac.compare_digest(expected.encode(), shown.encode()):
        raise GatewayError(Kind.FORBIDDEN, "This form is from another session: open the page anew.")


def opens(operation: Callable[..., Any]) -> Any:
    """A page's ``Annotated[Ask, opens(list_devices)]``."""
    return Depends(Opens(operation))


def or_again(page: Callable[..., Response]) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Do what a form asks for; where it is refused show ``page`` again, with the reason.

    Args:
        page: takes ``problem``, and by name those of the route's arguments that it has parameters for.

    Raises:
        TypeError: as soon as the route is declared, where the page wants what the route does not have.
    """

    def guard(act: Callable[P, Response]) -> Callable[P, Response]:
        shared = signature(page).parameters.keys() & signature(act).parameters.keys()
        signature(page).bind(**dict.fromkeys(shared), problem=None)

        @wraps(act)
        def guarded(*args: P.args, **arguments: P.kwargs) -> Response:
            try:
                return act(*args, **arguments)
            except GatewayError as error:
                return page(**{name: arguments[name] for name in shared}, problem=error)

        return guarded

    return guard
