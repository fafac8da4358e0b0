r"""LaTeX typeset as MathML, which browsers lay out themselves: no script in the page, no network.

A part's symbol is written in Unicode, “N(0, λ²)”, with LaTeX only where Unicode has no sign. `\lit{names}{…}` marks a term: pointing
at it, or at one of the controls and curves of these names, lights all of them.
"""

import html
import re
import unicodedata
from functools import cache

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵘ", "0123456789−+u") | {ord("ᵀ"): r"\top "}
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₐₕᵢⱼₖₒₓ", "0123456789+−ahijkox")
SIGNS = str.maketrans({
    "−": "-", "~": r"\sim ", "|": r"\mid ", "∣": r"\mid ", "‖": r"\Vert ", "·": r"\cdot ", "∘": r"\circ ", "∗": r"\ast ", "∝": r"\propto ",
    "≠": r"\ne ", "←": r"\leftarrow ", "→": r"\to ", "…": r"\dots ", "∇": r"\nabla ", "Σ": r"\sum ", "Π": r"\prod ", "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
})  # fmt: skip
ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}  # signs that stand on the letter before them
UPPER, LOWER = (f"[{''.join(map(chr, table))}]+" for table in (RAISED, LOWERED))
INDEXED = "λz"  # λ with the index z, of which Unicode has no lowered sign
WORD = re.compile(r"(?<![\\\w])(?<!_{)([A-Za-z]{2,})(?!\w)( ?)")
FUNCTION = re.compile(
    r"<mi>(?:log|exp)</mi>(?=<m(?:i|sub|over)\b)"
)  # MathML of its own puts no space before an argument
WHOLE = (r"\text{", r"\lit{")
PIECES = re.compile(r"(\\(?:text|lit)\{[^{}]*\})")  # words, and the names of a term
DRESS = re.compile(r' class="([^"]+)"')
KEPT = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def latex_of(symbol: str) -> str:
    """A part's symbol as LaTeX: accents, raised and lowered signs, words upright; what is LaTeX already stays."""
    return "".join(piece if piece.startswith(WHOLE) else _typed(piece) for piece in PIECES.split(symbol))


def _typed(symbol: str) -> str:
    split = unicodedata.normalize("NFD", symbol).replace("=\u0338", "≠")  # accents apart from their letters
    split = split.replace(INDEXED, "λ_{z}")
    words = WORD.sub(lambda found: rf"\text{{{found[1]}}}" + (r"\," if found[2] else ""), split)
    plain = words.translate(SIGNS)
    dressed = re.sub(f"(.)([{''.join(ACCENTS)}])", lambda found: rf"\{ACCENTS[found[2]]}{{{found[1]}}}", plain)
    raised = re.sub(UPPER, lambda found: f"^{{{found[0].translate(RAISED)}}}", dressed)
    return re.sub(LOWER, lambda found: f"_{{{found[0].translate(LOWERED)}}}", raised)


@cache
def mathml(latex: str, *, block: bool = False) -> str:
    """The formula as one `<math>` element; a marked term has the class `elbo-term` and its names in `data-light`."""
    from latex2mathml.converter import convert  # 70 ms: only when a formula is first asked for

    made = convert(latex.replace(r"\lit{", r"\class{"), display="block" if block else "inline")
    made = made.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    made = made.replace("<mi>&#x0007E;</mi>", "<mo>∼</mo>")  # the relation, not the accent
    made = FUNCTION.sub(r'\g<0><mspace width="0.167em" />', made)
    made = DRESS.sub(r' class="elbo-term" data-light="\1"', made)
    return re.sub(r"&#?\w+;", lambda found: KEPT.get(sign := html.unescape(found[0]), sign), made)
