"""Each unknown of a run: q's middle 90 %, and below it that of the posterior that NUTS has drawn; how far apart they are, in numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.diagnostics.evidence.pareto import smoothed
from elbo_room.models.diagnostics.nuts import GOOD_R_HAT, GOOD_SIZE
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Picture
from elbo_room.widgets.worker.pictures.numbers import Numbers, roomy
from elbo_room.widgets.worker.pictures.protocol import Pictures
from elbo_room.widgets.worker.studies.nuts import Nuts, Truth, compared, weighted_draws

LEVELS = (0.05, 0.5, 0.95)
LINE, TOP = 17.0, 10.0  # pixels between two numbers beside the plot, and above the first


def truth_of(pictures: Pictures) -> Truth | None:
    """What NUTS has found of this run."""
    found = pictures.findings.get("nuts")
    return found if isinstance(found, Truth) else None


def percent(share: float) -> str:
    """A whole number of percent with a true minus."""
    return f"{100 * share:.0f} %".replace("-", "−")


class PosteriorPicture(Numbers[Pictures]):
    """q at every look, as it is then; the draws of NUTS as they were found."""

    def __init__(self, chart: str, run: Run, pictures: Pictures) -> None:
        super().__init__(chart, run, pictures)
        self.why = Nuts().why_not(run)
        self.span = 0.5

    @classmethod
    def applies(cls, run: Run, pictures: Pictures) -> bool:
        """Whether the family's sites are what its charts show."""
        del pictures
        return bool(run.model.sites)

    def about(self) -> About:
        """Nothing that stays."""
        return {"labels": {self.chart: []}}

    def look(self) -> Picture:
        """The intervals, and the numbers beside them."""
        if self.why:
            return {"facts": {"summaries": {self.chart: self.why}}}
        drawn, log_w = weighted_draws(self.run)
        truth = truth_of(self.pictures)
        if truth is not None and truth.samples.flat.shape[-1] != drawn.shape[1]:
            truth = None
        words, sentence = self._words(truth, drawn, log_w)
        table = self._table(truth, drawn, log_w)
        self.span = roomy(
            self.span, 1.02 * float(np.abs([table[name] for name in ("low", "high", "q_low", "q_high")]).max())
        )
        names = [f"{name}" for name in self._names(drawn.shape[1], truth)]
        beside = {
            "index": np.arange(len(names), len(names) + len(words), dtype=np.float32),
            "py": np.asarray([TOP + LINE * line for line in range(len(words))], np.float32),
        }
        return {
            "replace": {self.chart: {"unknowns": table, "beside": beside}},
            "names": {self.chart: [*names, *words]},
            "params": {
                self.chart: {
                    "xLow": 0.3,
                    "xHigh": len(names) + 0.7,
                    "yLow": -self.span,
                    "yHigh": self.span,
                    "drawn": truth is not None,
                }
            },
            "facts": {"summaries": {self.chart: sentence}},
        }

    def _names(self, count: int, truth: Truth | None) -> list[str]:
        if truth is not None:
            return list(truth.samples.names)
        return [str(number + 1) for number in range(count)]

    def _table(self, truth: Truth | None, drawn: Tensor, log_w: Tensor | None) -> Columns:
        """A row an unknown; before NUTS has run its columns repeat q's, and are not drawn."""
        levels = torch.tensor(LEVELS, dtype=torch.float64)
        of_q = drawn.double().quantile(levels, 0)  # (3, D)
        count = drawn.shape[1]
        found = {
            "place": torch.arange(1, count + 1), "unknown": torch.arange(count),
            "q_low": of_q[0], "q_middle": of_q[1], "q_high": of_q[2],
        }  # fmt: skip
        if log_w is not None:
            found["psis"] = smoothed(log_w[:, None])[0][:, 0].softmax(0) @ drawn.double()
        if truth is None:
            found |= {"low": of_q[0], "middle": of_q[1], "high": of_q[2]}
        else:
            flat = truth.samples.flat.flatten(0, 1).double().quantile(levels, 0)
            against = compared(truth, drawn)
            found |= {
                "low": flat[0], "middle": flat[1], "high": flat[2],
                "r_hat": torch.tensor(truth.r_hat), "size": torch.tensor(truth.size),
                "missing": 100 * against.missing, "distance": against.each_distance,
            }  # fmt: skip
        return {name: np.asarray(column, np.float32) for name, column in found.items()}

    def _words(self, truth: Truth | None, drawn: Tensor, log_w: Tensor | None) -> tuple[list[str], str]:
        """The numbers beside the plot, and the sentence of the caption."""
        shape = [] if log_w is None else [f"k̂ {float(smoothed(log_w[:, None])[1]):.2f}".replace("-", "−")]
        if truth is None:
            return [
                "blue: q",
                *shape,
            ], f"This is q alone: “Run NUTS” draws the exact posterior of these {drawn.shape[1]:,} unknowns beside it."
        against, samples = compared(truth, drawn), truth.samples
        worst, least = max(truth.r_hat), min(truth.size)
        words = [
            "blue: q, black: NUTS",
            f"step {truth.number:,}",
            f"R̂ ≤ {worst:.3f}",
            f"ESS ≥ {least:,.0f}",
            f"{samples.divergences} divergences",
            f"W₂ {against.distance:.3g} ({truth.floor:.2g})",
            f"missing {percent(against.missing_variance)}",
            *shape,
        ]
        missing = against.missing_variance
        size = (
            f"q lacks {percent(missing)} of its variance" if missing > 0 else f"q has {percent(-missing)} more variance"
        )
        far = f"W₂ is {against.distance:.3g}, of which chance alone makes {truth.floor:.2g}"
        return words, f"Beside the posterior by NUTS, {size}; {far}. {self._trust(truth, worst, least)}"

    def _trust(self, truth: Truth, worst: float, least: float) -> str:
        samples = truth.samples
        if not worst < GOOD_R_HAT:
            return (
                f"R̂ is up to {worst:.2f}: the chains are in different modes, so compare functions rather than weights."
            )
        if samples.divergences:
            return f"{samples.divergences} trajectories diverged: a narrow part may be missing."
        if least < GOOD_SIZE:
            return f"ESS is down to {least:.0f}: the tails are rough."
        if not truth.holds(self.run):
            return f"NUTS kept the model's own parameters of step {truth.number:,}; they have moved since."
        return "All chains agree."
