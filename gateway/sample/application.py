"""The sample mail server as an ASGI application: sign-in, OPTIONS, dispatch (MS-ASHTTP 2.2.1, 3.2).

Never a default of ``usher serve``: it exists so that a demo and the tests have something to sync. It
provisions nobody, as SOGo does not; that is the gateway's business.
"""

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from gateway.sample import commands
from gateway.sample.commands import Visit, Watchers
from gateway.sample.content import furnish
from gateway.sample.mailbox import Mailbox, PostOffice
from mdm import query, status
from mdm.ashttp import METHODS, WBXML_TYPE, Command, Reply, Version, options_reply
from mdm.codepages import tag
from mdm.errors import ProtocolError
from mdm.query import CommandRequest
from mdm.wbxml import Element, decode, encode

PATH = "/Microsoft-Server-ActiveSync"
OFFERED = (Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_0, Version.V16_1)
SERVED = (Command.SYNC, Command.SEND_MAIL, Command.FOLDER_SYNC, Command.SETTINGS, Command.PING)
BODY_LIMIT = 1024 * 1024
"""Octets of a request: a sample needs no large attachments."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class SampleServer:
    """A mail server in memory for the users given.

    Args:
        users: address to password; each gets a furnished mailbox.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._passwords = {address.lower(): password for address, password in users.items()}
        self.post = PostOffice(self._passwords)
        self._watchers = Watchers()
        for mailbox in self.post.mailboxes.values():
            furnish(mailbox, _now())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await _send(await self._answer(scope, receive), send)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive)
        mailbox = self._mailbox(headers.get("authorization", ""))
        if scope["path"].lower() != PATH.lower():
            return Reply(404)
        if mailbox is None:
            return Reply(401, (("WWW-Authenticate", 'Basic realm="sample mail server"'),))
        if body is None:
            return Reply(413)
        match scope["method"]:
            case "OPTIONS":
                return options_reply(OFFERED, [command.value for command in SERVED])
            case "POST":
                return await self._post(scope["query_string"], headers, mailbox, body, receive)
            case _:
                return Reply(405, (("Allow", METHODS),))

    async def _post(
        self, target: bytes, headers: Mapping[str, str], mailbox: Mailbox, body: bytes, receive: Receive
    ) -> Reply:
        try:
            request = _request(target, headers)
        except ProtocolError as error:
            return Reply(error.http)
        visit = Visit(request, mailbox, self.post, _now())
        return await _unless_gone(self._command(visit, body), receive)

    def _mailbox(self, authorization: str) -> Mailbox | None:
        """Whose mailbox this is; an address or its local part may sign in."""
        kind, _, text = authorization.partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        for address, right in self._passwords.items():
            known = name.lower() in (address, address.partition("@")[0])
            if known and hmac.compare_digest(right.encode(), password.encode()):
                return self.post.mailboxes[address]
        return None

    async def _command(self, visit: Visit, body: bytes) -> Reply:
        request = visit.request
        if request.command not in SERVED:
            return Reply(501)
        try:
            return await self._serve(visit, body)
        except ProtocolError as error:
            return status.refusal(request.command, request.version, error.status or 101)

    async def _serve(self, visit: Visit, body: bytes) -> Reply:
        request = visit.request
        if request.command is Command.SEND_MAIL:
            return _posted(visit, body)
        document = decode(body) if body else None
        if document is not None and document.tag not in request.command.roots:
            return status.refusal(request.command, request.version, 103)
        answer: Element | None
        match request.command, document:
            case Command.PING, _:
                answer = await self._watchers.ping(visit, document)
            case Command.SYNC, _:
                answer = await commands.sync(visit, document)
            case Command.FOLDER_SYNC, Element():
                answer = commands.folder_sync(visit, document)
            case Command.SETTINGS, Element():
                answer = commands.settings(visit, document)
            case _:
                return status.refusal(request.command, request.version, 101)
        return Reply(200) if answer is None else _wbxml(answer)


def _posted(visit: Visit, body: bytes) -> Reply:
    """SendMail in both its forms: MIME up to 12.1, ComposeMail from 14.0 on."""
    request = visit.request
    if request.version <= Version.V12_1:
        fault = commands.send_mail(visit, body, keep=request.save_in_sent)
        return Reply(200) if fault is None else Reply(400)
    document = decode(body)
    mime = document.find(tag("ComposeMail", "Mime"))
    if document.tag not in request.command.roots or mime is None:
        return status.refusal(request.command, request.version, 103)
    octets = b"".join(one if isinstance(one, bytes) else str(one).encode() for one in mime.children)
    keep = document.find(tag("ComposeMail", "SaveInSentItems")) is not None
    fault = commands.send_mail(visit, octets, keep=keep)
    return Reply(200) if fault is None else _wbxml(fault)


def _request(query_string: bytes, headers: Mapping[str, str]) -> CommandRequest:
    return query.parse(
        query_string,
        version=headers.get("ms-asprotocolversion"),
        policy_key=headers.get("x-ms-policykey"),
        multipart=headers.get("ms-asacceptmultipart"),
    )


def _wbxml(document: Element) -> Reply:
    return Reply(200, body=encode(document), media_type=WBXML_TYPE)


async def _unless_gone(work: Awaitable[Reply], receive: Receive) -> Reply:
    """Do the work unless the client leaves first: a Ping of a departed phone must not wait on."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else Reply(503)
    finally:
        task.cancel()
        gone.cancel()


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is larger than ``BODY_LIMIT``, after it was read to its end."""
    body = b""
    size = 0
    while True:
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        if size <= BODY_LIMIT:
            body += piece
        if message["type"] != "http.request" or not message.get("more_body"):
            return body if size <= BODY_LIMIT else None


async def _send(reply: Reply, send: Send) -> None:
    headers = [(b"content-length", str(len(reply.body)).encode())]
    if reply.media_type is not None:
        headers.append((b"content-type", reply.media_type.encode()))
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
