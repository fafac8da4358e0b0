"""The charts of the lab, one Altair specification a file. Only `python -m widgets.prepare` imports this package.

A chart is drawn over named, empty datasets. Its `usermeta` tells the browser how data reach it: `padding` around the
plot in pixels, `datasets` (mode, series column, x, y, band), `x` and `y` (scale, and how the range is chosen),
`series`, `dark` colours.
"""

from widgets.charts import elbo, kl, ladder, latent, layers, samples, units, variance, variance_against_draws

CHARTS = {
    "elbo": elbo.chart,
    "variance": variance.chart,
    "variance_against_draws": variance_against_draws.chart,
    "latent": latent.chart,
    "kl": kl.chart,
    "layers": layers.chart,
    "samples": samples.chart,
    "units": units.chart,
    "ladder": ladder.chart,
}
