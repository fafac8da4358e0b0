"""Docstrings of installed packages as word counts: a document is a module, its label the package; nothing is shipped.

Words are lower-case runs of three letters or more; those in more than two fifths of the modules are uninformative and left out, then the
1,000 that occur in the most modules are kept. The same versions of the packages give the same table.
"""

import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

FOLDERS: dict[str, tuple[str, ...]] = {
    "asyncio": ("",), "email": ("",), "unittest": ("",),
    "numpy": ("lib", "linalg", "fft", "ma", "polynomial"),
    "sklearn": (
        "cluster", "linear_model", "decomposition", "ensemble", "metrics", "preprocessing", "model_selection", "neighbors", "svm",
        "manifold", "feature_extraction", "gaussian_process", "inspection", "mixture", "covariance",
    ),
    "torch": ("nn/modules", "optim", "distributions"),
    "ipywidgets": ("widgets",),
}  # fmt: skip
WORDS, LEAST_TOKENS, COMMON = 1000, 30, 0.4
WORD = re.compile(r"[a-z]{3,}")


def _root(package: str) -> Path | None:
    if package in sys.stdlib_module_names:
        return Path(sysconfig.get_path("stdlib")) / package
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _files() -> Iterator[tuple[str, Path]]:
    """(package, file), sorted by name."""
    for package, folders in FOLDERS.items():
        root = _root(package)
        for folder in folders if root else ():
            for path in sorted((root / folder).glob("*.py")):  # type: ignore[operator]
                yield package, path


def words_of(source: str) -> Counter[str]:
    """How often each word occurs between triple quotes."""
    inside = " ".join(source.split('"""')[1::2])
    return Counter(WORD.findall(inside.lower()))


@remembered
def docstrings() -> Dataset:
    """x (N, up to 1000), how often each word occurs in each module's docstrings."""
    found = [(package, words_of(path.read_text(encoding="utf-8", errors="replace"))) for package, path in _files()]
    found = [(package, words) for package, words in found if words.total() >= LEAST_TOKENS]
    spread = Counter(word for _, words in found for word in words)
    telling = [(-count, word) for word, count in spread.items() if count <= COMMON * len(found)]
    vocabulary = sorted(word for _, word in sorted(telling)[:WORDS])
    place = {word: index for index, word in enumerate(vocabulary)}
    x = torch.zeros(len(found), len(vocabulary))
    for row, (_, words) in enumerate(found):
        for word, count in words.items():
            if word in place:
                x[row, place[word]] = count
    kept = x.sum(1) >= LEAST_TOKENS
    names = tuple(dict.fromkeys(package for (package, _), keep in zip(found, kept.tolist(), strict=True) if keep))
    labels = [names.index(package) for (package, _), keep in zip(found, kept.tolist(), strict=True) if keep]
    return Dataset(
        name="docstrings", x=x[kept].contiguous(), labels=torch.tensor(labels), label_names=names,
        shape=(len(vocabulary),), feature_names=tuple(vocabulary)
    )  # fmt: skip


SOURCES = (
    Source(
        "docstrings", "Docstrings of packages",
        "Modules of the installed packages as counts of the words in their docstrings, read from this installation.",
        docstrings, "x (N, 1000)", models=("deep_exponential_family",), kind="count",
    ),
)  # fmt: skip
