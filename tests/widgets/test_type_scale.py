"""One scale of type: style sheets, charts and canvases take their sizes from it, and nothing is smaller than 12 pixels."""

import re

import pytest

from elbo_room.widgets import built_assets, theme
from elbo_room.widgets.painting import saved_page

LEAST = 12
SHEETS = {path.name: path.read_text() for path in built_assets.STATIC.glob("*.css")} | {"saved page": saved_page.STYLE}
SIZE = re.compile(r"font-size:\s*([^;}]+)|font:\s*(?:\d00\s+)?([^;}/\s]+)")
STEPS = ("small", "type", "text", "title", "display", "number")
ALLOWED = {f"var(--elbo-{step})" for step in STEPS} | {"inherit", "0"}  # 0: a glyph takes the place of the words


def sizes(css):
    return {(found[1] or found[2]).strip() for found in SIZE.finditer(re.sub(r"/\*.*?\*/", "", css, flags=re.S))}


def scales():
    """What the steps are: usually, on a large screen, at the projector."""
    everything = "\n".join(SHEETS.values())
    found = [
        dict(re.findall(r"--elbo-(\w+): (\d+)px", block))
        for block in re.findall(r"\{[^{}]*--elbo-small: [^{}]*\}", everything)
    ]
    return [{step: int(each[step]) for step in STEPS} for each in found]


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_a_style_sheet_takes_its_sizes_from_the_scale(name):
    for size in (each.removesuffix(" !important") for each in sizes(SHEETS[name])):
        assert size in ALLOWED or (name == "formulas.css" and re.fullmatch(r"[\d.]+em", size)), size


def test_every_scale_ascends_from_twelve_pixels():
    assert len(scales()) == 3
    for scale in scales():
        values = [scale[step] for step in STEPS]
        assert values[0] >= LEAST
        assert values == sorted(values)


def test_charts_and_canvases_use_the_smallest_step_of_the_scale():
    def fonts(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key.lower().endswith("fontsize"):
                    yield value
                yield from fonts(value)
        elif isinstance(part, list):
            for each in part:
                yield from fonts(each)

    for name in built_assets.views():
        assert set(fonts(built_assets.spec(name))) <= {theme.SMALL}, name
    usual = scales()[0] if scales()[0]["small"] == LEAST else min(scales(), key=lambda scale: scale["small"])
    assert usual["small"] == theme.SMALL
    drawn = re.compile(r"font = [`\"](?:600 |\$\{[^}]*\})*(\d+)")
    for path in built_assets.STATIC.glob("*.js"):
        text = path.read_text()
        assert all(int(size) >= LEAST for size in drawn.findall(text)), path.name
        assert f"SMALL = {theme.SMALL};" in text or path.name != "elements.js"
