"""How the pages of ``/self/`` look (product 7.8): templates, languages, and the console's stylesheet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.endpoints import wording
from gateway.endpoints.escaping import environment
from gateway.endpoints.rendering import REST
from gateway.endpoints.self_service.visits import Visit
from gateway.endpoints.wording import LANGUAGE, Language
from gateway.errors import GatewayError
from mdm.ashttp import Reply

HERE = Path(__file__).parent
CONSOLE = HERE.parent / "console"
WORDS = (CONSOLE / "words", HERE / "words")
HTML = "text/html; charset=utf-8"


class Pages:
    """Whatever is shown."""

    def __init__(self) -> None:
        self._languages = wording.read_languages(WORDS)
        self._templates = environment(str(HERE / "templates"))
        self._style = (CONSOLE / "static" / "console.css").read_bytes()

    def language(self, headers: Mapping[bytes, bytes]) -> Language:
        """The reader's language."""
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        cookies = headers.get(b"cookie", b"").decode("latin-1")
        code = next((code for code in self._languages if f"{LANGUAGE}={code}" in cookies), "")
        return wording.chosen(self._languages, code, accepted)

    def page(
        self,
        visit: Visit,
        template: str,
        *,
        status: int = 200,
        problem: GatewayError | None = None,
        **values: Any,
    ) -> Reply:
        """A page; its status is that of the problem where there is one."""
        language = visit.language
        around = {
            "_": language.text,
            "lang": language.code,
            "csrf": visit.csrf,
            "signed": visit.signed,
            "path": visit.thing.path,
            "form": visit.form,
            "problem": problem,
        }
        text = self._templates.get_template(template).render({**around, **values})
        return Reply(REST[problem.kind] if problem else status, (), text.encode(), HTML)

    def style(self, _visit: Visit) -> Reply:
        """The console's stylesheet: one look for both."""
        return Reply(200, (("Cache-Control", "max-age=3600"),), self._style, "text/css; charset=utf-8")
