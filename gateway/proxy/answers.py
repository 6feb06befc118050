"""What a backend's answer becomes when it may not pass as it is (MS-ASHTTP 2.2.2.1.1, spec 6.3; T36).

The gateway owns provisioning and sign-in: a backend's challenge, its call for provisioning, its redirects and
its web pages never reach a device; a call is answered by the gateway (``proxy.provisioner``). PHP and SOGo
backends answer 200 with a page of HTML when they fall over, so the status alone proves nothing.
"""

from struct import Struct
from types import MappingProxyType

from gateway.proxy.race import Ending
from mdm.ashttp import MULTIPART_TYPE, WBXML_SHORT_TYPE, Reply
from mdm.codepages import tag
from mdm.errors import WBXMLError
from mdm.handshake import Ordered, read_answer
from mdm.wbxml import Element, decode, root_tag

RETRY_S = 30
"""Retry-After of an accident; clients that honour it come back then, the others back off by themselves."""

STATUS_ONLY = 64
"""Octets below which a document holds little but a Status; only such answers are looked into."""

_RETRY = (("Retry-After", str(RETRY_S)),)
_CLOSE = (("Connection", "close"),)
UNAVAILABLE = Reply(503, _RETRY)
BAD_GATEWAY = Reply(502, _RETRY)

ACCIDENTS = MappingProxyType(
    {
        Ending.DOWN: UNAVAILABLE,
        Ending.SLOW: Reply(504, _RETRY),
        Ending.BAD: BAD_GATEWAY,
        Ending.PROVISIONS: UNAVAILABLE,
        Ending.WIPES: UNAVAILABLE,
        Ending.ORDERS: UNAVAILABLE,
        Ending.STALLED: Reply(408, _CLOSE),
        Ending.TOO_LARGE: Reply(413, _CLOSE),
    }
)
"""What the device is told when there is no answer to pass on."""

WELL = frozenset({200, 204})
"""Statuses of an answer; both go down as 200, the only one that the protocol knows."""

_PASSED = frozenset({400, 404, 405, 409, 413, 415, 429, 456, 457, 500, 501, 502, 503, 504, 505, 507})
_PROVISION = tag("Provision", "Provision")
_TABLE = Struct("<III")
"""Beginning of a table of parts: how many, then offset and length of the first."""
_WBXML_VERSIONS = frozenset({b"\x00", b"\x01", b"\x02", b"\x03"})
"""First octet of any WBXML, 1.0 to 1.3, also of what ``mdm`` refuses and some client may read."""
_WIPE_PENDING = "140"
_CALLS = frozenset({"139", "141", "142", "143", "144", "145", "165"})
"""Status of a server that wants provisioning, or was not content with what came of it (MS-ASPROV 3.1.5.2)."""


def verdict(status: int, content_type: str, *, pages: bool = False) -> Ending | None:
    """Why an answer of this status and type may not pass; None where it may, or where ``replaced`` knows
    better.

    Args:
        pages: an HTML body is legitimate: GetAttachment answers in the attachment's own type.
    """
    if status in WELL:
        page = not pages and content_type[:9].lower() == "text/html"
        return Ending.BAD if page else None
    if status == 449:
        return Ending.PROVISIONS
    if status == 451:
        return Ending.DOWN
    return None if status in _PASSED or status in (401, 403) else Ending.BAD


def replaced(status: int, on_forbidden: Reply | None, challenge: str) -> Reply | None:
    """The gateway's own answer in place of a backend's 401 or 403; None for every other status.

    A 403 passed on unchanged sends AOSP's client into an endless Provision (spec 6.3).
    """
    if status == 401:
        return Reply(401, (("WWW-Authenticate", challenge),))
    if status == 403:
        return on_forbidden or UNAVAILABLE
    return None


def is_wbxml(content_type: str) -> bool:
    """Whether a body is for a device; an error page says too much to strangers and nothing to a phone."""
    return content_type[: len(WBXML_SHORT_TYPE)].lower() == WBXML_SHORT_TYPE


def is_multipart(content_type: str) -> bool:
    """Whether an answer begins with a table of its parts instead of a document (ItemOperations)."""
    return content_type[: len(MULTIPART_TYPE)].lower() == MULTIPART_TYPE


def document(body: bytes, content_type: str) -> bytes:
    """The document within an answer, or as much as is there: after a table of parts, the first part
    (MS-ASCMD 2.2.1.10)."""
    if not is_multipart(content_type):
        return body
    if len(body) < _TABLE.size:
        return b""
    _, offset, length = _TABLE.unpack_from(body)
    part: bytes = body[offset : offset + length]
    return part


def order(body: bytes) -> Ending | None:
    """What an answer, or the beginning of one, orders a device to do; None for one that orders nothing.

    PROVISIONS is a call in the command's own answer and WIPES an order to wipe. ORDERS is any other Provision
    document, which nobody asked for, and one whose root cannot be told: some clients read what ``mdm``
    refuses.
    """
    try:
        root = root_tag(body[:STATUS_ONLY])
    except WBXMLError:
        return Ending.ORDERS if body[:1] in _WBXML_VERSIONS else None
    if root == _PROVISION:
        wipes = len(body) <= STATUS_ONLY and isinstance(read_answer(body), Ordered)
        return Ending.WIPES if wipes else Ending.ORDERS
    if root is None or len(body) > STATUS_ONLY:
        return Ending.ORDERS if root is None and len(body) >= STATUS_ONLY else None
    try:
        children = decode(body).children
    except WBXMLError:
        return None
    said = {child.text for child in children if isinstance(child, Element) and child.name == "Status"}
    if _WIPE_PENDING in said:
        return Ending.WIPES
    return Ending.PROVISIONS if said & _CALLS else None
