"""The tree that a WBXML document stands for (MS-ASWBXML 2.1): elements, inline strings and opaques.

Apart from the codec, because whoever reads or builds a document needs the tree and not the octets.
"""

from typing import Union

from mdm.codepages import NAMES, PAGES, Tag

Child = Union["Element", str, bytes]


class Element:
    """One element of a document, equal to another by value.

    Attributes:
        tag: (page, token).
        children: in document order; ``str`` is an inline string, ``bytes`` is an opaque.
    """

    __slots__ = ("children", "tag")

    def __init__(self, tag: Tag, children: list[Child]) -> None:
        self.tag = tag
        self.children = children

    @property
    def name(self) -> str:
        """Element name of the specification, or ``0x3F`` for a token that no table holds."""
        known = NAMES.get(self.tag)
        return known[1] if known else f"0x{self.tag[1]:02X}"

    @property
    def namespace(self) -> str:
        """Name of the code page, or its number for a page that no table holds."""
        return PAGES.get(self.tag[0], str(self.tag[0]))

    @property
    def text(self) -> str:
        """The element's own strings joined; opaques are read as UTF-8, octets that are none become U+FFFD."""
        return "".join(
            child if isinstance(child, str) else child.decode(errors="replace")
            for child in self.children
            if not isinstance(child, Element)
        )

    def find(self, tag: Tag) -> "Element | None":
        """The first child element with this tag."""
        for child in self.children:
            if isinstance(child, Element) and child.tag == tag:
                return child
        return None

    def findall(self, tag: Tag) -> "list[Element]":
        """Every child element with this tag, in order."""
        return [child for child in self.children if isinstance(child, Element) and child.tag == tag]

    def path(self, *tags: Tag) -> "Element | None":
        """The element reached by taking the first child of each tag in turn."""
        element: Element | None = self
        for tag in tags:
            if element is None:
                return None
            element = element.find(tag)
        return element

    def text_of(self, tag: Tag) -> str | None:
        """Text of the first child element with this tag, None without one."""
        child = self.find(tag)
        return None if child is None else child.text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Element):
            return NotImplemented
        return self.tag == other.tag and self.children == other.children

    __hash__ = None  # type: ignore[assignment]  # compared by value while its children may change

    def __repr__(self) -> str:
        return f"<{self.namespace}:{self.name} {self.children!r}>"


def element(tag: Tag, *children: Child) -> Element:
    """An element with these children."""
    return Element(tag, list(children))
