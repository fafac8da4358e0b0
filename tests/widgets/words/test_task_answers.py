"""The numbers by which *Try this* answers, recomputed: charts report what numpy, scipy or scikit-learn find in the run."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.neighbors import NearestNeighbors

from elbo_room.models.catalogue import settings_from
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.reference import long_run
from elbo_room.models.presets import PRESETS
from elbo_room.models.probing.probe import probe
from elbo_room.models.training.run import Run
from elbo_room.widgets.words.tasks import FACTS, MEASURES, measure_of
from elbo_room.widgets.worker.measuring.rows import missing_share
from elbo_room.widgets.worker.pictures import pictures_of
from tests.models.test_scenes import gradients, spread

WATCHED = frozenset({"latent", "kl", "arm", "function", "scores", "weights", "relevance", "attention_map"})


@cache
def shown(name: str, steps: int = 30, **change: Any) -> tuple[Run, Mapping[str, Any]]:
    """A scene's run after some steps, and the facts that its pictures report then."""
    run = Run(settings_from(PRESETS[name]["settings"] | {"stop_at": steps} | change))
    pictures = pictures_of(run)
    pictures.watched = WATCHED
    pictures.about()
    for _ in run:
        pass
    return run, {"threshold": 0.01, "state": "finished", "number": steps, **pictures.look()["facts"]}


def answered(name: str, question: int = 0, **options: Any) -> float:
    """The number by which a scene's question is answered."""
    task = PRESETS[name]["tasks"][question]
    measure, arguments = measure_of(task)
    value = measure.read(shown(name, **options)[1], **arguments)
    assert value is not None
    return value


def posterior(run: Run) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Means and standard deviations of q(z | x), (N, K) each."""
    mean, raw = run.q.nu(run.model.sites["z"], run.data.whole()).detach().double().unbind(-2)
    return mean.numpy(), raw.exp().numpy()


def divergence(run: Run) -> np.ndarray[Any, Any]:
    """KL(N(m, s²) ‖ N(0, 1)), averaged over the data: (K,)."""
    mean, scale = posterior(run)
    return (0.5 * (mean**2 + scale**2 - 1) - np.log(scale)).mean(0)


def test_nats_and_active_dimensions() -> None:
    assert answered("pinwheel") == pytest.approx(divergence(shown("pinwheel")[0]).sum(), rel=1e-4)
    assert answered("ppca", steps=60) == (divergence(shown("ppca", steps=60)[0]) > 0.01).sum()


@pytest.mark.parametrize(("name", "question"), [("scvi", 0), ("cell_lines", 0), ("cell_lines", 1)])
def test_neighbours_of_the_own_kind(name: str, question: int) -> None:
    """scikit-learn's ten nearest of every cell; the screen asks some 300 cells, so three standard errors of a share apart at most."""
    run, _ = shown(name)
    mean, _ = posterior(run)
    group = (
        run.data.covariates.argmax(1)
        if PRESETS[name]["tasks"][question]["measure"]["of"] == "batch"
        else run.data.labels
    ).numpy()
    found = NearestNeighbors(n_neighbors=11).fit(mean).kneighbors(mean)[1][:, 1:]
    own = (group[found] == group[:, None]).mean(1)
    assert abs(answered(name, question) - own.mean()) < 3 * own.std() / math.sqrt(300)


def test_links_of_samples() -> None:
    """Root mean square error of four link lengths of the very same samples, in mm, by numpy."""
    run, _ = shown("robot_arm")
    x = run.model.sample(4000, torch.Generator().manual_seed(5)).detach().numpy().reshape(-1, 5, 3) * 100
    palm = x[:, 3:].mean(1)
    pairs = ((x[:, 0], x[:, 1], 155), (x[:, 1], x[:, 2], 135), (x[:, 2], palm, 217.5), (x[:, 3], x[:, 4], 100))
    error = np.stack([np.linalg.norm(a - b, axis=1) - length for a, b, length in pairs], 1)
    square = (error**2).mean(1)
    found = math.sqrt(square.mean())
    assert abs(answered("robot_arm") - found) < 4 * square.std() / math.sqrt(len(square)) / found


def test_the_scale_of_the_constant_feature() -> None:
    run, _ = shown("robot_arm_floor")
    raw = run.model.raw_scale.detach().double()[2]
    assert answered("robot_arm_floor") == pytest.approx(math.log1p(math.exp(raw)), rel=1e-4)


def weights(run: Run, draws: int) -> torch.Tensor:
    """Draws of a mean-field q(w): (S, P)."""
    mean, raw = run.q.nu(run.model.sites["w"], run.data.whole()).detach().reshape(2, -1)
    return mean + raw.exp() * torch.randn(draws, len(mean), generator=torch.Generator().manual_seed(3))


def test_held_out_density_of_counts() -> None:
    """scipy's negative binomial with mean exp(net) and variance m + s²m², averaged over draws of the weights, logs of held-out rows."""
    run, _ = shown("visits", steps=300)
    with torch.no_grad():
        mean = run.model.space(run.data.test.x, weights(run, 400))[..., 0].double().exp().numpy()
        s = float(run.model.log_spread.exp()) + 1e-3
    density = stats.nbinom(1 / s**2, 1 / (1 + s**2 * mean)).pmf(run.data.test.y.numpy()).mean(0)
    assert answered("visits", steps=300) == pytest.approx(np.log(density).mean(), abs=0.01)


@pytest.mark.parametrize("name", ["splice", "verses"])
def test_accuracy_of_a_point(name: str) -> None:
    run, _ = shown(name, steps=12)
    w = run.q.nu(run.model.sites["w"], run.data.whole()).detach().reshape(-1)[: run.model.space.size]
    with torch.no_grad():
        out = run.model.space(run.data.test.x, w[None])[0]
    assert answered(name, steps=12) == pytest.approx(
        float((out.argmax(-1) == run.data.test.y).double().mean()), abs=1e-9
    )


def test_lambda_is_the_trained_one_and_relevant_inputs_are_counted() -> None:
    run, _ = shown("prior_evidence")
    assert answered("prior_evidence") == pytest.approx(math.exp(float(run.model.prior.log_scale.detach())), rel=1e-6)
    run, _ = shown("relevance")
    scale = run.model.prior.log_scale.detach().exp().numpy()
    assert answered("relevance") == (scale >= scale.max() / 10).sum()


def test_the_band_is_wider_off_the_data() -> None:
    """The sd of f over draws of the weights, at its widest over the drawn axis, against the median at the data."""
    run, _ = shown("regression", steps=400)
    w, x = weights(run, 2000), run.data.x
    with torch.no_grad():
        near = run.model.space(x, w)[..., 0].std(0).median()
        far = (
            run.model.space(torch.linspace(float(x.min()) - 1.5, float(x.max()) + 1.5, 200)[:, None], w)[..., 0]
            .std(0)
            .max()
        )
    value = answered("regression", steps=400)
    assert 0.4 < value / float(far / near) < 1.3, "the drawn axis may be a little shorter"


def test_attention_is_the_largest_weight_of_the_last_word() -> None:
    """softmax(q kᵀ/√d) of the first held-out sentence, by numpy from the trained weights: its last row's maximum."""
    run, _ = shown("attention", steps=40)
    flat = run.q.nu(run.model.sites["w"], run.data.whole()).detach().reshape(-1)[: run.model.space.size]
    w = {name: value.double().numpy() for name, value in run.model.space.named(flat).items()}
    x = run.data.test.x[0].double().numpy().reshape(run.data.shape)
    words = int(x.sum())
    inside = x[:words] @ w["embed.weight"].T + w["places"][:words]
    query, key, _ = np.split(inside @ w["bank.0.weight"].T + w["bank.0.bias"], 3, axis=1)
    last = np.exp(query[-1] @ key.T / math.sqrt(key.shape[1]))
    assert answered("attention", steps=40) == pytest.approx(last.max() / last.sum(), rel=1e-4)


def test_variance_ratios_of_panel_b() -> None:
    """Score over path from panel B's own probe and from gradients written out by hand, at the same parameters."""
    run = Run(settings_from({"stop_at": 60}))
    for _ in run:
        pass
    parts = {name: ESTIMATORS[name]() for name in ("score", "reparameterization")}
    found = probe(run.model, run.q, parts, run.data.batch(torch.arange(16)), 1, 1500, torch.Generator().manual_seed(1))
    score, path, _ = gradients(run, 16, 1500, seed=2)
    facts = {"variance": {name: (report.variance, report.error) for name, report in found.items()}}
    ratio = MEASURES["variance_ratio"].read(facts, of="score", to="reparameterization")
    error = 3 * sum((report.error / report.variance) ** 2 for report in found.values()) ** 0.5 * math.sqrt(2)
    assert ratio == pytest.approx(spread(score) / spread(path), rel=error)


def test_every_number_that_pictures_report_is_recomputed_here() -> None:
    """All facts but the ELBO, which panel A's own tests hold to the closed form."""
    used = {
        task["measure"]["of"]
        for preset in PRESETS.values()
        for task in preset.get("tasks", ())
        if task["measure"]["name"] == "fact"
    }
    assert used <= FACTS.keys()
    assert used - {"elbo"} <= {
        "link_error", "constant_scale", "test_density", "accuracy", "scale", "relevant", "band_ratio", "attention",
    }  # fmt: skip


def test_the_missing_share_of_a_gradient() -> None:
    """0 for an unbiased estimator and more than a third for ξ of the same two draws, from panel B's own probe and long run."""
    run = Run(settings_from(PRESETS["xi_bias"]["settings"] | {"stop_at": 60}))
    for _ in run:
        pass
    batch = run.data.batch(torch.arange(16))
    parts = {
        "score_xi": ESTIMATORS["score_xi"](xi_from="same_draws"),
        "reparameterization": ESTIMATORS["reparameterization"](),
    }
    found = probe(run.model, run.q, parts, batch, 2, 1500, torch.Generator().manual_seed(1))
    reference = long_run(run.model, run.q, batch, torch.Generator().manual_seed(2), 512)
    missing = {name: missing_share(report, reference, report.site) for name, report in found.items()}
    facts = {"evidence": {"gradient_histogram": {"missing": missing}}}
    assert MEASURES["missing"].read(facts, of="score_xi") > 1 / 3
    assert abs(MEASURES["missing"].read(facts, of="reparameterization") or 0) < 0.05
    assert MEASURES["missing"].read({}, of="score_xi") is None
