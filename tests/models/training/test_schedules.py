"""ρ_t of every schedule against its formula, and what κ may be."""

from typing import ClassVar

import pytest
import torch

import elbo_room as er
from elbo_room.models.core import Factor, Site
from elbo_room.models.families import Normal
from elbo_room.models.settings import SettingError
from elbo_room.models.training.knobs import inference_from


@pytest.mark.parametrize(("offset", "decay"), [(0, 1.0), (10, 0.75), (100, 0.51)])
def test_a_robbins_monro_step_is_a_times_b_plus_t_to_the_minus_kappa(offset: int, decay: float) -> None:
    """ρ_t = a (b + t)^−κ with a = ρ (b + 1)^κ: exactly, and ρ_1 = ρ."""
    settings = inference_from(
        {"schedule": "robbins_monro", "step_size": 0.2, "step_offset": offset, "step_decay": decay}
    )
    a = 0.2 * (offset + 1) ** decay
    for t in (1, 2, 3, 50, 10_000):
        assert settings.step_size_at(t - 1) == pytest.approx(a * (offset + t) ** -decay, rel=1e-12)
    assert settings.step_size_at(0) == 0.2


def test_its_steps_sum_to_infinity_and_their_squares_do_not() -> None:
    """For κ in (½, 1], every decade of t adds as much to Σ ρ_t, or more; Σ ρ_t² is at most a² (1 + 1/(2κ − 1)) (b + 1)^{1−2κ}."""
    for decay in (0.51, 0.75, 1.0):
        settings = inference_from(
            {"schedule": "robbins_monro", "step_size": 0.5, "step_offset": 4, "step_decay": decay}
        )
        sizes = torch.tensor([settings.step_size_at(t) for t in range(100_000)], dtype=torch.float64)
        sums = sizes.cumsum(0)
        assert float(sums[99_999] - sums[9_999]) > 0.9 * float(sums[9_999] - sums[999])
        a = 0.5 * 5**decay
        assert float(sizes.square().sum()) < a * a * (1 + 1 / (2 * decay - 1)) * 5 ** (1 - 2 * decay)


@pytest.mark.parametrize("decay", [0.5, 1.2])
def test_another_kappa_is_refused_with_the_condition_in_words(decay: float) -> None:
    with pytest.raises(
        SettingError, match=r"Decay κ was .*from 0\.51 to 1\. Above 1, Σ ρₜ is finite.*noise never averages out\."
    ):
        inference_from({"schedule": "robbins_monro", "step_decay": decay})


class Mean:
    """w ~ N(0, 1), x_i ~ N(w, 1)."""

    sites: ClassVar[dict[str, Site]] = {"w": Site("w", "global", (1,), Normal())}

    def factors(self, batch, latents):
        w = latents["w"]
        prior, fit = -w.square().sum(-1) / 2, -(batch.x[:, 0] - w).square() / 2
        return [Factor("log p(w)", prior, frozenset({"w"})), Factor("log p(x|w)", fit, frozenset({"w"}))]


def test_plain_ascent_by_the_schedule_ends_at_the_exact_posterior() -> None:
    """The mean is 6/4: a constant ρ ends in a cloud around it, the schedule within a hundredth, with the same noise."""
    ends = {}
    for schedule in ("held", "robbins_monro"):
        q = er.Posterior({"w": er.Global(Mean.sites["w"], torch.tensor([[0.0], [-0.7]]))})
        about = {"estimator": "reparameterization", "optimizer": "ascent", "step_size": 0.3, "stop_at": 1500}
        run = er.Run(
            Mean(), q, [[1.0], [2.0], [3.0]], about | {"schedule": schedule, "step_offset": 20, "step_decay": 1.0}
        )
        ends[schedule] = torch.stack([q.by_site["w"].table[0, 0].detach().clone() for _ in run][-200:])
    assert abs(float(ends["robbins_monro"].mean()) - 1.5) < 0.02
    assert float(ends["robbins_monro"].std()) < 0.1 * float(ends["held"].std())


def test_the_optimiser_takes_the_schedules_step() -> None:
    """A plain step moves ν by ρ_t ĝ with ρ_t of the schedule, exactly."""
    q = er.Posterior({"w": er.Global(Mean.sites["w"], torch.tensor([[0.0], [-0.7]]))})
    about = {"optimizer": "ascent", "step_size": 0.3, "schedule": "robbins_monro", "step_offset": 2, "step_decay": 0.8}
    run = er.Run(Mean(), q, [[1.0], [2.0], [3.0]], about | {"stop_at": 5})
    for t in range(1, 6):
        before = q.by_site["w"].table.detach().clone()
        next(run)
        gradient = q.by_site["w"].table.grad
        size = 0.3 * (3 / (2 + t)) ** 0.8
        torch.testing.assert_close(q.by_site["w"].table.detach(), before - size * gradient, rtol=1e-5, atol=1e-7)
