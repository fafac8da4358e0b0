"""What a user may pass to `Run`, `run_from`, `probe`, `estimate` and `Dataset`: every form gives the same numbers."""

from collections.abc import Mapping
from html.parser import HTMLParser

import numpy as np
import pandas
import pytest
import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import Dataset
from elbo_room.models.data.dataset import DataError
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import LeaveOneOut, NotApplicableError, Score
from elbo_room.models.families import Normal
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import probe
from elbo_room.models.probing.report import Reports
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import Global, Posterior

X = torch.linspace(0.0, 4.0, 10).unsqueeze(-1)


class Mean:
    """w ~ N(0, 1), x_i ~ N(w, 1)."""

    sites = {"w": Site("w", "global", (1,), Normal())}  # noqa: RUF012 - as a user writes it

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """Log p(w) (R, B) and log p(x | w) (R, B, M)."""
        w = latents["w"]  # (R, B, 1)
        return [
            Factor("log p(w)", -w.square().sum(-1) / 2, frozenset({"w"})),
            Factor("log p(x|w)", -(batch.x[:, 0] - w).square() / 2, frozenset({"w"})),
        ]


def posterior() -> Posterior:
    return Posterior({"w": Global(Mean.sites["w"])})


KNOBS = {"estimator": "path_only", "step_size": 0.05, "stop_at": 400}


@pytest.mark.parametrize("inference", [KNOBS, InferenceSettings(**KNOBS), Settings(**KNOBS)])
def test_a_users_model_needs_no_family_and_ends_at_its_posterior(inference) -> None:
    """N(Σx/(N + 1), 1/(N + 1)): the path-only gradient has no noise there."""
    q = posterior()
    assert [step.number for step in Run(Mean(), q, X, inference)] == list(range(1, 401))
    mean, log_scale = q.by_site["w"].table.detach()[:, 0].tolist()
    assert mean == pytest.approx(float(X.sum()) / 11, abs=1e-2)
    assert log_scale == pytest.approx(-0.5 * np.log(11), abs=1e-2)


def test_live_knobs_of_inference_change_and_no_others() -> None:
    run = Run(Mean(), posterior(), X, {"stop_at": 2})
    run.change(draws=8, step_size=0.1)
    assert (run.settings.draws, run.settings.step_size) == (8, 0.1)
    assert type(run.settings) is InferenceSettings
    with pytest.raises(SettingError, match="prior_scale cannot change during a run"):
        run.change(prior_scale=2.0)


def test_run_and_run_from_are_one_run() -> None:
    few = {"data": "pinwheel", "width": 8, "stop_at": 3}
    found = [
        [step.elbo for step in run]
        for run in (Run(Settings(**few)), run_from(Settings(**few)), run_from(few), run_from(few | {"data": "own"}, run_from(few).data))
    ]  # fmt: skip
    assert found == [found[0]] * 4
    data = run_from(few).data
    assert [step.elbo for step in Run(Settings(**few), data=data)] == found[0]


FORMS = {
    "a name": "leave_one_out",
    "a class": LeaveOneOut,
    "an instance": LeaveOneOut(),
    "a list": ["leave_one_out"],
    "a dict": {"leave_one_out": LeaveOneOut},
    "by site": {"leave_one_out": {"w": "leave_one_out"}},
}


@pytest.mark.parametrize("chosen", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "data", [X, X.numpy(), Dataset(X), Dataset(X).whole()], ids=["tensor", "array", "data", "batch"]
)
def test_every_form_of_a_probe_measures_the_same(chosen, data) -> None:
    plain = probe(
        Mean(), posterior(), {"it": LeaveOneOut()}, Dataset(X).whole(), 4, 32, torch.Generator().manual_seed(0)
    )
    found = probe(Mean(), posterior(), chosen, data)
    assert list(found) == ["leave_one_out"]
    assert found["leave_one_out"].variance == plain["it"].variance


@pytest.mark.parametrize("chosen", ["score", Score, Score(), {"w": "score"}, {"w": Score}])
def test_every_form_of_an_estimate_is_the_same(chosen) -> None:
    plain = estimate(Mean(), posterior(), {"w": Score()}, Dataset(X).whole(), 4, torch.Generator().manual_seed(0))
    found = estimate(Mean(), posterior(), chosen, X)
    assert torch.equal(found.draw_gradients(Mean.sites["w"]), plain.draw_gradients(Mean.sites["w"]))


def test_two_of_one_name_are_both_reported() -> None:
    assert list(probe(Mean(), posterior(), [Score, "score"], X)) == ["score", "score 2"]


def test_what_does_not_apply_is_reported_with_its_reason() -> None:
    found = probe(Mean(), posterior(), ["score", "arm", "path_only"], X)
    assert list(found) == ["score", "path_only"]
    assert "is for Bernoulli latents" in found.not_applicable["arm"]
    assert "arm does not apply: ARM is for Bernoulli" in repr(found)
    with pytest.raises(NotApplicableError, match=r"No estimator applies here\. arm: "):
        probe(Mean(), posterior(), "arm", X)


def test_reports_print_as_a_table() -> None:
    """Each row has the report's own numbers; the least variance is once the best."""
    found = probe(Mean(), posterior(), ["score", "path_only"], X)
    title, header, *rows = repr(found).splitlines()
    assert title == "Variance of the gradient at site w, B = 4, R = 32"
    assert header.split()[:3] == ["estimator", "variance", "95%"]
    assert len(rows) == 2
    for row, (name, report) in zip(rows, found.items(), strict=True):
        cells = row.split()
        assert cells[:2] == [name, f"{report.variance:.3g}"]
        assert float(cells[3]) == pytest.approx(report.variance / found["path_only"].variance, rel=1e-2)
        assert cells[4:6] == ["no", str(report.evaluations)]
    assert repr(found["score"]).splitlines()[2].startswith("score")


def test_a_biased_estimator_is_marked() -> None:
    from tests.models.problems import sigmoid_belief

    problem = sigmoid_belief()
    found = probe(problem.model, problem.q, ["straight_through", "arm"], problem.batch)
    assert (found["straight_through"].biased, found["arm"].biased) == (True, False)
    assert "yes" in repr(found["straight_through"])


def test_the_table_of_a_notebook_is_html_with_its_words_escaped() -> None:
    found = probe(Mean(), posterior(), {"a < b": "score"}, X)
    cells: list[str] = []
    parser = HTMLParser()
    parser.handle_data = cells.append  # type: ignore[method-assign]
    parser.feed(found._repr_html_())
    assert "a < b" in cells
    assert "<td>a &lt; b</td>" in found["a < b"]._repr_html_()
    assert "<math" not in found._repr_html_(), "a name of one's own has no formula in the catalogue"
    assert "<math" in probe(Mean(), posterior(), ["score"], X)._repr_html_()
    assert repr(Reports({})).startswith("No reports.")


def test_data_of_every_kind_become_one_table() -> None:
    table, y = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], [1.0, 2.0, 3.0]
    made = [
        Dataset(*pair)
        for pair in (
            (table, y),
            (np.array(table), np.array(y)),
            (torch.tensor(table), torch.tensor(y)),
            (pandas.DataFrame(table), pandas.Series(y)),
        )
    ]
    for each in made:
        assert torch.equal(each.x, torch.tensor(table))
        assert torch.equal(each.y, torch.tensor(y))
        assert (each.shape, each.label_names, each.labels.tolist()) == ((2,), ("all",), [0, 0, 0])
    pictures = Dataset(np.zeros((4, 2, 3)))
    assert (pictures.x.shape, pictures.shape) == ((4, 6), (2, 3))
    assert Dataset(table, labels=["b", "a", "b"]).labels.tolist() == [1, 0, 1]


BAD_DATA = {
    "text": (lambda: Dataset("x"), r"Data must be an array of numbers \(N, D\); this is a str"),
    "nothing": (lambda: Dataset(None), "this is nothing"),
    "a missing number": (lambda: Dataset([[1.0], [float("nan")]]), "row 1 has a missing or infinite one"),
    "a missing response": (lambda: Dataset([[1.0]], [float("inf")]), "y must be finite numbers; row 0"),
    "complex numbers": (lambda: Dataset(torch.zeros(2, 1, dtype=torch.complex64)), "real numbers; these are complex"),
    "a response too few": (lambda: Dataset([[1.0], [2.0]], [1.0]), "There are 1 responses y for 2 rows"),
    "a shape of another size": (
        lambda: Dataset([[1.0, 2.0]], shape=(3,)),
        r"The shape \(3,\) does not match the 2 columns",
    ),
    "one label": (lambda: Dataset([[1.0]], labels="a"), "The labels are a str; pass one label per row"),
    "a number for names": (lambda: Dataset([[1.0]], feature_names=3), "The feature names are an int"),
}


@pytest.mark.parametrize(("call", "words"), BAD_DATA.values(), ids=BAD_DATA)
def test_data_that_are_none_are_refused_in_a_sentence(call, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call()
