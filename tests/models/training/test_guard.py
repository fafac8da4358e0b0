"""A run that produces a non-finite number stops, keeps its last good state, suggests what to do, and can continue."""

import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.core import Factor
from elbo_room.models.data import Dataset
from elbo_room.models.presets import PRESETS
from elbo_room.models.registry import MODELS
from elbo_room.models.training.guard import DivergenceError, complaint, part_in_words
from elbo_room.models.training.run import Run
from tests.models.training.test_run import small


def poison(run: Run, at: int, monkeypatch: pytest.MonkeyPatch, value: float, *, on_gradient: bool = False) -> None:
    """From the call number `at` on, log p(x|z) or its gradient is `value`."""
    calls, factors = [], run.model.factors

    def wrong(batch, latents):
        calls.append(1)
        found = factors(batch, latents)
        if len(calls) < at:
            return found
        middle = found[1].value
        bent = (
            middle + (value * run.model.decoder.out.weight.sum() * torch.zeros(())).expand_as(middle)
            if on_gradient
            else middle * value
        )
        return [found[0], Factor(found[1].name, bent, found[1].on), found[2]]

    monkeypatch.setattr(run.model, "factors", wrong)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (float("nan"), r"The ELBO became nan \(log p\(x\|z\) is nan\) at step 4"),
        (float("inf"), r"The ELBO became -?inf \(log p\(x\|z\) is -?inf\) at step 4"),
    ],
)
def test_a_number_that_is_not_finite_stops_the_run_at_its_last_good_state(
    value: float, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state kept is the one at which the last finite ELBO was seen: before the update that led astray."""
    run = Run(small(step_size=0.3))
    poison(run, 4, monkeypatch, value)
    next(run), next(run)
    good = [p.detach().clone() for p in run.parameters.values()]
    next(run)
    with pytest.raises(DivergenceError, match=f"{cause}. Continue with a third of the step size \\(0.1\\)") as caught:
        next(run)
    assert all(torch.equal(p, old) for p, old in zip(run.parameters.values(), good, strict=True))
    assert (caught.value.step, caught.value.change, run.number) == (4, {"step_size": pytest.approx(0.1)}, 3)


def test_it_goes_on_with_the_proposed_step_size(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(small(step_size=0.3))
    with monkeypatch.context() as while_poisoned:
        poison(run, 3, while_poisoned, float("nan"))
        next(run), next(run)
        with pytest.raises(DivergenceError, match="at step 3") as caught:
            next(run)
    run.change(**caught.value.change)
    steps = list(run)
    assert [step.number for step in steps] == list(range(3, 41))
    assert all(p.isfinite().all() for p in run.parameters.values())


def test_a_step_size_far_too_large_is_noticed() -> None:
    """Plain score with one draw at ρ = 1, no Rao-Blackwellisation and a deep ReLU network leaves the finite numbers
    at once.
    """
    run = Run(
        small(
            estimator="score",
            draws=1,
            step_size=1.0,
            rao_blackwell="none",
            depth=4,
            activation="relu",
            prior_scale=0.01,
        )
    )
    with pytest.raises(
        DivergenceError, match=r"The (ELBO|gradient) .* at step \d+\. Continue with a third of the step size \(0.33\)"
    ):
        list(run)
    assert all(p.isfinite().all() for p in run.parameters.values())


def test_a_gradient_that_is_not_finite_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(small())
    poison(run, 1, monkeypatch, float("nan"), on_gradient=True)
    with pytest.raises(DivergenceError, match="at step 1"):
        next(run)
    fine, bad = torch.ones(2), torch.tensor([1.0, float("nan")])
    blamed = complaint(-1.0, -1.0, {"Mine.a": fine, "Mine.b": bad})
    assert blamed == "The gradient of 'Mine.b' is not finite", "the name that a user's own model has for it"
    assert run.parameters
    for name in run.parameters:
        words = part_in_words(name, run.model)
        assert words in ("the decoder", "the response's scale", "the encoder of q(z)"), name


@pytest.mark.parametrize("model", MODELS)
def test_every_part_of_the_models_on_the_screen_has_a_name_there(model: str) -> None:
    """No parameter of the scenes, nor of random settings, is called by its place in the code."""
    chosen = [
        scene["settings"] for scene in PRESETS.values() if scene["settings"].get("model", "deep_generative") == model
    ]
    small_ones = [each for each in chosen if each.get("data") not in ("verses", "cell_lines", "king_james")]
    for settings in small_ones:
        run = Run(settings_from(settings))
        for name in run.parameters:
            words = part_in_words(name, run.model)
            assert "'" not in words.replace("response's", "").replace("weights'", "").replace("layer's", ""), name
            assert "_" not in words, name


def test_a_start_that_is_too_extreme_is_not_blamed_on_the_step_size(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(small())
    poison(run, 1, monkeypatch, 1e12)
    with pytest.raises(DivergenceError, match=r"The ELBO fell to .* at step 1\. No step has been made yet") as caught:
        next(run)
    assert not caught.value.change


def test_finite_gradients_whose_norm_overflows_are_a_divergence_too() -> None:
    """Never a silent end of the iteration."""
    assert complaint(-1.0, -1.0, {"decoder.b": torch.full((3,), 1e30)}) == "The gradient became too large to be summed"


@pytest.mark.parametrize(
    ("elbo", "objective", "cause"),
    [
        (-1e10, -1e10, "The ELBO fell to -1e\\+10 nats per data point"),
        (float("inf"), -1.0, "The ELBO became inf"),
        (-1.0, float("nan"), "The objective became nan"),
    ],
)
def test_complaints(elbo: float, objective: float, cause: str) -> None:
    import re

    assert re.fullmatch(cause, complaint(elbo, objective, {"a": torch.ones(1)}) or "")
    assert complaint(-80.0, -90.0, {"a": torch.ones(1)}) is None


@pytest.mark.parametrize("head", ["feature", "network"])
def test_a_scale_without_a_floor_is_named_with_its_feature_and_gets_one(head: str) -> None:
    """σ of the one constant column at 0: log N is ∞ there. The message names column and source; its remedy goes on."""
    data = Dataset(
        name="t",
        x=torch.tensor([[0.0, 1.5], [1.0, 1.5], [2.0, 1.5]]),
        labels=torch.zeros(3).long(),
        label_names=("all",),
        shape=(2,),
        feature_names=("a", "level"),
    )
    run = Run(small(scale_head=head, scale_floor=0.0), data)
    with torch.no_grad():
        if head == "feature":
            run.model.raw_scale[1] = -200.0
        else:
            run.model.decoder.out.bias[3] = -200.0
    source = {"feature": "a parameter", "network": "an output of the decoder"}[head]
    sentence = rf"The ELBO .* at step 1: σ of level \({source}\) is down to .*\. Continue with σ ≥ 0.05"
    with pytest.raises(DivergenceError, match=sentence) as caught:
        next(run)
    run.change(**caught.value.change)
    assert all(step.elbo > -1e9 for step in run)


def test_a_covariance_that_cannot_be_factorised_is_a_divergence_with_a_remedy() -> None:
    """1 + W exp(−2ρ) Wᵀ of a low-rank q whose ρ has fallen: in float32 its smaller eigenvalue is lost beside the larger one."""
    chosen = {"model": "conditional", "data": "gap", "posterior": "low_rank", "estimator": "leave_one_out"}
    run = Run(settings_from(chosen | {"width": 4, "step_size": 0.3, "stop_at": 40}))
    good = [p.detach().clone() for p in run.parameters.values()]
    next(run)
    (factor,) = run.q.by_site.values()
    with torch.no_grad():
        factor.free_nu[..., 1, :] = -12.0
        factor.free_nu[..., 2:, :] = 1.0
    with pytest.raises(DivergenceError, match="A covariance matrix is numerically singular at step 2") as caught:
        next(run)
    assert caught.value.change == {"step_size": pytest.approx(0.1)}
    assert all(torch.equal(p, old) for p, old in zip(run.parameters.values(), good, strict=True))
