"""Different estimators on different sites of one model: by settings, by one argument of a run, and as panel B measures them."""

import pytest
import torch

from elbo_room.models.catalogue import knobs
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.estimators import (
    ESTIMATORS,
    LeaveOneOut,
    NotApplicableError,
    PathOnly,
    Reparameterization,
    ScoreXi,
)
from elbo_room.models.probing.probe import probe
from elbo_room.models.settings import SettingError, objection
from elbo_room.models.training.run import Run

MIXED = Settings(
    layer_1="bernoulli", layer_2="normal", width_1=4, width_2=2, weights="normal", draws=3, batch_size=32, stop_at=5
)


def names(run: Run) -> dict[str, str]:
    return {site: part.name for site, part in run.estimators.items()}


def test_weights_take_their_own_estimator_and_live() -> None:
    settings = Settings(**{**vars(MIXED), "estimator": "leave_one_out", "weight_estimator": "path_only"})
    run = Run(settings)
    assert names(run) == {"z2": "leave_one_out", "z1": "leave_one_out", "w1": "path_only", "w2": "path_only"}
    list(run)
    run.change(weight_estimator="same")
    assert set(names(run).values()) == {"leave_one_out"}
    run.change(weight_estimator="score_xi", estimator="reparameterization", stop_at=8)
    assert names(run) == {"z2": "reparameterization", "z1": "leave_one_out", "w1": "score_xi", "w2": "score_xi"}
    assert len(list(run)) == 3


def test_a_point_mass_has_no_separate_estimator() -> None:
    """The knob is grey and says why; it changes nothing."""
    knob = next(each for each in knobs("deep_exponential_family") if each["name"] == "weight_estimator")
    reason = objection(knob, {"weights": "point"})
    assert reason
    assert reason.startswith("A point mass follows the plain gradient")
    assert objection(knob, {"weights": "gamma"}) is None
    assert set(names(Run(Settings(estimator="leave_one_out", weight_estimator="score"))).values()) == {"leave_one_out"}


def test_one_argument_gives_any_site_its_own() -> None:
    run = Run(MIXED, estimators={"z1": "nvil", "w1": ScoreXi(xi_from="pilot"), "z2": PathOnly()})
    assert run.estimators["w1"] == ScoreXi(xi_from="pilot")
    assert names(run) == {"z2": "path_only", "z1": "nvil", "w1": "score_xi", "w2": "reparameterization"}
    assert all(step.elbo < 0 for step in run)
    run.change(estimator="leave_one_out")
    assert names(run) == {"z2": "path_only", "z1": "nvil", "w1": "score_xi", "w2": "leave_one_out"}
    with pytest.raises(SettingError, match="needs at least 2 draws"):
        run.change(draws=1)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"z9": "score"}, ValueError, "There is no site 'z9' for an estimator; the model's are: z2, z1, w1, w2"),
        ({"z1": "tea"}, ValueError, "No estimator is called 'tea'; choose one of: score"),
        ({"z1": "path_only"}, NotApplicableError, "path only needs z = t"),
        ({"z2": "iwae"}, NotApplicableError, "maximise different bounds"),
        ({"w1": "flipout"}, NotApplicableError, "weights of a Bayesian network"),
    ],
)
def test_what_does_not_go_is_refused(given, error, words: str) -> None:
    with pytest.raises(error, match=words):
        Run(MIXED, estimators=given)


def test_a_probe_measures_what_it_names_whatever_the_weights_train_with() -> None:
    """Panel B's score at w1 is the score's, although the weights themselves take path only."""
    variances = []
    for own in ("path_only", "same"):
        run = Run(Settings(**{**vars(MIXED), "weight_estimator": own}))
        found = probe(run.model, run.q, {"it": LeaveOneOut(), "path": Reparameterization()}, run.data.batch(torch.arange(8)), 3, 64,
                      torch.Generator().manual_seed(1), site="w1")  # fmt: skip
        variances.append((found["it"].variance, found["path"].variance))
    assert variances[0] == variances[1]
    assert variances[0][0] > 3 * variances[0][1]


def test_what_does_not_apply_to_a_site_is_left_out_and_not_measured_as_another() -> None:
    """Centred, z1 has no prior of its own for a closed-form KL; reparameterisation must not stand in under its name."""
    settings = Settings(
        response="normal", layer_1="normal", layer_2="normal", width_1=3, width_2=2, centred=True, draws=2
    )
    run = Run(settings)

    def measured(site: str) -> dict:
        estimators = {"analytic_kl": ESTIMATORS["analytic_kl"](), "score": ESTIMATORS["score"]()}
        return probe(run.model, run.q, estimators, run.data.batch(torch.arange(4)), 2, 8, torch.Generator(), site=site)

    assert set(measured("z1")) == {"score"}
    assert set(measured("z2")) == {"analytic_kl", "score"}
