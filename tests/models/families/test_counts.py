"""Counts: the negative binomial to the last digits for every r, scVI's log joint, and data that are refused."""

import math
from dataclasses import replace

import mpmath
import pytest
import torch
from sklearn.metrics import silhouette_samples
from torch import Tensor

from elbo_room.models.catalogue import settings_from
from elbo_room.models.core import Batch
from elbo_room.models.data import DATA, Dataset, from_array
from elbo_room.models.deep_generative.model import DeepGenerative, build
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.families import NegativeBinomial, Poisson, ZeroInflatedNegativeBinomial
from elbo_room.models.presets import PRESETS
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Posterior

COUNTS = (0.0, 1.0, 2.0, 3.0, 10.0, 50.0, 300.0, 2000.0, 10000.0)


def exactly(count: float, mean: float, size: float) -> float:
    """Log NB in 50 digits."""
    with mpmath.workdps(50):
        x, m, r = (mpmath.mpf(each) for each in (count, mean, size))
        coefficient = mpmath.loggamma(x + r) - mpmath.loggamma(r) - mpmath.loggamma(x + 1)
        return float(coefficient + x * mpmath.log(m / (m + r)) - r * mpmath.log1p(m / r))


@pytest.mark.parametrize(("kind", "near"), [(torch.float64, 1e-13), (torch.float32, 2e-6)], ids=["float64", "float32"])
@pytest.mark.parametrize("power", range(-3, 9))
def test_negative_binomial_keeps_its_digits(power: int, kind: torch.dtype, near: float) -> None:
    """From r = .001 to 1e8: the error is that of the count itself and of the answer, not of log Γ(r)."""
    for mean in (1e-3, 0.1, 1.0, 10.0, 300.0, 1e4):
        nu = torch.tensor([math.log(mean), math.log(10.0**power)], dtype=kind)[:, None].expand(2, len(COUNTS))
        found = NegativeBinomial().log_prob(torch.tensor(COUNTS, dtype=kind), nu)
        for count, value in zip(COUNTS, found.tolist(), strict=True):
            known = exactly(count, mean, 10.0**power)
            assert abs(value - known) < near * (1 + count + abs(known)), (count, mean)


def test_torchs_own_loses_them() -> None:
    """Why this file exists: at r = 1e8, μ = 3, torch's float32 is off by whole nats."""
    known, size, mean = exactly(2.0, 3.0, 1e8), torch.tensor(1e8), torch.tensor(3.0)
    theirs = torch.distributions.NegativeBinomial(size, logits=(mean / size).log()).log_prob(torch.tensor(2.0))
    ours = NegativeBinomial().log_prob(torch.tensor([2.0]), torch.stack([mean.log(), size.log()])[:, None])
    assert abs(float(theirs) - known) > 1
    assert abs(float(ours) - known) < 2e-6


def test_slopes_are_those_of_the_exact_answer() -> None:
    """d/d log μ = r (x − μ)/(r + μ); d/d log r by differences of 50-digit values."""
    step = 1e-4
    for size in (0.01, 5.0, 11.0, 1e6):
        nu = torch.tensor([math.log(2.5), math.log(size)], dtype=torch.float64)[:, None].requires_grad_()
        (slope,) = torch.autograd.grad(
            NegativeBinomial().log_prob(torch.tensor([4.0], dtype=torch.float64), nu).sum(), nu
        )
        assert float(slope[0]) == pytest.approx(size * 1.5 / (size + 2.5), rel=1e-9)
        up, down = (exactly(4.0, 2.5, math.exp(math.log(size) + sign * step)) for sign in (1, -1))
        assert float(slope[1]) == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-9)


def test_a_shared_dispersion_is_not_spread_out_and_gives_the_same() -> None:
    """Parameters that broadcast, (D,) against (R, B, M, D), and the same ones stacked: value and gradient of r."""
    generator = torch.Generator().manual_seed(0)
    x = torch.poisson(torch.rand(5, 7, generator=generator) * 4, generator=generator).double()
    mean = torch.randn(2, 3, 5, 7, generator=generator, dtype=torch.float64)
    found = []
    for stacked in (False, True):
        size = torch.linspace(-2, 4, 7, dtype=torch.float64).requires_grad_()
        if stacked:
            value = NegativeBinomial().log_prob(x, torch.stack(torch.broadcast_tensors(mean, size), -2))
        else:
            value = NegativeBinomial().log_prob_of(x, (mean, size))
        found.append((value, torch.autograd.grad(value.sum(), size)[0]))
    torch.testing.assert_close(found[0], found[1])


def test_no_loss_is_the_negative_binomial_and_no_dispersion_is_poisson() -> None:
    x = torch.arange(6, dtype=torch.float64)
    mean = torch.full((6,), 0.7, dtype=torch.float64)
    plain = NegativeBinomial().log_prob(x, torch.stack([mean, mean]))
    torch.testing.assert_close(ZeroInflatedNegativeBinomial().log_prob(x, torch.stack([mean, mean, mean - 60])), plain)
    far = NegativeBinomial().log_prob(x, torch.stack([mean, mean + 40]))
    torch.testing.assert_close(far, Poisson().log_prob(x, mean[None]))


def scvi(data: Dataset | None = None, **more: object) -> tuple[DeepGenerative, Dataset]:
    data = data or DATA["cell_lines"].load()
    values = {"response": "negative_binomial", "scale_head": "feature", "width": 8, "latent_size": 3, "data": "own"}
    model, _ = build(Settings(**(values | more)), data, torch.Generator().manual_seed(1))  # type: ignore[arg-type]
    return model, data


def at(model: DeepGenerative, batch: Batch) -> tuple[Tensor, Tensor]:
    """Some z, and log p(x|z) there."""
    z = torch.randn(1, 2, batch.size, 3, generator=torch.Generator().manual_seed(2))
    found = next(factor for factor in model.factors(batch, {"z": z}) if factor.name == "log p(x|z)")
    return z, found.value


def test_scvis_factor_is_the_negative_binomial_of_a_share_of_the_library() -> None:
    """Against torch.distributions in float64: mean ℓ_i softmax(dec(z) + γ c)_g, one r a gene."""
    model, data = scvi(batch_covariate=True)
    batch = data.batch(torch.arange(4))
    with torch.no_grad():
        model.decoder.get_submodule("gamma").weight.normal_(generator=torch.Generator().manual_seed(3))
        model.raw_scale.copy_(torch.linspace(-2, 2, 2000))
    z, value = at(model, batch)
    logits = model.decoder(z) + batch.covariates @ model.decoder.get_submodule("gamma").weight.T
    mean = (batch.x.sum(1, keepdim=True) * logits.softmax(-1)).double()
    size = model.raw_scale.double().exp()
    known = torch.distributions.NegativeBinomial(size, logits=(mean / size).log()).log_prob(batch.x.double()).sum(-1)
    torch.testing.assert_close(value.double(), known, rtol=1e-5, atol=0.0)
    weights = next(factor.value for factor in model.factors(batch, {"z": z}) if factor.name == "log p(θ)")
    normal = torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(weights[0, 0], sum(normal.log_prob(each).sum() for each in model.decoder.parameters()))


def test_the_first_decoder_knows_the_genes_profile_and_the_typical_library() -> None:
    model, data = scvi()
    decoded = model.decode(torch.zeros(1, 3))[0].detach()
    assert float(decoded.sum()) == pytest.approx(float(data.x.sum(1).median()), rel=1e-4)
    assert float(torch.corrcoef(torch.stack([decoded.log(), (data.x.mean(0) + 1 / 909).log()]))[0, 1]) > 0.999


def test_the_encoder_sees_centred_logs_at_the_typical_library() -> None:
    """So a cell that is read twice as deeply looks the same."""
    data = DATA["pbmc"].load()
    _, q = build(Settings(response="poisson", data="pbmc"), data, torch.Generator().manual_seed(1))
    seen = q.by_site["z"].see(data.x)
    scaled = data.x / data.x.sum(1, keepdim=True) * data.x.sum(1).median()
    torch.testing.assert_close(seen, scaled.log1p() - scaled.log1p().mean(0), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(q.by_site["z"].see(2 * data.x), seen, atol=1e-5, rtol=1e-5)
    batch = data.batch(torch.arange(3))
    assert torch.equal(q.by_site["z"].nu(batch).flatten(1), q.by_site["z"].encoder(q.by_site["z"].see(batch.x)))


def test_categorical_levels_are_the_datas_own() -> None:
    """17 grey levels: the log mass is that of the level's index, and the decoded mean lies between the levels."""
    data = DATA["digits"].load()
    model, _ = build(Settings(response="categorical", width=4, latent_size=3), data, torch.Generator().manual_seed(4))
    batch = data.batch(torch.arange(5))
    z, value = at(model, batch)
    logits = model.decoder(z).unflatten(-1, (17, 64))  # (1, 2, 5, 17, 64)
    known = torch.distributions.Categorical(logits=logits.transpose(-1, -2)).log_prob((batch.x * 16).round()).sum(-1)
    torch.testing.assert_close(value, known)
    decoded = model.decode(z[0, 0])
    torch.testing.assert_close(decoded, (logits[0, 0].softmax(-2) * torch.arange(17)[:, None] / 16).sum(-2))


def test_a_fixed_scale_is_a_live_knob_and_no_parameter() -> None:
    run = Run(Settings(data="iris", scale_head="fixed", sigma=0.2, width=4, stop_at=3))
    assert not any("raw_scale" in name for name in run.parameters)
    first = next(run)
    assert float(run.model.raw_scale.exp()) == pytest.approx(0.2)
    run.change(sigma=2.0)
    next(run)
    assert float(run.model.raw_scale.exp()) == pytest.approx(2.0)
    assert first.elbo < next(run).elbo  # at σ = .2 an untrained decoder pays for every distance


@pytest.mark.parametrize("response", ["poisson", "negative_binomial", "zero_inflated"])
def test_count_responses_train(response: str) -> None:
    values = {"data": "pbmc", "scale_head": "feature", "width": 16, "stop_at": 30, "draws": 1, "step_size": 0.01}
    steps = [step.elbo for step in Run(Settings(response=response, prior_scale=0.3, **values))]  # type: ignore[arg-type]
    assert sum(steps[-5:]) / 5 > sum(steps[:5]) / 5 + 20


@pytest.mark.parametrize(
    ("response", "x", "sentence"),
    [
        ("negative_binomial", [[1.0, 2.0], [0.0, 0.5]], r"whole numbers ≥ 0; row 1, column 1 is 0.5. .* round\(expm1"),
        ("poisson", [[1.0, -2.0], [0.0, 1.0]], "whole numbers ≥ 0; row 0, column 1 is -2"),
        ("zero_inflated", [[1.0, 2.0], [0.0, 0.0]], "Row 1 has no counts at all, so it has no library size"),
        ("bernoulli", [[0.0, 1.0], [3.0, 0.0]], r"values in \[0, 1\]; row 1, column 0 is 3"),
        ("categorical", [[1.0], [1.0]], "from 2 to 64 distinct values; these data have 1"),
    ],
)
def test_own_data_that_a_response_cannot_have_are_refused_with_the_first_value(response, x, sentence) -> None:
    with pytest.raises(SettingError, match=sentence):
        Run(Settings(response=response), from_array(x))


def test_data_of_the_lab_are_refused_by_name() -> None:
    with pytest.raises(
        SettingError, match=r"Response: Poisson does not apply. It needs counts 0, 1, 2, …. Choose other data"
    ):
        Run(Settings(response="poisson"))
    with pytest.raises(SettingError, match="no batch covariate"):
        scvi(DATA["pbmc"].load(), batch_covariate=True)
    with pytest.raises(ValueError, match="no table of yours here"):
        Run(Settings(data="own"))


def both_see() -> tuple[DeepGenerative, Posterior, Dataset]:
    settings = Settings(
        response="negative_binomial", data="cell_lines", batch_covariate=True, encoder_covariate=True, scale_head="feature",
        latent_size=3, depth=1, width=8,
    )  # fmt: skip
    data = DATA["cell_lines"].load()
    return *build(settings, data, torch.Generator().manual_seed(1)), data


def test_the_encoder_may_see_the_batch_too() -> None:
    """ν_i = enc(x_i, c_i): of a cell said to be of another plate it is another, by the last columns of the first map alone."""
    _, q, data = both_see()
    batch, factor = data.batch(torch.arange(6)), q.by_site["z"]
    moved = replace(batch, covariates=batch.covariates.roll(1, 1))
    assert factor.encoder.hidden[0].weight.shape == (8, 2003)
    assert float((factor.nu(batch) - factor.nu(moved)).detach().abs().max()) > 1e-3
    with torch.no_grad():
        factor.encoder.hidden[0].weight[:, 2000:] = 0.0
    assert torch.equal(factor.nu(batch), factor.nu(moved))
    with pytest.raises(ValueError, match="sees the batch covariate, which these rows lack"):
        factor.nu(replace(batch, covariates=None))


@pytest.mark.parametrize(
    "others", [{"batch_covariate": False}, {"variational": "table"}, {"latent_prior": "vamp"}], ids=lambda each: next(iter(each))
)  # fmt: skip
def test_an_encoder_without_its_conditions_sees_no_batch(others: dict[str, object]) -> None:
    """Where the knob is grey the run is, bit for bit, the one without it."""
    scene = {
        "data": "cell_lines", "response": "poisson", "batch_covariate": True, "width": 8, "depth": 1, "batch_size": 32, "stop_at": 2,
    }  # fmt: skip
    runs = [Run(settings_from(scene | others | {"encoder_covariate": sees})) for sees in (False, True)]
    first, second = ([step.elbo for step in run] for run in runs)
    assert first == second


@pytest.mark.slow
def test_plates_are_mixed() -> None:
    """Five cell lines on three plates: of the plates z keeps nothing. That the lines stay apart is measured by `bench single_cell`."""
    plates = {}
    for sees in (False, True):
        settings = PRESETS["cell_lines"]["settings"] | {
            "batch_covariate": sees,
            "encoder_covariate": sees,
            "stop_at": 100,
        }
        run = Run(settings_from(settings))
        for _ in run:
            pass
        mean = run.q.nu(run.model.sites["z"], run.data.whole())[:, 0].detach().numpy()
        plates[sees] = silhouette_samples(mean, run.data.covariates.argmax(1).numpy())
    closer = plates[True] - plates[False]
    assert plates[True].mean() < 0.05
    assert closer.mean() < -3 * closer.std() / len(closer) ** 0.5, "less of the plates than without"
