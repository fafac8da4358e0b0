"""Texts of users and files (labels, columns, genes, file names, run names, links): none becomes markup, script, code or a formula."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from elbo_room.lab.serving.public import pages
from elbo_room.widgets.messages import ReadTable
from elbo_room.widgets.painting.saved_page import _html
from elbo_room.widgets.screen.own_table import OwnTable, keep
from elbo_room.widgets.sessions import local_use
from elbo_room.widgets.wire.spreadsheet import inert, inert_table
from tests.conftest import ROOT

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "</title></script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onfocus=alert(1) autofocus x='",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "')\nimport os\nos.system('id')\n#",
    "$\\href{javascript:alert(1)}{x}$",
]
# Where the page makes markup of a text, and why each may: the text is the lab's own. Anything new is to use textContent or Label.
MARKUP = re.compile(
    r"\.(?:inner|outer)HTML\s*\+?=|insertAdjacentHTML|document\.write|\.srcdoc|createContextualFragment|DOMParser|"
    r"\beval\(|new Function"
)
OWN_MARKUP = {"estimator_legend.js": "row.formula", "gallery.js": "image/svg+xml", "one_step.js": "formulas"}
OWN_HTML = {
    "formula.py",
    "panel_help.py",
    "layout.py",
    "room_vote.py",
}  # sheets, help and titles of the catalogue; a QR code


class Elements(HTMLParser):
    """The elements of a page, and attributes that run something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.running: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.running += [name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]


def test_no_script_makes_markup_of_a_text_that_is_not_the_labs_own():
    found = {}
    for file in sorted((ROOT / "widgets" / "static").glob("*.js")):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if MARKUP.search(line)]
        if lines:
            found[file.name] = lines
    assert set(found) == set(OWN_MARKUP)
    for name, lines in found.items():
        assert len(lines) == 1
        assert OWN_MARKUP[name] in lines[0]


def test_widgets_that_show_markup_are_those_whose_words_are_the_labs_own():
    markup = re.compile(r"\bHTMLMath\(|\bipw\.HTML\(|\bHTML\(|\bMarkdown\(|\bJavascript\(")
    files = [file for folder in ("models", "widgets") for file in (ROOT / folder).rglob("*.py")]
    assert {file.name for file in files if markup.search(file.read_text(encoding="utf-8"))} == OWN_HTML


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_saved_page_has_the_elements_that_any_has(payload):
    plain, hostile = Elements(_html("A run", b"")), Elements(_html(payload, b""))
    assert hostile.names == plain.names
    assert not hostile.running


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_servers_pages_have_the_elements_that_any_have(payload):
    for make in (
        pages.door,
        pages.queue,
        lambda text: pages.entrance(text, "", text),
        lambda text: pages.page(text, ""),
    ):
        plain, hostile = Elements(make("/")[0]), Elements(make(payload)[0])
        assert hostile.names == plain.names
        assert not [name for name in hostile.running if name.startswith("on") and name not in plain.running]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_in_the_code_of_a_run_stay_strings(payload):
    own = OwnTable(lambda action: None)
    own.request = ReadTable(f"/data/{payload}.csv", payload, payload)
    own.features = payload
    for imports, expression in own.in_python().values():
        assert [type(each) for each in ast.parse(imports).body] == [ast.ImportFrom]
        tree = ast.parse(expression, mode="eval")
        assert len([each for each in ast.walk(tree) if isinstance(each, ast.Call)]) == 1


@pytest.mark.parametrize("payload", [*PAYLOADS, "../../../etc/passwd", "..\\..\\x", "a\x00b"])
def test_an_upload_stays_in_its_folder_under_a_harmless_name(payload, tmp_path, monkeypatch):
    monkeypatch.setenv("ELBO_ROOM_HOME", str(tmp_path))
    path = keep(f"{payload}.csv", b"a,b\n1,2\n")
    assert path.parent == tmp_path / "tables"
    assert re.fullmatch(r"[\w.\- ]+", path.name)


def test_others_than_the_person_at_this_computer_see_no_folders(monkeypatch):
    sentence = "There is no file /home/lab/homes/ab12/tables/x y.csv. Check the path; 1/2 of the rows and y/n stay."
    assert local_use.shown_sentence(sentence) == sentence
    monkeypatch.setenv(local_use.REQUEST, "https://lab.example.org/")
    hidden = local_use.shown_sentence(sentence)
    assert hidden == "There is no file x y.csv. Check the path; 1/2 of the rows and y/n stay."
    assert local_use.shown_path("/home/lab/x.csv") == "x.csv"
    assert "/home" not in local_use.without_path(OSError(28, "No space left on device", "/home/lab/x.csv"))


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_no_cell_of_a_file_that_was_downloaded(text):
    assert inert(text) == f"'{text}"
    table = inert_table(pd.DataFrame({text: [1.5, -2.0], "name": [text, None]}, index=[text, "b"]))
    assert list(table.columns) == [f"'{text}", "name"]
    assert list(table.index) == [f"'{text}", "b"]
    assert table["name"].iloc[0] == f"'{text}"
    assert table["name"].isna().iloc[1]
    assert table.iloc[:, 0].tolist() == [1.5, -2.0]


def test_numbers_and_words_stay_as_they_are():
    for text in ("-1.5", "+2e3", "-inf", "gene", "a=b", ""):
        assert inert(text) == text
    kept = pd.DataFrame({"a": [1, 2], "kind": pd.Categorical(["x", "y"])})
    assert inert_table(kept).to_csv() == kept.to_csv()
