"""What helps when the kernel has stopped: how far the run on the screen is saved, and how to continue from there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SavedRun:
    """What could be resumed of the run on the screen if its kernel stopped now."""

    exists: bool  # there is a run, not only the example
    number: int | None  # the step that it is saved up to; None if nothing is saved
    own_model: bool  # it trains the notebook's own model, which is in no file
    cell: bool  # its cell is known, so that running it again resumes the run

    def remedies(self) -> dict[str, str]:
        """One sentence for reloading the page (Voilà), and one for running the cell again (a notebook)."""
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
        found = "to continue" if self.cell else "and open the run under Runs"
        return {"reload": f"{words} reload this page to continue.", "rerun": f"{words} run the cell again {found}."}


NO_RUN = SavedRun(exists=False, number=None, own_model=False, cell=False)
