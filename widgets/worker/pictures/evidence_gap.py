"""Panel A's view of log p(y): for this run and for others like it, the ELBO, Laplace and the bridge's estimate, one row each."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Picture
from elbo_room.widgets.worker.pictures.numbers import Numbers
from elbo_room.widgets.worker.pictures.protocol import Pictures
from elbo_room.widgets.worker.studies.evidence import EvidenceGap, Measured
from elbo_room.widgets.worker.studies.nuts import unknowns

NOT_YET = (
    "Press “Measure log p(y)”: it trains this model again with other q, λ and widths, and measures each one's gap."
)
FIELDS = ("row", "index", "elbo", "value", "low", "high", "laplace", "gap", "k")


class EvidenceGapPicture(Numbers[Pictures]):
    """The rows as they come."""

    @classmethod
    def applies(cls, run: Run, pictures: Pictures) -> bool:
        """Whether all unknowns are weights of one network."""
        del pictures
        return "w" in run.model.sites and unknowns(run.model)[1] == 0 and hasattr(run.settings, "posterior")

    @cached_property
    def why(self) -> str | None:
        """Why it cannot be measured."""
        return EvidenceGap().why_not(self.run)

    def about(self) -> About:
        """Nothing that stays."""
        return {"labels": {self.chart: []}}

    def look(self) -> Picture:
        """What has been measured."""
        found = self.pictures.findings.get("evidence")
        if not isinstance(found, Measured):
            empty = {name: np.zeros(0, np.float32) for name in FIELDS}
            return {
                "replace": {self.chart: {"rows": empty, "gaps": {name: empty[name] for name in ("row", "index")}}},
                "facts": {"summaries": {self.chart: self.why or NOT_YET}},
            }
        each = self.run.data.size
        table, names = [], []
        for place, row in enumerate(found.rows):
            at = row.found.bridge.value / each
            wide = 2 * row.found.bridge.error / each
            elbo = at if row.found.elbo is None else row.found.elbo.value / each
            rough = at if row.found.laplace is None else row.found.laplace / each
            gap = row.found.gap
            table.append((place, 2 * place, elbo, at, at - wide, at + wide, rough, gap or 0.0, row.found.k or 0.0))
            names += [row.label, "no ELBO" if gap is None else f"{gap:.2f} nats".replace("-", "−")]
        columns = dict(zip(FIELDS, np.asarray(table, np.float32).T, strict=True))
        low, high = float(columns["elbo"].min()), float(np.maximum(columns["high"], columns["laplace"]).max())
        low = min(low, float(columns["laplace"].min()))
        pad = 0.06 * max(high - low, 0.05)
        return {
            "replace": {self.chart: {"rows": columns, "gaps": {"row": columns["row"], "index": columns["index"] + 1}}},
            "names": {self.chart: names},
            "params": {
                self.chart: {"xLow": low - pad, "xHigh": high + pad, "yLow": -0.6, "yHigh": len(found.rows) - 0.4}
            },
            "facts": {"summaries": {self.chart: self._sentence(found)}},
        }

    def _sentence(self, found: Measured) -> str:
        """What this run's q loses, and which of the others loses least."""
        first = found.rows[0].found
        own = (
            f"Step {found.number:,}: log p(y) is {first.bridge.value:.2f} ± {2 * first.bridge.error:.2g} nats".replace(
                "-", "−"
            )
        )
        own += "" if first.gap is None else f", the ELBO {first.gap:.2f} below it"
        doubt = "; the chains of NUTS disagree, so there may be more" if not first.r_hat < 1.01 else ""
        rest = [row for row in found.rows[1:] if row.found.gap is not None]
        least = min(rest, key=lambda row: row.found.gap or 0.0, default=None)
        best = (
            ""
            if least is None or not found.complete
            else f" The least gap of the others, {least.found.gap:.2f}, has {least.label}."
        )
        return f"{own}{doubt}.{best}"
