"""The codec beside libwbxml: a tree from the same octets, and what hostile and small documents cost.

libwbxml is bound by ctypes and its XML read by ElementTree, since XML text alone is no tree. Both run
interleaved in one process, so what else the machine does hits both. A line is
``NAME VALUE UNIT target <=|>= VALUE ok|short``; comparisons are medians of pairwise ratios. The exit status
is 1 if any target is missed.
"""

import ctypes
import statistics
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable

from mdm.codepages import tag
from mdm.element import Element, element
from mdm.errors import WBXMLError
from mdm.query import parse
from mdm.wbxml import HEADER, SIZE_LIMIT, decode, encode, scan

ROUNDS = 60
HOT_ROUNDS = 5000
ACTIVESYNC = 2402
"""WBXML_LANG_ACTIVESYNC of libwbxml 0.11."""


class LibWBXML:
    """libwbxml2's conversion to XML, the same call that wbxml2xml makes."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libwbxml2.so.1")
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [ctypes.c_void_p]
        handle, size = ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)
        self._lib.wbxml_conv_wbxml2xml_create.argtypes = [ctypes.POINTER(handle)]
        self._lib.wbxml_conv_wbxml2xml_set_language.argtypes = [handle, ctypes.c_int]
        self._lib.wbxml_conv_wbxml2xml_set_gen_type.argtypes = [handle, ctypes.c_int]
        self._lib.wbxml_conv_wbxml2xml_run.argtypes = [
            *(handle, ctypes.c_char_p, ctypes.c_uint32),
            *(ctypes.POINTER(handle), size),
        ]
        self._lib.wbxml_conv_wbxml2xml_destroy.argtypes = [handle]

    def xml(self, data: bytes) -> bytes:
        converter, out, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint32()
        self._lib.wbxml_conv_wbxml2xml_create(ctypes.byref(converter))
        self._lib.wbxml_conv_wbxml2xml_set_language(converter, ACTIVESYNC)
        self._lib.wbxml_conv_wbxml2xml_set_gen_type(converter, 0)
        error = self._lib.wbxml_conv_wbxml2xml_run(
            converter, data, len(data), ctypes.byref(out), ctypes.byref(size)
        )
        self._lib.wbxml_conv_wbxml2xml_destroy(converter)
        assert error == 0, f"libwbxml error {error}"
        text = ctypes.string_at(out, size.value)
        self._free(out)
        return text


def _of(namespace: str) -> Callable[..., Element]:
    return lambda name, *children: element(tag(namespace, name), *children)


_sync, _email, _body = _of("AirSync"), _of("Email"), _of("AirSyncBase")
_email2, _folder = _of("Email2"), _of("FolderHierarchy")


def _message(number: int) -> Element:
    body = _body(
        "Body",
        _body("Type", "1"),
        _body("EstimatedDataSize", "420"),
        _body("Truncated", "1"),
        _body("Data", "Guten Tag, anbei das gewünschte Angebot. " * 6),
    )
    data = _sync(
        "ApplicationData",
        _email("To", '"Anna Beispiel" <anna@example.org>'),
        _email("From", '"Björn Muster" <bjoern@example.net>'),
        _email("Subject", f"Re: Angebot Nr. {number} für das nächste Quartal"),
        _email("DateReceived", "2026-03-01T10:11:12.000Z"),
        _email("DisplayTo", "Anna Beispiel"),
        _email("Importance", "1"),
        _email("Read", "0"),
        body,
        _email("MessageClass", "IPM.Note"),
        _email("InternetCPID", "65001"),
        _email("Flag"),
        _email("ContentClass", "urn:content-classes:message"),
        _body("NativeBodyType", "2"),
        _email2("ConversationId", bytes(range(16))),
        _email2("ConversationIndex", b"\xc1\x02\x03\x04\x05"),
    )
    return _sync("Add", _sync("ServerId", f"5:{number}"), data)


def sync_document(size: int) -> bytes:
    """A Sync answer with messages, of about ``size`` octets."""
    head = (_sync("SyncKey", "abc17"), _sync("CollectionId", "5"), _sync("Status", "1"))
    each = len(encode(_message(10)))
    messages = [_message(number) for number in range(size // each + 1)]
    return encode(
        _sync("Sync", _sync("Collections", _sync("Collection", *head, _sync("Commands", *messages))))
    )


def folder_sync_document(size: int) -> bytes:
    """A FolderSync answer with a hierarchy, of about ``size`` octets."""

    def folder(number: int) -> Element:
        return _folder(
            "Add",
            _folder("ServerId", f"folder%2Fpersonal-{number:06d}"),
            _folder("ParentId", "0"),
            _folder("DisplayName", f"Projekte Übersicht {number}"),
            _folder("Type", "12"),
        )

    count = size // len(encode(folder(100))) + 1
    changes = _folder("Changes", _folder("Count", str(count)), *(folder(number) for number in range(count)))
    return encode(_folder("FolderSync", _folder("Status", "1"), _folder("SyncKey", "{5f3b}1"), changes))


def small_sync() -> bytes:
    """A Sync request of about 250 octets, what a phone sends most."""

    def collection(number: int) -> Element:
        preference = _body("BodyPreference", _body("Type", "2"), _body("TruncationSize", "51200"))
        return _sync(
            "Collection",
            _sync("SyncKey", f"1792134811_{number}"),
            _sync("CollectionId", f"mail%2FINBOX{number}"),
            _sync("GetChanges"),
            _sync("WindowSize", "100"),
            _sync("Options", _sync("FilterType", "3"), _sync("MIMESupport", "0"), preference),
        )

    return encode(_sync("Sync", _sync("Collections", *map(collection, range(3))), _sync("Wait", "30")))


def hostile_bodies() -> dict[str, bytes]:
    """Documents of the largest accepted size that make a reader work before it can refuse."""

    def filled(start: bytes, unit: bytes) -> bytes:
        room = SIZE_LIMIT - len(HEADER) - len(start)
        return HEADER + start + unit * (room // len(unit))

    return {
        "elements": filled(b"\x45", b"\x05"),
        "strings": filled(b"\x45", b"\x03\x00"),
        "leaves": filled(b"\x45", b"\x46\x03a\x00\x01"),
        "switches": filled(b"", b"\x00\x07"),
        "depth": filled(b"", b"\x45"),
        "nests": filled(b"\x45", b"\x45" * 20 + b"\x01" * 20),
        "opaques": filled(b"\x45", b"\xc3\x00"),
        "long text": filled(b"\x45\x03", "é".encode()),
    }


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _scan_only(body: bytes) -> object:
    return scan(body, frozenset())


def _refusal_seconds(read: Callable[[bytes], object], body: bytes) -> float:
    start = time.perf_counter()
    try:
        read(body)
    except WBXMLError:
        return time.perf_counter() - start
    raise AssertionError("hostile body accepted")


def _line(name: str, value: float, unit: str, most: float) -> bool:
    met = value <= most
    print(f"{name} {value:.2f} {unit} target <= {most:g} {'ok' if met else 'short'}")
    return met


def _ratio_to_libwbxml(library: LibWBXML, data: bytes) -> float:
    def through_xml() -> object:
        return ET.fromstring(library.xml(data))  # noqa: S314 - our own document, and the parser is what we measure

    pairs = [(_seconds(lambda: decode(data)), _seconds(through_xml)) for _ in range(ROUNDS)]
    return statistics.median(ours / theirs for ours, theirs in pairs)


def _slowest_refusal() -> float:
    return max(
        statistics.median(_refusal_seconds(read, body) for _ in range(5))
        for read in (decode, _scan_only)
        for body in hostile_bodies().values()
    )


def _hot(call: Callable[[], object]) -> float:
    return statistics.median(_seconds(call) for _ in range(HOT_ROUNDS)) * 1e6


def main() -> int:
    library = LibWBXML()
    wanted, body = frozenset({tag("AirSync", "Wait"), tag("AirSync", "HeartbeatInterval")}), small_sync()
    query = b"Cmd=Sync&User=anna%40example.org&DeviceId=ApplDNPH2A1BXYZ0&DeviceType=iPhone"
    met = [
        _line("decode_sync_50k", _ratio_to_libwbxml(library, sync_document(50 * 1024)), "ratio", 1.0),
        _line(
            "decode_foldersync_40k",
            _ratio_to_libwbxml(library, folder_sync_document(40 * 1024)),
            "ratio",
            1.0,
        ),
        _line("refuse_hostile_1mib", _slowest_refusal() * 1e3, "ms", 50),
        _line("scan_small_sync", _hot(lambda: scan(body, wanted)), "us", 15),
        _line(
            "parse_query",
            _hot(lambda: parse(query, version="14.1", policy_key="3219837654", multipart=None)),
            "us",
            6,
        ),
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
