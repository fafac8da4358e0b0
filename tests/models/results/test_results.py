"""What a run hands out is what it has learned: exact where a closed form is known, within standard errors elsewhere."""

import json
import math
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from elbo_room.models.conditional.settings import Settings as Conditional
from elbo_room.models.data import Dataset, from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics.evidence.known import linear_decoder
from elbo_room.models.results.differential import expected_rate
from elbo_room.models.results.history import window
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from


def trained(settings: object, data: object = None) -> Run:
    run = run_from(settings, data)
    list(run)
    return run


@pytest.fixture(scope="module")
def linear() -> Run:
    """Probabilistic PCA, for which log p(x | θ) and the posterior are known, with a fifth of the rows held out."""
    return trained(Settings(data="pinwheel", depth=0, scale_head="shared", stop_at=150, held_out=0.2, step_size=0.02))


# the history


def test_the_terms_sum_to_the_elbo_and_the_mean_is_that_of_the_last_pass(linear: Run) -> None:
    table = linear.history()
    assert [*table.index] == [*range(1, 151)]
    names = [*table.columns[table.columns.get_loc("log_prior") + 1 :]]
    np.testing.assert_allclose(table[names].sum(axis=1), table["elbo"], atol=1e-4)
    steps = window(linear.data.size, linear.settings.batch_size)
    assert steps == 20
    assert table["running mean"].iloc[: steps - 1].isna().all()
    wanted = table["elbo"].rolling(steps).mean()
    np.testing.assert_allclose(table["running mean"].iloc[steps - 1 :], wanted.iloc[steps - 1 :], atol=1e-9)


def test_what_was_measured_is_at_its_step_and_files_give_it_back(linear: Run, tmp_path: Path) -> None:
    table = linear.history([(100, {"variance of score": 2.5}), (0, {"variance of score": 9.0}), (100, {"ARI": 0.5})])
    assert table.loc[100, ["variance of score", "ARI"]].tolist() == [2.5, 0.5]
    assert table.loc[0, "variance of score"] == 9.0
    assert math.isnan(table.loc[0, "elbo"])
    assert table["variance of score"].count() == 2
    table.to_parquet(tmp_path / "history.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "history.parquet"), table)
    again = pd.read_csv(BytesIO(table.to_csv(float_format="%.17g").encode()), index_col="step")
    pd.testing.assert_frame_equal(again, table)


# the embedding


def test_every_row_has_the_moments_of_its_own_q(linear: Run) -> None:
    """Held-out rows are at the places where they were in the data before the split."""
    from elbo_room.models.data.pinwheel import pinwheel

    x = pinwheel().x
    table = linear.embedding()
    site = linear.model.sites["z"]
    whole = Dataset(x)
    nu = linear.q.nu(site, whole.whole())
    np.testing.assert_allclose(table[["z_1", "z_2"]], nu[:, 0].detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(table[["z_1_sd", "z_2_sd"]], nu[:, 1].exp().detach().numpy(), rtol=1e-5)
    assert [*table.index] == [*range(len(x))]
    assert table["held_out"].sum() == 100
    assert table["cluster"].nunique() == table["label"].nunique() == 5


def test_results_take_nothing_from_the_run() -> None:
    """The next step is the same whether or not anything was handed out."""
    settings = Settings(depth=0, latent_size=2, stop_at=8)
    plain, asked = run_from(settings), run_from(settings)
    for run in (plain, asked):
        for _ in range(5):
            next(run)
    asked.embedding()
    asked.log_evidence(50)
    asked.samples(10)
    asked.differential([0, 1], [2, 3], draws=100)
    asked.to_anndata()
    assert [*plain] == [*asked]


def test_a_conditional_model_embeds_no_rows() -> None:
    with pytest.raises(ValueError, match=r"no latent variable per data point, so it embeds no rows\. Use a run of"):
        run_from(Conditional()).embedding()


# log p(x)


def test_log_p_is_the_exact_one_within_its_error(linear: Run) -> None:
    """(estimate − exact)/error is standard normal: within 4.5 for each of 500 rows, and of size one. An error ten times too small fails."""
    known = linear_decoder(linear.model)
    assert known is not None
    table = linear.log_evidence(draws=2000, seed=3)
    x = torch.cat([linear.data.x, linear.data.test.x]).double()
    from elbo_room.models.results.rows import parts

    places = torch.cat([each.places for each in parts(linear)])
    exact = known.log_likelihood(x)[places.argsort()].numpy()
    score = (table["log_p"] - exact) / table["standard_error"]
    assert score.abs().max() < 4.5
    assert 0.85 < score.std() < 1.15
    assert (table["effective_draws"] > 100).all()


# differential expression


def two_groups(genes: int = 30, changed: int = 6) -> tuple[Run, list[int], list[int]]:
    """Counts under x ~ Poisson(ℓ softmax(w z + b)), q(z) = N(±1, .2²): the first genes rise with z, the next fall, the rest do neither."""
    x = torch.poisson(torch.full((60, genes), 5.0), generator=torch.Generator().manual_seed(0))
    settings = Settings(
        depth=0, latent_size=1, response="poisson", library_size=True, variational="table", prior_scale=100.0
    )
    run = run_from(settings, Dataset(x, feature_names=[f"g{k}" for k in range(genes)]))
    weight, bias = torch.zeros(genes, 1), torch.zeros(genes)
    weight[:changed], weight[changed : 2 * changed] = 0.8, -0.8
    with torch.no_grad():
        run.model.decoder.out.weight.copy_(weight)  # type: ignore[attr-defined]
        run.model.decoder.out.bias.copy_(bias)  # type: ignore[attr-defined]
        table = run.q.by_site["z"].table  # (N, 2, 1)
        table[:, 1] = math.log(0.2)
        table[:30, 0], table[30:, 0] = 1.0, -1.0
    return run, [*range(30)], [*range(30, 60)]


def test_the_genes_that_differ_are_found_with_their_exact_fold_changes() -> None:
    """β_g = (w_g (z_a − z_b) − log Σ e^{w z_a} + log Σ e^{w z_b})/log 2 and P(|β| ≥ 1), by quadrature over z_a and z_b."""
    run, first, second = two_groups()
    draws = 20_000
    found = run.differential(first, second, draws=draws, seed=1)
    weight = run.model.decoder.out.weight[:, 0].double()  # type: ignore[attr-defined]
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    share = torch.tensor(weights / weights.sum())
    both = [
        torch.log_softmax(torch.tensor(mean + 0.2 * nodes)[:, None] * weight, -1) / math.log(2) for mean in (1.0, -1.0)
    ]
    beta = both[0][:, None] - both[1][None]  # (60, 60, D)
    mass = share[:, None, None] * share[None, :, None]
    mean = (mass * beta).sum((0, 1))
    spread = ((mass * beta.square()).sum((0, 1)) - mean.square()).clamp_min(0).sqrt()
    found = found.loc[[f"g{k}" for k in range(30)]]  # in the genes' own order
    error = spread.detach().numpy() / math.sqrt(draws) + 1e-3  # ε moves a share of 1/30 by less
    assert (np.abs(found["difference"] - mean.detach().numpy()) < 5 * error).all()
    assert found["probability"].iloc[:12].min() > 0.95
    assert found["probability"].iloc[12:].max() == 0
    assert found["different"].tolist() == [True] * 12 + [False] * 18
    assert (found["difference"].iloc[:6] > 1).all()
    assert (found["difference"].iloc[6:12] < -1).all()
    low, high = found["low"].iloc[0], found["high"].iloc[0]
    assert low < mean[0] < high
    assert high - low == pytest.approx(2 * 1.96 * spread[0].item(), rel=0.03)


def test_the_expected_false_discovery_rate_is_the_mean_of_what_is_missing() -> None:
    assert expected_rate(np.array([1.0, 0.9, 0.5, 0.0])).tolist() == pytest.approx([0, 0.05, 0.2, 0.4])
    run, first, second = two_groups()
    table = run.differential(first, second, draws=500)
    by_hand = [(1 - table["probability"].iloc[: k + 1]).mean() for k in range(30)]
    np.testing.assert_allclose(table["expected_fdr"], by_hand, atol=1e-12)


def test_a_group_compared_with_its_like_differs_in_nothing() -> None:
    run, first, _ = two_groups()
    assert not run.differential(first[:15], first[15:], draws=2000)["different"].any()


@pytest.mark.parametrize(
    ("first", "second", "options", "sentence"),
    [
        ([], [1], {}, "The first selection is empty. Select at least one row."),
        ([0, 1], [1, 2], {}, "Row 1 is in both selections; each row belongs to one of them. Select again."),
        ([0], [999], {}, "has 1 rows that this run has no q for; its data have 60 rows, counted from 0"),
        ([0], [1], {"rate": 1.5}, "it must be between 0 and 1. 0.05 is usual."),
        ([0], [1], {"delta": -1.0}, "δ was -1; it must be above 0"),
        ([0], [1], {"draws": 10}, "10 draws were wanted; choose from 100 to"),
    ],
)
def test_a_selection_that_is_none_is_refused(first: list, second: list, options: dict, sentence: str) -> None:
    run = two_groups()[0]
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its words are compared
        run.differential(first, second, **options)
    assert sentence in str(refused.value)


# what is decoded and drawn


def test_denoised_counts_are_shares_of_ten_thousand() -> None:
    run, first, _ = two_groups()
    table = run.denoised()
    np.testing.assert_allclose(table.sum(axis=1), 10_000, rtol=1e-5)
    wanted = torch.softmax(run.model.decoder.out.weight[:, 0], -1) * 10_000  # type: ignore[attr-defined]
    np.testing.assert_allclose(table.iloc[first[0]], wanted.detach().numpy(), rtol=1e-4)


def test_what_is_decoded_and_drawn_has_the_units_of_a_standardised_table() -> None:
    """x is 1,000 ± 50 and standardised for training: E[x | ẑ] and p(x) are near 1,000 ± 50 again."""
    generator = torch.Generator().manual_seed(0)
    data = Dataset(1000 + 50 * torch.randn(300, 3, generator=generator), standardise=True)
    run = trained(Settings(depth=0, scale_head="shared", stop_at=300, step_size=0.02), data)
    drawn = run.samples(4000, seed=1)
    assert (drawn.mean() - 1000).abs().max() < 5 * 50 / math.sqrt(4000) + 5
    assert (drawn.std() / 50 - 1).abs().max() < 0.15
    assert (run.denoised().mean() - 1000).abs().max() < 10


def test_samples_have_the_covariance_of_the_linear_model(linear: Run) -> None:
    """ββᵀ + σ²I, every entry within five standard errors."""
    known = linear_decoder(linear.model)
    assert known is not None
    drawn = torch.tensor(linear.samples(40_000, seed=2).to_numpy()).double()
    away = drawn - known.mean
    products = (away.unsqueeze(-1) * away.unsqueeze(-2)).flatten(1)
    wanted = known.loadings @ known.loadings.T + known.variance * torch.eye(2)
    error = products.std(0) / math.sqrt(len(drawn))
    assert ((products.mean(0) - wanted.flatten()).abs() < 5 * error).all()


def test_topics_draw_documents_and_a_regression_draws_none() -> None:
    run = run_from({"model": "deep_exponential_family", "stop_at": 1})
    drawn = run.samples(5)
    assert drawn.shape == (5, run.data.x.shape[1])
    with pytest.raises(
        ValueError, match=r"cannot draw x: it explains y at a given x\. Use a run of a generative model"
    ):
        run_from(Conditional()).samples(5)


# predictions


def test_predictions_of_a_linear_regression_are_the_closed_form() -> None:
    """y* ~ N(x μ, x² s² + σ²) for w ~ N(μ, s²): mean, sd and both intervals, in y's units."""
    x = torch.linspace(-2, 2, 41)[:, None]
    data = Dataset(x, 30 * x[:, 0], standardise=False)
    run = run_from(Conditional(depth=0, intercept=False, spread_from="fixed", spread=0.5), data)
    mean, scale = 1.5, 0.3
    with torch.no_grad():
        run.q.by_site["w"].table.copy_(torch.tensor([[mean], [math.log(scale)]]))
    draws = 20_000
    table = run.predictions(draws=draws)
    at = x[:, 0].double().numpy()
    sd = np.sqrt(at**2 * scale**2 + 0.25)
    assert (np.abs(table["mean"] - mean * at) <= 5 * np.abs(at) * scale / math.sqrt(draws) + 1e-6).all()
    np.testing.assert_allclose(table["sd"], sd, rtol=0.03)
    np.testing.assert_allclose(table["high"] - table["low"], 2 * 1.96 * sd, rtol=0.05)
    np.testing.assert_allclose(
        table["mean_high"] - table["mean_low"], 2 * 1.96 * np.abs(at) * scale, rtol=0.05, atol=1e-9
    )
    exact = -0.5 * ((30 * at - mean * at) / sd) ** 2 - np.log(sd) - 0.5 * math.log(2 * math.pi)
    inside = np.abs(at) < 0.11  # where a draw of w still explains y
    np.testing.assert_allclose(table["log_density"][inside], exact[inside], atol=0.1)
    new = run.predictions([[0.5]], draws=draws)
    assert new["mean"].iloc[0] == pytest.approx(0.75, abs=0.02)
    assert "y" not in new


def test_the_interval_holds_the_share_of_new_y_that_it_promises() -> None:
    """Held-out y of a linear model with a well-specified noise: 90 % ± 3 standard errors."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(600, 3, generator=generator)
    y = x @ torch.tensor([2.0, -1.0, 0.5]) + 0.7 * torch.randn(600, generator=generator)
    run = trained(
        Conditional(depth=0, spread=1.0, stop_at=800, step_size=0.02, estimator="path_only"),
        Dataset(x[:300], y[:300], test=Dataset(x[300:], y[300:])),
    )
    table = run.predictions(level=0.9)
    held = table[table["held_out"]]
    share = ((held["y"] > held["low"]) & (held["y"] < held["high"])).mean()
    assert abs(share - 0.9) < 3 * math.sqrt(0.09 / len(held)) + 0.01


def test_classes_have_a_probability_each(linear: Run) -> None:
    run = trained(Conditional(data="moons", response="bernoulli", stop_at=20))
    table = run.predictions(draws=200)
    names = [name for name in table if name.startswith("p(")]
    assert len(names) == 2
    np.testing.assert_allclose(table[names].sum(axis=1), 1, atol=1e-6)
    with pytest.raises(
        ValueError, match=r"explains no response y, so it predicts none\. Use a run of a conditional model"
    ):
        linear.predictions()
    with pytest.raises(ValueError, match=r"x has 5 features; the run was trained on 2\."):
        run.predictions(torch.zeros(3, 5))


# weights


def test_weights_are_every_parameter_with_what_made_them(linear: Run, tmp_path: Path) -> None:
    path = linear.save_weights(tmp_path / "weights.safetensors")
    found = load_file(path)
    assert found.keys() == linear.parameters.keys()
    assert all(torch.equal(found[name], parameter) for name, parameter in linear.parameters.items())
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["elbo_room"])
    again = run_from(about["settings"], changes=about["changes"])
    for _ in range(about["step"]):
        next(again)
    assert all(torch.equal(found[name], parameter) for name, parameter in again.parameters.items())


def test_own_arrays_have_numbers_for_names() -> None:
    run = run_from(Settings(depth=0, latent_size=1, stop_at=1), from_array(torch.randn(20, 3)))
    assert [*run.denoised().columns] == ["x_1", "x_2", "x_3"]
