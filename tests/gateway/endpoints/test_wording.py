"""Catalogues of several folders as one (product 7.2); the console's test_wording has the rest."""

from pathlib import Path

from gateway.endpoints.wording import chosen, read_languages


def written(folder: Path, code: str, text: str) -> None:
    (folder / code).mkdir(parents=True)
    (folder / code / "one.toml").write_text(text)


def test_a_later_folder_adds_to_an_earlier_one(tmp_path: Path) -> None:
    written(tmp_path / "a", "de", 'name = "Deutsch"\n[texts]\n"Yes" = "Ja"\n"No" = "Nein"\n')
    written(tmp_path / "a", "en", 'name = "English"\n[texts]\n')
    written(tmp_path / "b", "de", '[texts]\n"No" = "Ach nein"\n"{n} phones" = "{n} Telefone"\n')
    known = read_languages((tmp_path / "a", tmp_path / "b"))
    assert list(known) == ["en", "de"]
    german = chosen(known, "", "de-AT")
    assert [german.text(each) for each in ("Yes", "No", "Maybe")] == ["Ja", "Ach nein", "Maybe"]
    assert german.plural(2, "{n} phone", "{n} phones") == "2 Telefone"
