"""One script a widget: an ES module of `static/` joined with all that it imports, since anywidget takes one module as text.

An imported module becomes `const $name = (() => { …; return { exports }; })();`, so that its own names stay private as in a
browser; the module that has the `export default` comes last. Comments on lines of their own are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

IMPORT = re.compile(r'^import \{([\w\s,]+)\} from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b(?! default \{).*", re.MULTILINE)
DEFAULT = re.compile(r"^export default (?=\{)\{", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Module:
    """A module's text without comments, imports and the word `export`; whose names it imports; which names it exports."""

    text: str
    imports: dict[str, list[str]]
    exports: list[str]

    @classmethod
    def read(cls, path: Path) -> Module:
        """Take a file apart."""
        source = COMMENT.sub("", path.read_text(encoding="utf-8"))
        imports = {name: re.findall(r"\w+", names) for names, name in IMPORT.findall(source)}
        text = EXPORT.sub("", IMPORT.sub("", source))
        if other := OTHER.search(text):
            raise ValueError(
                f'{path.name} has `{other[0]}`. Allowed are `import {{ a, b }} from "./name.js";` and `export` in front of '
                "`function`, `class` and `const`. Write it as one of these."
            )
        return cls(text.strip(), imports, EXPORT.findall(source))

    def script(self) -> str:
        """The text with its imports as constants."""
        taken = [f"const {{ {', '.join(names)} }} = ${name};" for name, names in self.imports.items()]
        return "\n".join([*taken, self.text])

    def part(self) -> str:
        """The same inside another script, where a widget's own export is of no use."""
        return DEFAULT.sub("const $unused = {", self.script())


def entries(folder: Path) -> list[str]:
    """The names of the modules that are a widget's: those with an `export default`."""
    return sorted(path.stem for path in folder.glob("*.js") if "\nexport default {" in path.read_text(encoding="utf-8"))


def join(folder: Path, entry: str) -> str:
    """Return a module and all that it imports as one script.

    Raises:
        ValueError: a module or an export is missing, or imports go in a circle.
    """
    modules: dict[str, Module] = {}
    _collect(folder, entry, [], modules)
    last = modules.pop(entry)
    before = [
        f"const ${name} = (() => {{\n{module.part()}\nreturn {{ {', '.join(module.exports)} }};\n}})();\n"
        for name, module in modules.items()
    ]
    return "".join([*before, last.script(), "\n"])


def _collect(folder: Path, name: str, importers: list[str], modules: dict[str, Module]) -> None:
    """Put a module behind everything that it imports."""
    if name in importers:
        way = " → ".join([*importers, name])
        raise ValueError(
            f"Modules import each other in a circle: {way}. Move what they share into a module of its own."
        )
    path = folder / f"{name}.js"
    if not path.exists():
        raise ValueError(
            f"{importers[-1] if importers else 'A widget'} imports {path.name}, which does not exist. Correct the name."
        )
    module = Module.read(path)
    for other, names in module.imports.items():
        if other not in modules:
            _collect(folder, other, [*importers, name], modules)
        if missing := set(names) - set(modules[other].exports):
            raise ValueError(
                f"{name}.js imports {', '.join(sorted(missing))} from {other}.js, which exports "
                f"{', '.join(modules[other].exports) or 'nothing'}. Export it there, one name a declaration."
            )
    modules[name] = module
