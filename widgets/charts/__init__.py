"""The charts of the lab, one Altair specification a file. Only `python -m widgets.prepare` imports this package.

A chart is drawn over named, empty datasets. Its `usermeta` tells the browser how data reach it: `padding` around the
plot in pixels, `datasets` (mode, series column, x, y, band), `x` and `y` (scale, and how the range is chosen),
`series`, `dark` colours.
"""

from widgets.charts import (
    attention_map,
    calibration,
    elbo,
    filters,
    fit,
    function,
    gradient_histogram,
    kl,
    ladder,
    latent,
    layers,
    prior_predictive,
    relevance,
    samples,
    scores,
    surface,
    units,
    variance,
    variance_against_draws,
    variance_against_rows,
    variance_cost,
    weights,
    xi_parabola,
)

CHARTS = {
    "elbo": elbo.chart,
    "variance": variance.chart,
    "variance_against_draws": variance_against_draws.chart,
    "variance_against_rows": variance_against_rows.chart,
    "gradient_histogram": gradient_histogram.chart,
    "xi_parabola": xi_parabola.chart,
    "variance_cost": variance_cost.chart,
    "latent": latent.chart,
    "kl": kl.chart,
    "function": function.chart,
    "surface": surface.chart,
    "fit": fit.chart,
    "calibration": calibration.chart,
    "weights": weights.chart,
    "scores": scores.chart,
    "attention_map": attention_map.chart,
    "filters": filters.chart,
    "prior_predictive": prior_predictive.chart,
    "relevance": relevance.chart,
    "layers": layers.chart,
    "samples": samples.chart,
    "units": units.chart,
    "ladder": ladder.chart,
}
