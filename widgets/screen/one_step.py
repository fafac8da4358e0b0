"""Panel C's view "one step": an optimiser step of one data point, drawn stage by stage on a canvas."""

from __future__ import annotations

import traitlets

from elbo_room.widgets.screen.live_chart import LiveChart


class OneStep(LiveChart):
    """Draws what `elbo_room.widgets.worker.pictures.one_step` describes; `labels` hold the estimator's formula as MathML, and its name."""

    drawing = traitlets.Unicode("step").tag(sync=True)
