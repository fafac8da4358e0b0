"""What helps when the kernel has stopped: how far the run on the screen is saved, and how to go on from there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SavedRun:
    """What could be taken up of the run on the screen if its kernel stopped now."""

    exists: bool  # there is a run, not only the example
    number: int | None  # the step that it is saved up to; None where nothing of it is saved
    own_model: bool  # it trains a model of the notebook's own, which no file holds
    cell: bool  # its cell is known, so that running it again takes the run up

    def remedies(self) -> dict[str, str]:
        """One sentence where the page is reloaded (Voilà), and one where the cell is run again (a notebook)."""
        if not self.exists:
            return {"reload": "Reload this page.", "rerun": "Run the cell again."}
        if self.own_model:
            return {"reload": "Reload this page to start at step 0.", "rerun": "Run the cell again to start at step 0."}
        if self.number is None:
            words = "Nothing of your run was saved yet:"
            return {
                "reload": f"{words} reload this page to start at step 0.",
                "rerun": f"{words} run the cell again to start at step 0.",
            }
        words = f"Your run is kept up to step {self.number:,}:"
        found = "to go on" if self.cell else "and open the run under Runs"
        return {"reload": f"{words} reload this page to go on.", "rerun": f"{words} run the cell again {found}."}


NO_RUN = SavedRun(exists=False, number=None, own_model=False, cell=False)
