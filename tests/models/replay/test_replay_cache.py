"""The fast path gives the numbers of the slow path, bit for bit, whatever changes in between; what cannot be recorded stays slow."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from elbo_room.models.core import Factor, Site
from elbo_room.models.data import from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import ESTIMATORS, NotApplicableError
from elbo_room.models.families import Normal
from elbo_room.models.replay import replay_cache, tape
from elbo_room.models.replay.kernels import Unfit
from elbo_room.models.replay.tape import Recorder, Tape
from elbo_room.models.training.run import Run, Step
from elbo_room.models.variational import Global, Posterior
from tests.models.inference.test_one_path import same
from tests.models.problems import Terms

NEVER = 10**9
SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "draws": 4, "stop_at": 30}


def both(monkeypatch: pytest.MonkeyPatch, drive: Callable[[Run], None] = lambda run: None, **values) -> tuple[Run, Run]:
    """The same run by the long way alone, and as it is; `drive` is told of the run before each step. Asserts that they agree."""
    made = []
    for wait in (NEVER, replay_cache.WAIT):
        monkeypatch.setattr(replay_cache, "WAIT", wait)
        run = Run(Settings(**(SMALL | values)))
        made.append((run, list(driven(run, drive))))
        monkeypatch.undo()
    (long, steps), (short, again) = made
    assert long.replay_cache.tape is None
    assert steps == again
    assert same(long.tensors(), short.tensors())
    return long, short


def driven(run: Run, drive: Callable[[Run], None]) -> Iterator[Step]:
    while run.number < run.settings.stop_at:
        drive(run)
        yield next(run)


@pytest.mark.parametrize(
    "name", [name for name, part in ESTIMATORS.items() if not part().supports(Normal(), 4) and not part.for_weights]
)
def test_every_estimator_trains_to_the_same_bits(name, monkeypatch):
    """Those with a memory and those that draw on their own (ξ, pilots, couplings) too."""
    _, short = both(monkeypatch, estimator=name)
    assert short.replay_cache.trusted != bool(short.replay_cache.refused)
    assert short.replay_cache.trusted, short.replay_cache.refused


def test_now_and_then_a_step_goes_the_long_way_and_makes_its_checks(monkeypatch):
    """A declared prior that a tensor moves away from its factor: the tape cannot see it, the next long step does."""
    with pytest.MonkeyPatch.context() as patch:  # `both` undoes its own
        patch.setattr(replay_cache, "LOOK", 20)
        _, short = both(monkeypatch, estimator="analytic_kl", stop_at=70)
        assert short.replay_cache.trusted

        shift, run = torch.zeros(()), Run(Settings(**(SMALL | {"estimator": "analytic_kl", "stop_at": 100})))
        factors = run.model.factors

        def moved(batch, latents):
            found = factors(batch, latents)
            return [replace(f, value=f.value + shift) if f.prior is not None else f for f in found]

        run.model.factors = moved
        for _ in range(25):
            next(run)
        assert run.replay_cache.trusted
        shift.fill_(1.0)
        with pytest.raises(NotApplicableError, match="declares a prior that does not match its value"):
            list(run)
        assert run.number == 39


@pytest.mark.parametrize(
    "values",
    [{"variational": "table"}, {"response": "bernoulli", "data": "digits"}, {"depth": 0}, {"scale_head": "network", "attention": "simplex"},
     {"decoder": "convolution", "data": "digits", "latent_prior": "vamp"},
     {"noise": "antithetic"}, {"rao_blackwell": "none", "estimator": "score"}, {"batch_size": 2000}],
    ids=str,
)  # fmt: skip
def test_every_kind_of_model_trains_to_the_same_bits(values, monkeypatch):
    _, short = both(monkeypatch, **values)
    assert short.replay_cache.trusted, short.replay_cache.refused


def test_random_numbers_of_a_sobol_engine_are_not_recorded(monkeypatch):
    """Its seed passes through Python."""
    _, short = both(monkeypatch, noise="sobol")
    assert "may branch on it" in short.replay_cache.refused


def test_live_changes_are_taken_up_at_once(monkeypatch):
    """λ, B, the estimator, the minibatch and the step size, changed while the tape plays; then it plays again."""
    changes = {
        20: {"prior_scale": 0.1},
        21: {"draws": 7},
        40: {"estimator": "score_xi"},
        60: {"batch_size": 17},
        80: {"step_size": 0.05},
    }
    trusted = []

    def drive(run: Run) -> None:
        trusted.append(run.replay_cache.trusted)
        if run.number in changes:
            run.change(**changes[run.number])

    both(monkeypatch, drive, stop_at=100)
    ours = trusted[100:]
    assert [ours[at] for at in (20, 40, 60, 80, 99)] == [True] * 5
    assert not any(ours[at + 1] for at in changes)


def test_what_a_model_holds_is_read_again(monkeypatch):
    """A factor that stands still, moves and stands still again, an attribute of one of the model's parts."""

    def by_parts(run: Run) -> None:
        if not run.number:
            run.model.prior.strength = 1.0
            log_prob = run.model.prior.log_prob
            prior = run.model.prior
            run.model.prior.log_prob = lambda weights: log_prob(weights) * prior.strength
        if 30 < run.number <= 40 or run.number == 60:
            run.model.prior.strength = 1 - 0.01 * run.number

    _, short = both(monkeypatch, by_parts, stop_at=90)
    assert short.replay_cache.trusted


def test_a_number_that_changes_at_each_step_is_never_recorded(monkeypatch):
    def drive(run: Run) -> None:
        if not run.number:
            factors = run.model.factors
            run.model.factors = lambda batch, latents: [
                type(f)(f.name, f.value * (1 + run.number % 7), f.on) for f in factors(batch, latents)
            ]

    _, short = both(monkeypatch, drive, stop_at=40)
    assert not short.replay_cache.trusted


def test_a_hidden_number_is_found_out_by_the_step_that_is_made_both_ways(monkeypatch):
    """Python's own randomness leaves no trace in what the model holds."""

    def drive(run: Run) -> None:
        if not run.number:
            factors, ticks = run.model.factors, iter(range(10**6))
            run.model.factors = lambda batch, latents: [
                type(f)(f.name, f.value * (1 + next(ticks) % 7), f.on) for f in factors(batch, latents)
            ]

    monkeypatch.setattr(replay_cache, "WAIT", 5)
    run = Run(Settings(**SMALL))
    for _ in driven(run, drive):
        pass
    assert run.replay_cache.refused == "the replay gave other numbers"


def computed(x: torch.Tensor, w: torch.Tensor, generator: torch.Generator) -> dict[str, torch.Tensor]:
    noise = torch.randn(3, 4, generator=generator)
    hidden = (x @ w.t() + noise).tanh()
    again = (x @ w.t() + noise).tanh()
    unused = hidden.exp().sum()
    w.grad = None
    ((hidden * again).sum() + 0 * unused.detach()).backward()
    rows = torch.zeros(5, 2).index_add_(0, torch.tensor([1, 3, 3]), hidden.detach()[:, :2] * 3)
    return {"gradient": w.grad, "rows": rows, "one": torch.ones_like(x).cumsum(0)}


def test_a_tape_plays_a_computation_again_and_leaves_out_what_is_not_needed():
    generator = torch.Generator().manual_seed(3)
    w = torch.randn(4, 6, generator=generator).requires_grad_()
    x = torch.randn(3, 6, generator=generator)
    with Recorder() as recorder:
        outputs = computed(x, w, generator)
    made = Tape(recorder, {"x": x}, outputs)
    assert sum(call[0] is torch.tanh for call in made.calls) == 1, "the second tanh is the first"
    assert not any(call[0] in (torch.exp, torch.ops.aten.exp.out) for call in made.calls), (
        "nobody reads the exponential"
    )
    assert not any("cumsum" in str(call[0]) for call in made.calls), "ones stay ones"
    for seed in (5, 6):
        other = torch.randn(3, 6, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            w.mul_(1.5)
        state = generator.get_state()
        played = {name: value.clone() for name, value in made.play({"x": other}).items()}
        generator.set_state(state)
        wanted = computed(other, w, generator)
        assert all(torch.equal(played[name], wanted[name]) for name in wanted)


def test_what_python_may_have_decided_by_values_is_not_recorded():
    x = torch.arange(4.0)
    for decide in (lambda: float(x.sum()), lambda: x[x > 1], lambda: bool((x > 1).any())):
        with Recorder() as recorder:
            decide()
        with pytest.raises(Unfit):
            Tape(recorder, {"x": x}, {"out": x})


def fail_in_a_replay(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Replay number `at` fails halfway, when generators have moved on and some places hold new numbers."""
    play, count = Tape.play, iter(range(10**6))

    def failing(self: Tape, inputs):
        if next(count) != at:
            return play(self, inputs)
        calls, half = self.calls, len(self.calls) // 2
        self.calls = calls[:half]
        play(self, inputs)
        raise RuntimeError("a kernel failed")

    monkeypatch.setattr(Tape, "play", failing)


def fail_while_recording(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    def failing(self: Recorder, op) -> None:
        raise TypeError("no such kernel")

    monkeypatch.setattr(Recorder, "_note", failing)


def fail_while_planning(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    def failing(call):
        tape.out_variant(*call, [])
        call[0](*call[1], **call[2])  # as `swift` does, on the tape's own places
        raise AssertionError("not planned")

    monkeypatch.setattr(tape, "swift", failing)


@pytest.mark.parametrize("estimator", ["nvil", "reparameterization", "score_xi"])
@pytest.mark.parametrize(
    ("fail", "at"),
    [(fail_while_recording, 0), (fail_while_planning, 0), (fail_in_a_replay, 0), (fail_in_a_replay, 9)],
    ids=["recording", "planning", "the replay that is compared", "a replay"],
)
def test_any_failure_of_a_tape_leaves_the_long_ways_run(fail, at, estimator, monkeypatch, caplog):
    """Bit for bit, generator and memory included; said once, and no tape is tried again after a change of settings."""

    def drive(run: Run) -> None:
        if run.number == 24:
            run.change(step_size=0.02)

    values = {"estimator": estimator, "xi_from": "running"} if estimator == "score_xi" else {"estimator": estimator}
    with pytest.MonkeyPatch.context() as patch:  # `both` undoes its own
        fail(patch, at)
        _, short = both(monkeypatch, drive, **values, stop_at=45)
    assert not short.replay_cache.trusted
    assert "the recorded step failed" in short.replay_cache.refused
    assert [record.message.count("continues without a recorded step") for record in caplog.records] == [1]


def test_a_models_own_error_is_raised_while_a_step_is_recorded(monkeypatch):
    """The same sentence at the same step, and the same generator, as by the long way."""

    def drive(run: Run) -> None:
        factors, generator = run.model.factors, run.generator

        def wrong(batch, latents):
            if run.number == 10:
                torch.randn(3, generator=generator)
                raise ValueError("the data have no y")
            return factors(batch, latents)

        run.model.factors = wrong

    states = []
    for wait in (NEVER, replay_cache.WAIT):
        monkeypatch.setattr(replay_cache, "WAIT", wait)
        run = Run(Settings(**SMALL))
        drive(run)
        with pytest.raises(ValueError, match="the data have no y"):
            list(run)
        states.append((run.number, run.generator.get_state()))
    assert states[0][0] == states[1][0] == 10
    assert torch.equal(states[0][1], states[1][1])


def test_group_offsets_are_recorded(monkeypatch):
    """b[..., group] with reparameterisation: its slope is an `index_put_` with a `None`."""
    group = torch.tensor([0, 1, 2, 0, 1, 2, 2, 1])
    x = torch.linspace(-1.0, 1.0, 8).unsqueeze(-1)

    def terms(batch, latents):
        mean = latents["b"][..., group[batch.rows]]  # (R, B, M)
        return [
            Factor("log p(b)", Normal().log_prob(latents["b"], torch.zeros(2, 1)).sum(-1), frozenset({"b"})),
            Factor("log p(x|b)", -(batch.x[:, 0] - mean).square(), frozenset({"b"})),
        ]

    site = Site("b", "global", (3,), Normal())
    made = []
    for wait in (NEVER, replay_cache.WAIT):
        monkeypatch.setattr(replay_cache, "WAIT", wait)
        settings = Settings(estimator="reparameterization", draws=3, batch_size=5, stop_at=40)
        run = Run(Terms({"b": site}, terms), Posterior({"b": Global(site)}), from_array(x), settings)
        made.append((run, list(run)))
    assert made[0][1] == made[1][1]
    assert same(made[0][0].tensors(), made[1][0].tensors())
    assert made[1][0].replay_cache.trusted, made[1][0].replay_cache.refused


def test_a_large_batch_of_the_digits_scene_is_recorded():
    """B × M = 16 × 1,797: with Taylor's control variate 375 MB of values, which share places of 90 MB."""
    run = Run(Settings(draws=16, batch_size=1797, stop_at=13, estimator="quadratic_miller"))
    assert len(list(run)) == 13
    assert run.replay_cache.trusted, run.replay_cache.refused


def test_large_steps_stay_as_they_are(monkeypatch):
    for limit, sentence in (
        ("MOST_BYTES", "MB, even with shared buffers"),
        ("MOST_RECORDED", "MB while it is recorded"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(tape, limit, 10_000)
            run = Run(Settings(**SMALL))
            assert len(list(run)) == 30
        assert sentence in run.replay_cache.refused
