"""Of a sparse change what is set is told, whatever it is set to."""

from dataclasses import dataclass

from gateway.services.sparse import Sparse


@dataclass(frozen=True, slots=True)
class Repainting(Sparse):
    colour: str | None = None
    coats: int | None = None
    sizes: tuple[int, ...] | None = None


def test_what_is_empty_is_set_and_what_is_none_is_not() -> None:
    assert Repainting().given() == {}
    assert Repainting("", 0).given() == {"colour": "", "coats": 0}
    assert Repainting(sizes=(1, 2)).given() == {"sizes": (1, 2)}
