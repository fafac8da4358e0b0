"""The arrows run one way, lab → widgets → models, and the kernel's side needs neither torch nor altair."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
USER_INTERFACE = {"ipywidgets", "altair", "anywidget", "IPython", "tqdm", "matplotlib", "vl_convert", "traitlets"}
FORBIDDEN = {
    "models": {"elbo_room.lab", "elbo_room.widgets", "tests", *USER_INTERFACE},
    "widgets": {"elbo_room.lab", "tests", "tqdm", "matplotlib"},
    "lab": {"tests"},
}
HEAVY = {"torch", "altair", "sklearn", "scipy", "vl_convert", "pandas"}
# Registry hosts, in pieces, so that this file does not name them either.
REGISTRIES = [".".join(parts) for parts in [("pypi", "org"), ("pythonhosted", "org"), ("download", "pytorch", "org"),
              ("registry", "npmjs", "org"), ("deb", "debian", "org"), ("conda", "anaconda", "org")]]  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """The packages that a file imports, anywhere in it: top-level names, and of `elbo_room` its three parts."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (package_of(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (package_of(f"{node.module}.{alias.name}") for alias in node.names)


def package_of(name: str) -> str:
    """`torch` of `torch.nn`, but `elbo_room.models` of `elbo_room.models.core`."""
    return ".".join(name.split(".")[: 2 if name.startswith("elbo_room.") else 1])


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_arrows_run_one_way(package):
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imports(path)
        if name in FORBIDDEN[package]
    }
    assert found == set()


def loaded_by(code: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after running some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    return {package_of(name) for name in loaded}


def modules(package: str, *but: str) -> list[str]:
    """The modules of a package, without some of its parts."""
    paths = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [
        f"elbo_room.{name}" for name in names if not any(name == part or name.startswith(f"{part}.") for part in but)
    ]


def test_models_load_no_user_interface():
    code = "\n".join(f"import {name}" for name in modules("models"))
    found = loaded_by(code) - loaded_by("import torch")  # torch.hub imports tqdm where there is one
    assert found & {*USER_INTERFACE, "elbo_room.lab", "elbo_room.widgets"} == set()


@pytest.mark.parametrize("module", ["elbo_room", "elbo_room.models", "elbo_room.models.settings"])
def test_the_catalogue_of_settings_loads_no_torch(module):
    assert loaded_by(f"import {module}") & HEAVY == set()


def test_the_kernel_loads_neither_torch_nor_altair():
    kernel_side = modules("widgets", *(f"widgets.{part}" for part in ("worker", "charts", "prepare", "record")))
    assert loaded_by("\n".join(f"import {name}" for name in kernel_side)) & HEAVY == set()


def test_the_server_loads_neither_torch_nor_altair():
    names = ("serve", "jupyter_settings", "no_delay", "ready_kernel", "fast_ready_client")
    code = "\n".join(f"import elbo_room.lab.serving.{name}" for name in names)
    assert loaded_by(code) & (HEAVY | {"ipywidgets", "elbo_room.models"}) == set()


def test_no_committed_text_names_a_package_registry():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = listing.stdout.decode().split("\0") if listing.returncode == 0 else []
    texts = {name: ROOT / name for name in names if name and (ROOT / name).is_file()}
    found = [
        f"{name} names {host}"
        for name, path in texts.items()
        for host in REGISTRIES
        if host.encode() in path.read_bytes()
    ]
    assert found == []
