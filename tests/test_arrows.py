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
    "models": {"lab", "widgets", "tests", *USER_INTERFACE},
    "widgets": {"lab", "tests", "tqdm", "matplotlib"},
    "lab": {"tests"},
}
HEAVY = {"torch", "altair", "sklearn", "scipy", "vl_convert", "pandas"}
# Registry hosts, in pieces, so that this file does not name them either.
REGISTRIES = [".".join(parts) for parts in [("pypi", "org"), ("pythonhosted", "org"), ("download", "pytorch", "org"),
              ("registry", "npmjs", "org"), ("deb", "debian", "org"), ("conda", "anaconda", "org")]]  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


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
    """The top-level modules that a fresh interpreter has after running some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"]
    return set(
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    )


def modules(package: str, *but: str) -> list[str]:
    """The modules of a package, without some of its parts."""
    paths = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not any(name == part or name.startswith(f"{part}.") for part in but)]


def test_models_load_no_user_interface():
    code = "\n".join(f"import {name}" for name in modules("models"))
    found = loaded_by(code) - loaded_by("import torch")  # torch.hub imports tqdm where there is one
    assert found & {*USER_INTERFACE, "lab", "widgets"} == set()


@pytest.mark.parametrize("module", ["models", "elbo_room.models.settings"])
def test_the_catalogue_of_settings_loads_no_torch(module):
    assert loaded_by(f"import {module}") & HEAVY == set()


def test_the_kernel_loads_neither_torch_nor_altair():
    kernel_side = modules(
        "widgets",
        "elbo_room.widgets.worker",
        "elbo_room.widgets.charts",
        "elbo_room.widgets.prepare",
        "elbo_room.widgets.record",
    )
    assert loaded_by("\n".join(f"import {name}" for name in kernel_side)) & HEAVY == set()


def test_the_server_loads_neither_torch_nor_altair():
    code = "import elbo_room.lab.serve, elbo_room.lab.jupyter_settings, elbo_room.lab.no_delay, elbo_room.lab.ready_kernel, elbo_room.lab.swift_client"
    assert loaded_by(code) & (HEAVY | {"widgets", "models"}) == set()


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
