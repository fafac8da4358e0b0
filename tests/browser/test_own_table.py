"""A file of counts, uploaded on the page, trains; one that was scaled is refused with an explanation; the card shows its genes."""

import re

import numpy as np
import pandas as pd
import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


def table(path, scale: float):
    """60 cells of two kinds, 30 genes; gene g7 marks the second kind."""
    rate = np.full((60, 30), 3.0)
    rate[30:, 7] = 40.0
    x = np.random.default_rng(0).poisson(rate) * scale
    names = [f"g{j}" for j in range(30)]
    np.savez(path, x=x, labels=np.repeat(["plain", "rich"], 30), feature_names=np.array(names))
    return str(path)


def opened(page, wait_until, address: str) -> Screen:
    """The page with the drawer Your data."""
    page.goto(address)
    screen = Screen(page, wait_until)
    screen.painted()
    page.get_by_text("Your data", exact=True).click()
    return screen


def upload(page, path: str) -> None:
    """Choose a file, as a person does."""
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload a file").click()
    chosen.value.set_files(path)


def test_an_uploaded_table_of_counts_trains(page, wait_until, voila_server, tmp_path):
    screen = opened(page, wait_until, voila_server)
    upload(page, table(tmp_path / "scaled.npz", 0.5))
    screen.until(lambda: "They are real numbers" in screen.text("drawer"))
    named = tmp_path / "named.csv"
    named.write_text("id,g1,g2,price\n" + "".join(f"{i},{i * 1.5},{i % 7},{i * 2.5}\n" for i in range(30)))
    upload(page, str(named))
    screen.until(lambda: "30 × 3" in screen.text("drawer") and "it counts the rows" in screen.text("drawer"))
    page.get_by_label("Use price as").select_option("response")
    screen.until(lambda: "30 × 2" in screen.text("drawer"))
    upload(page, table(tmp_path / "cells.npz", 1.0))
    screen.until(lambda: "60 × 30, coloured by labels (2 kinds)" in screen.text("drawer"))
    page.get_by_role("button", name="Close", exact=True).first.click()
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=20)
    screen.until(lambda: "share its label" in screen.text("caption"))
    assert screen.counters()["rebuilds"] == 0


def regression(path, rows: int = 200) -> str:
    """Eight joint angles and how far the arm is from its target, in mm, as in kin8nm."""
    generator = np.random.default_rng(0)
    angles = generator.uniform(-1.5, 1.5, (rows, 8))
    bent = np.cos(angles[:, 0]) * np.sin(angles[:, 1]) + 0.5 * angles[:, 2] * angles[:, 3] + 0.3 * angles[:, 4]
    distance = 700 + 100 * bent + generator.normal(0, 10, rows)
    lines = [",".join(f"{value:.5f}" for value in (*row, y)) for row, y in zip(angles, distance, strict=True)]
    path.write_text("\n".join([",".join([*(f"theta{k + 1}" for k in range(8)), "distance"]), *lines]))
    return str(path)


def test_an_uploaded_regression_ends_in_prediction_intervals_in_its_own_units(page, wait_until, voila_server, tmp_path):
    """Upload, roles, response, Run: held-out rows with RMSE and ±2 sd in mm, far below the sd of y, 65 mm."""
    screen = opened(page, wait_until, voila_server)
    arm = regression(tmp_path / "arm.csv")
    upload(page, arm)
    screen.until(lambda: "200 × 9" in screen.text("drawer"))
    assert page.get_by_label("Use theta3 as").input_value() == "feature"
    assert page.get_by_label(re.compile("^Standardise")).is_checked()
    page.get_by_label("Use distance as").select_option("response")
    screen.until(lambda: "Gaussian with the identity link, as distance has real values" in screen.text("drawer"))
    page.get_by_role("button", name="Close", exact=True).first.click()
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=300)
    said = re.compile(r"Held-out data get −[\d.]+ nats each \(RMSE ([\d.]+) distance\)")
    screen.until(lambda: said.search(screen.text("caption")))
    screen.until(lambda: float(said.search(screen.text("caption"))[1]) < 60)
    assert screen.titled("c", "Held-out data: predicted against observed")
    screen.until(lambda: re.search(r"their prediction ±2 sd, ±[\d.]+( to ±[\d.]+)? distance", screen.text("caption")))
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Predictions CSV").click()
    found = pd.read_csv(saved.value.path())
    observed = pd.read_csv(arm)["distance"]
    assert saved.value.suggested_filename == "elbo-room-predictions.csv"
    np.testing.assert_allclose(found["y"], observed, rtol=1e-5)
    assert (found["y"] - found["mean"]).std() < 60
    assert found["held_out"].sum() == 40
    assert screen.counters()["rebuilds"] == 0


@pytest.mark.parametrize("kind", ["csr", "dense"])
def test_a_whole_transcriptome_trains_live(page, wait_until, voila_server, tmp_path, kind):
    """900 cells of two kinds, 12,653 genes, sparse and dense: read, trained, said, and told apart on the map's PCA plane."""
    h5py = pytest.importorskip("h5py")
    cells, genes, generator = 900, 12_653, np.random.default_rng(0)
    rate = np.tile(generator.gamma(0.3, 1.0, genes), (2, 1))
    rate[1, :300] *= 8
    rows = np.arange(cells) % 2
    x = generator.poisson(1.5 * rate[rows]).astype(np.float32)
    with h5py.File(tmp_path / "whole.h5ad", "w") as file:
        if kind == "dense":
            file["X"] = x
        else:
            stored, (outer, inner) = file.create_group("X"), x.nonzero()
            stored.attrs["encoding-type"], stored.attrs["shape"] = "csr_matrix", x.shape
            stored["data"], stored["indices"] = x[outer, inner], inner
            stored["indptr"] = np.concatenate([[0], np.bincount(outer, minlength=cells).cumsum()])
        obs, var = file.create_group("obs"), file.create_group("var")
        obs.attrs["_index"] = var.attrs["_index"] = "_index"
        obs["_index"], var["_index"] = [f"c{i}" for i in range(cells)], [f"g{j}" for j in range(genes)]
        label = obs.create_group("cell_type")
        label["categories"], label["codes"] = ["plain", "rich"], rows.astype(np.int8)
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    page.get_by_text("Your data", exact=True).click()
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload a file").click()
    chosen.value.set_files(str(tmp_path / "whole.h5ad"))
    screen.until(lambda: "900 × 12,653, coloured by cell_type (2 kinds)" in screen.text("drawer"))
    page.get_by_role("button", name="Close", exact=True).first.click()
    screen.until(lambda: "Single cells (scVI)" in screen.text("goal"))
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=10)
    screen.until(lambda: "steps/s" in screen.text("status"))
    screen.until(lambda: page.get_by_text("PCA plane").count())
    screen.until(lambda: "share its label" in screen.text("caption") or "share their label" in screen.text("caption"))
    assert screen.counters()["rebuilds"] == 0
