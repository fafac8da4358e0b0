"""What the panels need of a running model, as numpy arrays: cloud, KL per dimension, decoded grid, the data's own pictures."""

import math
import time

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.diagnostics import active, axes_plane, embedding, kl_per_dimension
from elbo_room.models.diagnostics.collapse import divergence_from_prior
from elbo_room.models.networks import TokenAttention
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Amortized
from elbo_room.widgets.messages import About, Array, Columns, Explore, Grid, Grouping, Params, Picture, Walk
from elbo_room.widgets.worker.pictures.attention import ShownText
from elbo_room.widgets.worker.pictures.causes import Causes, absorbed, all_alive
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.contours import Outline
from elbo_room.widgets.worker.pictures.decoding import Decoding
from elbo_room.widgets.worker.pictures.em import maximisation_of
from elbo_room.widgets.worker.pictures.exploration import Exploration
from elbo_room.widgets.worker.pictures.floor import Floor
from elbo_room.widgets.worker.pictures.generated import decoded_of
from elbo_room.widgets.worker.pictures.network import of_deep_generative
from elbo_room.widgets.worker.pictures.numbers import columns
from elbo_room.widgets.worker.pictures.one_step import OneStep, drawable
from elbo_room.widgets.worker.pictures.overflow import of_dimensions
from elbo_room.widgets.worker.pictures.positions import over_positions
from elbo_room.widgets.worker.pictures.posterior import truth_of
from elbo_room.widgets.worker.pictures.principal import principal_of
from elbo_room.widgets.worker.pictures.protocol import Pictures
from elbo_room.widgets.worker.pictures.scores import Scores
from elbo_room.widgets.worker.pictures.walks import Space

MOST_POINTS = 2000  # of the cloud; more points than a chart can redraw ten times a second
REACH = 0.995  # the share of coordinates that the map must hold
NO_EVIDENCE = "The evidence of a data point is estimated at one θ. Choose a point estimate for q(θ) to see it."
CLOUDS, CLOUD = 12, 60  # data points whose posterior by NUTS is drawn, and draws of each
MAPS = frozenset({"latent", "manifold"})  # charts that show the cloud


class LatentPictures(Pictures):
    """Looks at one run. Axes and domain change rarely, so that points can be followed; row i of the cloud is always the same data point."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        data = run.data
        some = torch.linspace(0, data.size - 1, min(data.size, MOST_POINTS)).long()
        self.rows = some
        self.batch = data.batch(some)
        self.jitter = torch.rand(len(some), generator=torch.Generator().manual_seed(0)) - 0.5
        self.site = next((name for name, site in run.model.sites.items() if site.plate == "local"), "")
        self.text = ShownText(run.data)
        self.drawing = of_deep_generative(run.model, run.q) if hasattr(run.model, "decoder") else None
        self.floor = Floor(run) if hasattr(run.model, "scales") else None
        self.causes = Causes(run, self.site) if self.site else None
        self.outline = Outline(run.model.latent_prior) if hasattr(run.model, "latent_prior") else None
        self.steps = OneStep(run, self.site) if drawable(run, self.site) else None
        self.span = 3.0 * self._unit()  # half of the map's side
        self.principal = principal_of(run)
        self.maximisation = maximisation_of(run)
        size = int(run.model.sites[self.site].shape[0]) if self.site else 0
        self.decoding = Decoding(run, some, size)
        self.generated = decoded_of(run, self.decoding, some) if self.site else None
        factor = dict(run.q.by_site.items()).get(self.site)
        self.factor = factor if isinstance(factor, Amortized) else None
        self.seen = self.factor.seen(self.batch) if self.factor else self.batch.x
        if self.site:
            self.chosen = Exploration(run, some, self.site)
            self.scored = Scores(data.labels[some], time.perf_counter(), data.labelled[some])
            nothing = torch.zeros(len(some), max(2, self.chosen.size))
            self.space = Space(nothing, nothing, axes_plane((0, 1), nothing.shape[1]))

    def follow(self, shown: Pictures) -> None:
        """The same plane, colour, pins and marked data; and the map's present range, so that it stays in place."""
        if self.site and isinstance(shown, LatentPictures):
            self.chosen.follow(shown.chosen)
            self.span, self.text = shown.span, shown.text

    @property
    def axes(self) -> tuple[int, int]:
        """The two dimensions that the map shows."""
        return self.chosen.axes

    def about(self) -> About:
        """What stays the same for the run: labels, names, the shape of a data point, the data's pictures, and what there is to choose."""
        data = self.run.data
        fixed = {"label": data.labels[self.rows].numpy().astype(np.float32)}
        if not self.decoding.features:  # whose rows come with the grid, once it is known which features are shown
            fixed["images"] = self.decoding.picture(data.x[self.rows])
        own: About = {
            "static": {"latent": {"cloud": fixed}},
            "labels": {"latent": list(data.label_names)},
            "shape": self.decoding.shape,
            "rows": self.rows.numpy().astype(np.float32),
        }
        about = merged(super().about(), own)
        if self.site:
            about["choices"] = {"colour": self.chosen.colours.choices, "plane": self.chosen.planes()}
            about["choices"] |= {"text": self.text.choices()} if isinstance(self._encoder(), TokenAttention) else {}
        return merged(about, self.drawing.about()) if self.drawing else about

    def _encoder(self) -> object:
        """The network from x to ν, where there is one."""
        return getattr(self.run.q.by_site[self.site], "encoder", None)

    def explore(self, wanted: Explore) -> None:
        """Apply what a person chose: see `Exploration.choose`; `text` is whose attention map is shown.

        Raises:
            ValueError: there is no such thing here; the sentence lists what there is.
        """
        if not self.site:
            raise ValueError("This model has no latent variable of each data point to look at. Choose another view.")
        if wanted.text is not None and not isinstance(self._encoder(), TokenAttention):
            raise ValueError("Only token attention shows where a text's words look. Choose that network.")
        self.chosen.choose(wanted)
        if wanted.text is not None:
            self.text.choose(wanted.text)

    @torch.no_grad()
    def look(self) -> Picture:
        """Cloud (x, y, sd of both, their correlation, colour), axes and domain, and KL per dimension, of the current parameters."""
        if not self.site:
            return {}
        nu = self._nu()  # (M, n_params, K), once a look
        divergence = kl_per_dimension(self.run.model, self.run.q, self.batch, self.site, nu)
        mean, scale = embedding(self.run.model, self.run.q, self.batch, self.site, nu)  # (M, K)
        near = self.decoding.features.neighbours(mean) if self.decoding.features else {}
        if mean.shape[1] == 1:
            mean, scale = torch.stack([mean[:, 0], self.jitter], 1), torch.stack([scale[:, 0], scale[:, 0] * 0], 1)
        self.space = Space(mean, scale, self.chosen.plane_now(mean, divergence), self._unit())
        alive, finite = active(divergence).float(), divergence.isfinite()
        bars = {"dimension": torch.arange(len(divergence)).float(), "value": divergence, "state": alive}
        seen: Picture = {
            "replace": {"kl": {"bars": {name: column[finite].numpy() for name, column in bars.items()}}},
            "facts": {
                "kl": divergence.tolist() if finite.all() else [],
                "sentence": self._sentence(divergence) if finite.all() else of_dimensions(finite),
                **near,
                "cause": self.causes.sentence(divergence) if self.causes else None,
                **(
                    {"weighed": NO_EVIDENCE}
                    if len(self.run.model.sites) > 1 and hasattr(self.run.model, "latent_prior")
                    else {}
                ),
            },
        }
        drawn = [self._marked(nu), *self.drawn()]
        drawn += [self._map(nu)] if not self.watched or self.watched & MAPS else []
        drawn += self._known(divergence)
        drawn += [self.drawing.look()] if self.drawing and "network" in self.watched else []
        drawn += [self.floor.look()] if self.floor else []
        return merged(seen, *drawn, *over_positions(self._encoder(), self.run.data, self.watched, self.text))

    def _unit(self) -> float:
        """λ_z, in which the latent space is measured."""
        prior = getattr(self.run.model, "latent_prior", None)
        return 1.0 if prior is None else float(prior.scale)

    def _known(self, divergence: Tensor) -> list[Picture]:
        """What closed forms and EM add to panels A and D; all lines of panel A in one table."""
        drawn: list[Picture] = [self.principal.look(divergence)] if self.principal else []
        lines = [each["append"]["elbo"]["lines"] for each in drawn if "append" in each]
        lines += [self.maximisation.look()] if self.maximisation else []
        if lines:
            together = {name: np.concatenate([each[name] for each in lines]) for name in ("step", "value", "series")}
            drawn.append({"append": {"elbo": {"lines": together}}})
        return drawn

    def _sentence(self, divergence: Tensor) -> str | None:
        of_em = self.maximisation.sentence() if self.maximisation else None
        return absorbed(self.run) or all_alive(self.run, divergence) or of_em

    def _nu(self) -> torch.Tensor:
        """ν of the drawn rows."""
        if self.factor:
            return self.factor.of_seen(self.seen)
        return self.run.q.nu(self.run.model.sites[self.site], self.batch)

    def _map(self, nu: Tensor) -> Picture:
        shown = self.space.plane
        places = shown.coordinates(self.space.mean)  # (M, 2)
        reach = float(places.abs().flatten().kthvalue(math.ceil(REACH * places.numel())).values)  # `quantile` sorts
        while reach > 0.95 * self.span and self.span < 1e4:
            self.span *= 1.25
        first, second, correlation = shown.spread(self.space.scale)
        colour = self.chosen.colours.look(nu, time.perf_counter())
        cloud = {"x": places[:, 0], "y": places[:, 1], "sx": first, "sy": second}
        cloud |= {"rho": correlation} if self.chosen.share else {}  # else it is 0
        cloud |= {} if self.chosen.colours.name == "label" else {"value": colour.values}  # labels are there already
        params: Params = {
            "domain": [-self.span, self.span, -self.span, self.span],
            "axes": [float(axis) + 1 for axis in self.chosen.axes],
            "principal": self.chosen.share,
            "size": float(self.chosen.size),
            "colour": list(colour.span or ()),
        }
        drawn: dict[str, Columns] = {"cloud": {name: column.numpy() for name, column in cloud.items()}}
        if self.outline and self.chosen.size > 1:
            drawn["prior"] = self.outline.look(shown)
        drawn["truth"] = self._truth()
        return {
            "replace": {"latent": drawn},
            "params": {"latent": params},
            "names": {"latent": list(colour.names)},
        }

    def _truth(self) -> Columns:
        """Draws of z by NUTS for a few data points, in the shown plane; none before it has run, or where z has one dimension."""
        truth = truth_of(self)
        if truth is None or self.chosen.size < 2 or self.site not in truth.samples.draws:
            return columns(x=torch.zeros(0), y=torch.zeros(0))
        z = truth.samples.draws[self.site].flatten(0, 1)  # (S, M, K)
        few = torch.linspace(0, z.shape[1] - 1, min(z.shape[1], CLOUDS)).round().long()
        places = self.space.plane.coordinates(z[:: max(1, len(z) // CLOUD), few].flatten(0, 1).float())
        return columns(x=places[:, 0], y=places[:, 1])

    def _marked(self, nu: Tensor) -> Picture:
        """For the marked data: their KL per dimension next to that of all data, and the picture of their mean z."""
        rows = self.chosen.marked
        family = self.run.model.sites[self.site].family
        normal = family.gaussian and len(rows) > 0
        divergence = divergence_from_prior(self.run.model, nu[rows, :2]).mean(0) if normal else None
        size = 0 if divergence is None else len(divergence)
        ticks = {"dimension": np.arange(size, dtype=np.float32), "value": np.zeros(0, np.float32)}
        if divergence is not None:
            ticks["value"] = divergence.numpy()
        picture = np.zeros(0, np.uint8)
        if len(rows) and self.decoding.able:
            picture = self.decoding(self.space.mean[rows].mean(0, keepdim=True))[0]
        return {"replace": {"kl": {"marked": ticks}, "latent": {"marked": {"picture": picture}}}}

    @torch.no_grad()
    def decode(self, x: float, y: float, row: int = -1) -> Array | None:
        """The exact decoded mean at a place of the shown plane; for a data point on the map, at its own mean."""
        if not self.decoding.able:
            return None
        if 0 <= row < len(self.rows):
            site = self.run.model.sites[self.site]
            return self.decoding(site.family.mean(self.run.q.nu(site, self.run.data.batch(self.rows[row : row + 1]))))[
                0
            ]
        return self.decoding(self.space.plane.lift(torch.tensor([[x, y]])))[0]

    @torch.no_grad()
    def grid(self) -> Grid | None:
        """Decoded means over the shown plane."""
        if not self.decoding.able:
            return None
        means = self.run.model.sites[self.site].family.mean(self._nu()) if self.decoding.features else self.space.mean
        return self.decoding.grid(self.space, means, self.span)

    @torch.no_grad()
    def walk(self) -> Walk | None:
        """The walk that a person asked for, or None."""
        return self.decoding.walk(self.chosen.walks, self.space) if self.site else None

    @torch.no_grad()
    def scores(self, *, leisure: bool) -> Grouping | None:
        """ARI, NMI and silhouette of the posterior means against the labels, where there are any; new ones, or None."""
        if not self.site:
            return None
        before, mean = self.scored.newest, self.space.mean[:, : self.chosen.size]
        found = self.scored.look(mean, time.perf_counter(), leisure=leisure)
        if found is None or found is before:
            return None
        return {"ari": found.ari, "nmi": found.nmi, "silhouette": found.silhouette}
