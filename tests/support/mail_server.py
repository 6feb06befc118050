"""What the recording backend plays when it has to look like a mail server: folders, and waits that hang."""

from urllib.parse import parse_qs, urlsplit

from gateway.phone.discovery import basic
from gateway.phone.identity import Identity
from gateway.phone.reading import Folder
from mdm.wbxml import encode
from tests.support.backend import COMMANDS, VERSIONS, Exchange, RecordingBackend, Script, reply
from tests.support.partnership import node

DOMAIN = "acme.example"
INBOX = Folder("5", "Inbox", 2)

HIERARCHY = encode(
    node(
        "FolderHierarchy:FolderSync",
        node("FolderHierarchy:Status", "1"),
        node("FolderHierarchy:SyncKey", "1"),
        node(
            "FolderHierarchy:Changes",
            node("FolderHierarchy:Count", "1"),
            node(
                "FolderHierarchy:Add",
                node("FolderHierarchy:ServerId", INBOX.server_id),
                node("FolderHierarchy:ParentId", "0"),
                node("FolderHierarchy:DisplayName", INBOX.name),
                node("FolderHierarchy:Type", str(INBOX.kind)),
            ),
        ),
    )
)


def command_of(target: str) -> str:
    """``Cmd`` of a request that came to a backend; backends are always asked in the plain form."""
    return parse_qs(urlsplit(target).query).get("Cmd", [""])[0]


async def mail_server(exchange: Exchange) -> None:
    """A mail server in a few lines: Ping and a waiting Sync hang until the client leaves."""
    seen = exchange.seen
    if seen.header("authorization") is None and seen.header("x-usher-proof") is None:
        await reply(401, WWW_Authenticate='Basic realm="backend"')(exchange)
    elif seen.method == "OPTIONS":
        await reply(200, MS_ASProtocolVersions=VERSIONS, MS_ASProtocolCommands=COMMANDS)(exchange)
    else:
        await exchange.read()
        command = command_of(seen.target)
        if command == "Ping" or (command == "Sync" and not seen.body):
            await exchange.gone()
        elif command == "FolderSync":
            await reply(200, HIERARCHY)(exchange)
        else:
            await reply()(exchange)


def of(script: Script, **passwords: str) -> Script:
    """``script`` behind a mail server that knows users and checks their passwords itself."""

    async def checked(exchange: Exchange) -> None:
        known = {basic(Identity(f"{name}@{DOMAIN}", secret, "X")) for name, secret in passwords.items()}
        if exchange.seen.header("authorization") in known:
            await script(exchange)
        else:
            await reply(401, WWW_Authenticate='Basic realm="backend"')(exchange)

    return checked


def posts(backend: RecordingBackend) -> list[str]:
    """Commands that reached a backend, in order."""
    return [command_of(seen.target) for seen in backend.seen if seen.method == "POST"]
