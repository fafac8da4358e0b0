"""A file of counts, uploaded on the page, trains; one that was scaled is told so; the card reads its genes."""

import numpy as np
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


def test_an_uploaded_table_of_counts_trains(page, wait_until, voila_server, tmp_path):
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    page.get_by_text("Your data", exact=True).click()

    def upload(path: str) -> None:
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="Upload a file").click()
        chosen.value.set_files(path)

    upload(table(tmp_path / "scaled.npz", 0.5))
    screen.until(lambda: "No counts: Counts must be whole numbers" in screen.text("drawer"))
    upload(table(tmp_path / "cells.npz", 1.0))
    screen.until(lambda: "60 × 30, coloured by labels (2 kinds)" in screen.text("drawer"))
    page.get_by_text("Close", exact=True).click()
    screen.press("Run")
    screen.trains(beyond=20)
    assert "share its label" in screen.text("caption")
    assert screen.counters()["rebuilds"] == 0
