"""The REST API as a command calls it (product 7.3, 7.4): on this machine's store, or a remote admin listener.

Every command that is about the service's state goes this way, so it can do what the API can and is refused
what the API refuses. On the machine itself the API runs within this process, without a socket, for whoever
runs the command; elsewhere it is asked over HTTPS with a token.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import BaseModel, ValidationError

from gateway.endpoints.api import PREFIX, create_api
from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.middleware import App, Receive, Scope, Send
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority

if TYPE_CHECKING:
    from gateway import app

M = TypeVar("M", bound=BaseModel)
Document = Mapping[str, Any] | BaseModel
"""A JSON object to be sent; of a model only what was set."""

TIMEOUT_S = 60.0
"""For an answer: a bulk of 500 devices on a slow disk has one too."""

NO_GATEWAY = "What answered is no admin listener, or one of another version."

PATIENCE = 10
"""Times that a request is made which the gateway answers with 429."""

LONGEST_PAUSE_S = 30

PAGE = 1000
"""Records asked for at once."""


class Api:
    """One gateway's ``/api/v1``; every call raises GatewayError for what the API refuses."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, answer: type[M], **query: Any) -> M:
        """Read what is at ``path``, as ``at`` makes one."""
        return _read(answer, self.send("GET", path, query=query))

    def tagged(self, path: str, answer: type[M]) -> tuple[M, str]:
        """What is at ``path``, and its entity tag, empty where it has none."""
        answered = self.send("GET", path)
        return _read(answer, answered), answered.headers.get("etag", "")

    def post(
        self, path: str, answer: type[M], body: Mapping[str, Any] | BaseModel | None = None, **query: Any
    ) -> M:
        """Do something."""
        return _read(answer, self.send("POST", path, body, query=query))

    def put(self, path: str, answer: type[M], body: Any = None, **query: Any) -> M:
        """Let something be so."""
        return _read(answer, self.send("PUT", path, body, query=query))

    def patch(self, path: str, answer: type[M], body: Document, **query: Any) -> M:
        """Change what ``body`` names."""
        return _read(answer, self.send("PATCH", path, body, query=query))

    def delete(self, path: str, **query: Any) -> None:
        """Take something away."""
        self.send("DELETE", path, query=query)

    def pages(self, path: str, answer: type[M], *, most: int | None = None, **query: Any) -> Iterator[M]:
        """Every page of a list, until there is no ``next`` or there were ``most`` items."""
        cursor: str | None = ""
        left, limit = most, query.pop("limit", PAGE)
        while cursor is not None and (left is None or left > 0):
            size = limit if left is None else min(left, limit)
            page = self.get(path, answer, **query, limit=size, cursor=cursor)
            yield page
            cursor = getattr(page, "next", None)
            left = None if left is None else left - len(getattr(page, "items", ()))

    def whole(self, path: str, answer: type[M], **query: Any) -> M:
        """A list with the items of all its pages, as one."""
        pages: Iterator[Any] = self.pages(path, answer, **query)
        items = [each for page in pages for each in page.items]
        return answer(items=items, next=None)

    def lines(self, path: str, **query: Any) -> Iterator[str]:
        """An answer of many lines, one by one as they come."""
        try:
            with self._client.stream("GET", PREFIX + path, params=_asked(query)) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _refusal(answer)
                yield from answer.iter_lines()
        except httpx.HTTPError as error:
            raise _unreached(error) from error

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request with a JSON body; what is None in ``query`` is left out.

        Raises:
            GatewayError: as the API says it; UNAVAILABLE where nothing answers.
        """
        document = body.model_dump(mode="json", exclude_unset=True) if isinstance(body, BaseModel) else body
        asking = self._client.build_request(
            method, PREFIX + path, params=_asked(query or {}), json=document, headers=headers
        )
        answer = self._patiently(asking)
        if answer.is_success:
            return answer
        raise _refusal(answer)

    def _patiently(self, asking: httpx.Request) -> httpx.Response:
        """Work of many calls goes as fast as the gateway lets it (docs/rest.md)."""
        for left in reversed(range(PATIENCE)):
            try:
                answer = self._client.send(asking)
            except httpx.HTTPError as error:
                raise _unreached(error) from error
            pause = answer.headers.get("retry-after", "")
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or not pause.isdecimal() or not left:
                break
            time.sleep(min(int(pause), LONGEST_PAUSE_S))
        return answer


def at(*parts: str) -> str:
    """A path of the API; each part is quoted whole, so no name can lead elsewhere."""
    return "".join(f"/{quote(part, safe='@')}" for part in parts)


def named(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a command that were given: what is left out stays as it is."""
    return {name: value for name, value in options.items() if value is not None}


@contextmanager
def on_this_machine(services: "app.Services", authority: Authority) -> Iterator[Api]:
    """The API within this process, for who runs the command."""
    with start_blocking_portal() as portal:
        transport = _Within(_asked_by(create_api(services), authority), portal)
        with httpx.Client(transport=transport, base_url="http://usher", headers={"user-agent": ""}) as client:
            yield Api(client)


@contextmanager
def elsewhere(url: str, token: str, authority: Path | None, timeout: float = TIMEOUT_S) -> Iterator[Api]:
    """The API of a remote admin listener.

    Args:
        token: empty for who has none yet.
        authority: file with the certificates to trust instead of the system's.
        timeout: seconds for each step of an answer.

    Raises:
        GatewayError: MALFORMED for a URL that is not HTTPS: the token would be read on the way; for a file
            that holds no certificate.
    """
    if not _is_https(url):
        raise GatewayError(Kind.MALFORMED, "The admin listener is asked over https only: https://HOST:PORT.")
    try:
        trust = ssl.create_default_context(cafile=str(authority) if authority else None)
    except ssl.SSLError as error:
        raise GatewayError(Kind.MALFORMED, f"{authority} holds no certificate.") from error
    headers = {"user-agent": "usher"} | ({"authorization": f"Bearer {token}"} if token else {})
    with httpx.Client(
        base_url=url, verify=trust, headers=headers, timeout=timeout, trust_env=False
    ) as client:
        yield Api(client)


class _Within(httpx.BaseTransport):
    """Answers requests by an application in this process, one at a time."""

    def __init__(self, application: App, portal: BlockingPortal) -> None:
        self._transport = httpx.ASGITransport(application)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answered, request)

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def _asked_by(api: App, authority: Authority) -> App:
    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ADMINISTRATOR], scope["client"] = authority, None
        await api(scope, receive, send)

    return asked


def _is_https(url: str) -> bool:
    try:
        asked = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return asked.scheme == "https" and bool(asked.host)


def _read(model: type[M], answer: httpx.Response) -> M:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise GatewayError(Kind.UNAVAILABLE, NO_GATEWAY) from error


def _unreached(error: httpx.HTTPError) -> GatewayError:
    """Why there was no answer, without a word of what was sent."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        untrusted = f"The gateway's certificate is not trusted: {cause.verify_message}."
        return GatewayError(Kind.UNAVAILABLE, f"{untrusted} --ca-file names who is to be trusted.")
    return GatewayError(Kind.UNAVAILABLE, f"The gateway cannot be reached: {error or type(error).__name__}")


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in query.items() if value not in (None, "")}


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(getattr(value, "value", value))


def _refusal(answer: httpx.Response) -> GatewayError:
    """The problem document as what it was before it became one."""
    try:
        document = answer.json()
        kind = Kind(document["title"])
    except (ValueError, TypeError, LookupError):
        return GatewayError(_KINDS.get(answer.status_code, Kind.INTERNAL), f"HTTP {answer.status_code}")
    faults = {str(each["field"]): str(each["fault"]) for each in document.get("errors") or ()}
    return GatewayError(kind, str(document.get("detail", "")), faults=faults)


_KINDS = {401: Kind.UNAUTHENTICATED, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND, 405: Kind.UNSUPPORTED}
