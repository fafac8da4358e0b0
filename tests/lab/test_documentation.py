"""The documentation builds without a warning, its internal links work, and it loads nothing from elsewhere."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from elbo_room.lab import documentation, notebook_pictures
from elbo_room.lab.errors import Refusal
from elbo_room.lab.notebook_pictures import WIDGET
from tests.conftest import ROOT

pytest.importorskip(
    "sphinx", reason="`python lab check` installs the documentation's tools, `python lab test` does not"
)


class Page(HTMLParser):
    """The links, the names that can be linked to, and the resources of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.resources: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.names |= {name for name in (found.get("id"), found.get("name")) if name}
        if tag == "a" and (href := found.get("href")):
            self.links.append(href)
        if source := found.get("src") or (found.get("href") if tag == "link" else None):
            self.resources.append(source)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with the public names; the pages of every part take minutes and are left to `python lab docs`."""
    folder = tmp_path_factory.mktemp("docs")
    documentation.lay_out(ROOT, folder / "source")
    (folder / "source" / "parts.md").write_text("# The parts\n")
    documentation.build(Path(sys.executable), ROOT, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.mark.slow
def test_every_link_inside_leads_somewhere(site, pages):
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists() or (
                parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names
            ):
                dead.append(f"{path.relative_to(site.resolve())}: {link}")
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages):
    assert [each for page in pages.values() for each in page.resources if urlsplit(each).netloc] == []


def test_every_notebook_and_public_name_has_a_page(site):
    import elbo_room

    notebooks = {path.stem for path in (ROOT / "lab").glob("[0-9]*.ipynb")}
    assert notebooks == {path.stem for path in (site / "notebooks").glob("*.html")}
    named = {path.stem.removeprefix("elbo_room.") for path in (site / "reference").glob("*.html")}
    assert named >= {name for name in elbo_room.__all__ if not name.isupper()} - {"DeepGenerativeSettings"}


def test_formulas_need_no_script(site, pages):
    path = site / "notebooks" / "05_deep_generative_models.html"
    assert "<math" in path.read_text(encoding="utf-8")
    assert not [each for page in pages.values() for each in page.resources if "mathjax" in each.lower()]


def test_a_widget_of_a_notebook_stays_as_a_picture_of_its_numbers(tmp_path, monkeypatch):
    """The bars of KL = (2, 0) and (0, 2) are two pictures; a widget that the page does not show is refused."""
    sources = [
        f"from elbo_room.widgets.notebook import figures\nfigures.kl({values})"
        for values in ([2.0, 0.0], [0.0, 2.0], [2.0, 0.0])
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("KL"), *map(nbformat.v4.new_code_cell, [*sources, "print(1)"])]
    )
    nbformat.write(notebook, tmp_path / "kl.ipynb")
    cells = notebook.cells
    for cell in cells[1:]:
        cell.outputs = [nbformat.v4.new_output("display_data", data={WIDGET: {}, "text/plain": "Figure"})]
    monkeypatch.setattr(notebook_pictures, "SHOWN", 20_000)
    own_thread = ThreadPoolExecutor(1)  # Playwright's loop for the browser tests may be running in this one
    with own_thread, pytest.raises(Refusal, match=r"does not show widget 1 of cell 4 of kl\.ipynb"):
        own_thread.submit(notebook_pictures.add_pictures, cells, tmp_path / "kl.ipynb").result()
    assert all(set(cell.outputs[0]["data"]) == {"image/png", "text/plain"} for cell in cells[1:4])
    first, swapped, again = (cell.outputs[0]["data"]["image/png"] for cell in cells[1:4])
    assert first == again
    assert first != swapped
