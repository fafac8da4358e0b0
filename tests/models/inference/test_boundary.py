"""What is not a model, a q, an estimator, a batch or a list of factors is refused in one sentence, before a gradient is touched."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import Estimator, LeaveOneOut, NotApplicableError, Reparameterization, Score
from elbo_room.models.families import Normal
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import probe
from elbo_room.models.settings import SettingError
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import Global, Posterior
from tests.models.inference.test_one_path import state_of
from tests.models.problems import Problem, Rows, Terms, batch_of, conjugate, plates, sigmoid_belief
from tests.models.truth import every

PYTHON = re.compile(r"NoneType|Traceback|<class|object at 0x|\bdef \b|\[\]|\{\}")
Change = Callable[[list[Factor]], object]


def refused(call: Callable[[], object], words: str, error: type[ValueError] = ValueError) -> None:
    """It says what came, what is allowed and what to do, in words for a person."""
    with pytest.raises(error, match=words) as caught:
        call()
    sentence = str(caught.value)
    assert not PYTHON.search(sentence), sentence
    assert sentence.endswith(".")


def with_factors(change: Change) -> Callable[[], object]:
    """An estimate of the model with local and global sites whose list of factors is changed."""
    problem = plates()
    model = Terms(problem.model.sites, lambda batch, latents: change(problem.model.factors(batch, latents)))  # type: ignore[arg-type]
    return lambda: attempt(replace(problem, model=model))


def attempt(problem: Problem, draws: int = 2, **arguments) -> None:
    estimate(
        problem.model, problem.q, every(Score(), problem.model), problem.batch, draws, torch.Generator(), **arguments
    )


FACTORS: dict[str, tuple[Change, str]] = {
    "a tensor": (
        lambda found: found[0].value,
        r"returned a tensor of shape \(1, 2\); it must return a list of Factor\. Write",
    ),
    "nothing": (lambda found: None, r"returned nothing \(None\); it must return a list of Factor"),
    "a generator": (lambda found: (each for each in found), "returned a generator; it must return a list of Factor"),
    "a dict": (lambda found: {each.name: each for each in found}, "returned a dict; it must return a list of Factor"),
    "one factor": (lambda found: found[0], "returned a Factor; it must return a list of Factor"),
    "no factors": (lambda found: [], "returned no factors, so there is nothing to maximise. Return at least one"),
    "a tensor in the list": (
        lambda found: [*found, found[0].value],
        r"returned a tensor of shape \(1, 2\) in its list; every entry must be",
    ),
    "a pair": (
        lambda found: [*found, ("log p", found[0].value)],
        "returned a tuple in its list; every entry must be a Factor",
    ),
    "a number": (
        lambda found: [replace(found[0], value=1.5), *found[1:]],
        "has a float as its value; it must be a tensor",
    ),
    "whole numbers": (
        lambda found: [replace(found[0], value=found[0].value.long()), *found[1:]],
        r"values of type int64; .* Convert it",
    ),
    "a mask": (
        lambda found: [replace(found[0], value=found[0].value > 0), *found[1:]],
        "values of type bool; log densities are floating",
    ),
    "complex numbers": (
        lambda found: [replace(found[0], value=found[0].value + 0j), *found[1:]],
        "values of type complex128",
    ),
    "a string for a set": (
        lambda found: [replace(found[0], on="w"), *found[1:]],
        r"has on = 'w', a str; it must be a set of sites' names\. Write",
    ),
    "a list for a set": (
        lambda found: [replace(found[0], on=["w"]), *found[1:]],
        r"has on = \['w'\], a list; it must be a set",
    ),
    "no such site": (
        lambda found: [*found[:2], replace(found[2], on=frozenset({"z", "weights"}))],
        r"lists 'weights' in its `on`, which is not a site; the model's sites are: w, z\. List every site",
    ),
    "a local site in a factor of all data": (
        lambda found: [found[0], replace(found[1], value=found[1].value.sum(-1)), found[2]],
        r"'log p\(z\)' contains the local site 'z' but is one number for all data, .* Return one value per data point",
    ),
    "given twice": (
        lambda found: [*found, found[1]],
        r"Two factors are called 'log p\(z\)'; .* Give each its own name",
    ),
    "a site in no factor": (
        lambda found: [replace(each, on=each.on - {"w"}) for each in found],
        "No factor contains the site 'w', so it has no prior and no data. Add its prior",
    ),
    "another shape": (
        lambda found: [replace(found[0], value=found[0].value[0]), *found[1:]],
        r"has shape \(2,\); it must be \(R, B\) = \(1, 2\) or \(R, B, M\) = \(1, 2, 5\)\. Sum over",
    ),
}


@pytest.mark.parametrize(("change", "words"), FACTORS.values(), ids=FACTORS)
def test_what_is_no_list_of_factors_over_the_sites(change: Change, words: str) -> None:
    refused(with_factors(change), words)


def test_a_misspelt_site_would_bias_the_gradient_of_the_blanket() -> None:
    """Silently, until it was refused: the factor is dropped from the score's cost. All other levels refuse it, too."""
    change, words = FACTORS["no such site"]
    problem = plates()
    model = Terms(problem.model.sites, lambda batch, latents: change(problem.model.factors(batch, latents)))  # type: ignore[arg-type]
    for level in ("none", "plate", "blanket"):
        refused(lambda level=level: attempt(replace(problem, model=model), rao_blackwell=level), words)


def site(name: str = "z", plate: str = "local", shape: object = (1,), family: object = None) -> Site:
    return Site(name, plate, shape, Normal() if family is None else family)  # type: ignore[arg-type]


DATA = from_array(torch.linspace(-1.0, 1.0, 6).unsqueeze(-1))
POSTERIOR = Posterior({"z": Rows(torch.zeros(6, 2, 1))})


def own(
    sites: object = None, q: object = POSTERIOR, data: object = DATA, model: object = None, **arguments
) -> Callable[[], object]:
    """A run of a person's own model."""
    made = Terms({"z": site()} if sites is None else sites, lambda batch, latents: []) if model is None else model  # type: ignore[arg-type]
    return lambda: Run(made, q, data, **arguments)  # type: ignore[call-overload]


RUNS: dict[str, tuple[Callable[[], object], str]] = {
    "a dict for settings": (lambda: Run({"draws": 3}), r"The model is a dict; .* write run_from\(settings\)"),  # type: ignore[call-overload]
    "nothing like settings": (lambda: Run("digits"), "The model is a str; it needs `sites`"),  # type: ignore[call-overload]
    "settings' class": (lambda: Run(Settings), "The model is the class Settings; it must be an object"),  # type: ignore[call-overload]
    "settings that are a name": (lambda: run_from("digits"), "The settings are a str; a run takes the Settings"),  # type: ignore[arg-type]
    "a class of settings": (lambda: run_from(Settings), "The settings are the class Settings"),  # type: ignore[arg-type]
    "settings of inference alone": (lambda: run_from(InferenceSettings()), "The settings are an InferenceSettings"),
    "settings that belong to no knob": (own(inference={"width": 3}), "There is no setting called 'width'"),
    "settings of inference that are text": (
        own(inference="score"),
        r"The inference settings are a str; .* Write \{'draws': 8\}",
    ),
    "a model behind settings": (
        lambda: Run(Settings(), DATA, Terms({"z": site()}, lambda batch, latents: [])),  # type: ignore[call-overload]
        r"Settings came first, followed by .* Write Run\(settings, data\), or Run\(model, q, data, settings\)",
    ),
    "a path estimator for a Bernoulli site": (
        lambda: Run(sigmoid_belief().model, sigmoid_belief().q, sigmoid_belief().batch.x),
        "needs z = t.* to be differentiable; Bernoulli is not",
    ),
    "an estimator in the settings": (
        lambda: Run(Settings(estimator=Score())),
        "was the part 'score' itself; settings hold names. Write estimator='score'",
    ),  # type: ignore[arg-type]
    "an estimator's class in the settings": (lambda: Run(Settings(estimator=Score)), "Write estimator='score'"),  # type: ignore[arg-type]
    "a number in the settings": (lambda: Run(Settings(estimator=3)), "Estimator was '3'; choose one of: score"),  # type: ignore[arg-type]
    "no draws": (lambda: Run(Settings(draws=-2)), "Draws B was -2; it must be a whole number from 1 to 64"),
    "a model without data": (own(data=None), r"A model came without data\. Write Run\(model, Posterior"),
    "a model without q": (own(q=None), r"A model came without q, its variational family\. Write"),
    "a model alone": (own(q=None, data=None), "without q, its variational family and without data"),
    "q without a model": (
        lambda: run_from(Settings(), DATA, q=POSTERIOR),
        "q came without a model; settings build their own",
    ),
    "a model's class": (own(model=Terms), r"The model is the class Terms; it must be an object\. Create one"),
    "no model": (own(model=3), "The model is an int; it needs `sites`"),
    "sites in a list": (own(sites=[site()]), r"The model's sites are a list; .* Write \{'z'"),
    "no sites": (own(sites={}), "The model's sites are empty; they must be a dict with at least one"),
    "a family for a site": (own(sites={"z": Normal()}), "Site 'z' is a Normal; it must be a Site"),
    "a site under two names": (own(sites={"z": site(), "v": site()}), "lists the site 'z' as 'v'; a site has one name"),
    "an unknown plate": (own(sites={"z": site(plate="rows")}), "on the plate 'rows'; choose 'local'"),
    "a shape that is a number": (own(sites={"z": site(shape=2)}), r"has the shape 2; it must be \(K,\)"),
    "a matrix of coordinates": (own(sites={"z": site(shape=(2, 3))}), r"has the shape \(2, 3\); it must be \(K,\)"),
    "no coordinates": (own(sites={"z": site(shape=())}), r"has the shape \(\); it must be"),
    "a family's class": (
        own(sites={"z": site(family=Normal)}),
        r"the class Normal as its family; .* Write Normal\(\), with parentheses",
    ),
    "q as a dict": (own(q={"z": Rows(torch.zeros(6, 2, 1))}), "q is a dict; it must be a Posterior. Write Posterior"),
    "q of another site": (
        own(q=Posterior({"w": Rows(torch.zeros(6, 2, 1))})),
        "q has no factor for site 'z'; it covers w. Give it one",
    ),
    "q of one site more": (
        own(q=Posterior({"z": Rows(torch.zeros(6, 2, 1)), "b": Global(site("b", "global"))})),
        "q has a factor for 'b', which is not a site; the model's sites are: z. Remove it",
    ),
    "q's factor without ν": (
        own(q=Posterior({"z": torch.nn.Linear(1, 1)})),
        "q's factor for site 'z' is a Linear, which has no `nu",
    ),
    "ν of another shape": (
        lambda: list(own(q=Posterior({"z": Rows(torch.zeros(6, 1))}))()),
        r"ν of shape \(6, 1\) for the local site 'z'; it must be \(M, n_params, K\) = \(6, 2, 1\)",
    ),  # type: ignore[call-overload]
    "ν with a parameter too many": (
        lambda: list(own(q=Posterior({"z": Rows(torch.zeros(6, 3, 1))}))()),
        r"ν of shape \(6, 3, 1\)",
    ),  # type: ignore[call-overload]
    "a posterior of tensors": (lambda: Posterior({"z": torch.zeros(2, 1)}), "A Posterior takes a dict of modules"),  # type: ignore[dict-item]
    "estimators in a list": (
        lambda: Run(Settings(), estimators=[Score()]),
        r"The estimators are a list; they must be a dict by site\. Write",
    ),  # type: ignore[arg-type]
    "one estimator for all": (
        lambda: Run(Settings(), estimators=Score()),
        "The estimators are a Score; they must be a dict by site",
    ),  # type: ignore[arg-type]
    "a class that is none": (
        lambda: Run(Settings(), estimators={"z": type(Score)}),
        r"is the class type; it must be an estimator's name, class or instance\. Write",
    ),  # type: ignore[dict-item]
    "data of one axis": (
        lambda: Run(Settings(), torch.zeros(5)),
        r"table \(N, D\), .* this has shape \(5,\)\. Reshape",
    ),  # type: ignore[arg-type]
    "data of four axes": (lambda: Run(Settings(), torch.zeros(5, 2, 2, 2)), r"this has shape \(5, 2, 2, 2\)"),  # type: ignore[arg-type]
    "data without rows": (lambda: Run(Settings(), torch.zeros(0, 3)), "at least one row"),  # type: ignore[arg-type]
    "data that are a dict": (
        lambda: Run(Settings(), {"x": [1.0]}),
        r"this is a dict, which cannot be converted\. Pass a numpy array",
    ),  # type: ignore[arg-type]
    "data that are words": (lambda: Run(Settings(), [["a", "b"]]), "this is a list, which cannot be converted"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("call", "words"), RUNS.values(), ids=RUNS)
def test_what_is_no_run(call: Callable[[], object], words: str) -> None:
    refused(call, words)


def test_a_setting_that_names_no_part_is_a_setting_error() -> None:
    """The screen shows it beside the knob."""
    refused(lambda: Run(Settings(estimator=Score())), "settings hold names", SettingError)  # type: ignore[arg-type]


def call(**changed) -> Callable[[], object]:
    problem = conjugate()
    whole = {
        "estimators": every(Score(), problem.model),
        "batch": problem.batch,
        "draws": 2,
        "generator": torch.Generator(),
    } | changed
    return lambda: estimate(problem.model, problem.q, **whole)


CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "a list for one estimator": (
        call(estimators=[Score()]),
        r"The estimator is a list; it must be an estimator's name, class or instance\. Write",
    ),
    "a name of no estimator": (
        call(estimators={"z": "scores"}),
        "No estimator is called 'scores'; choose one of: score, ",
    ),
    "no estimator of a site": (call(estimators={}), "Site 'z' has no estimator; each site needs one"),
    "an estimator of no site": (
        call(estimators={"z": Score(), "w": Score()}),
        "There is no site 'w' for an estimator; the model's are: z",
    ),
    "B below one": (call(draws=0), "B was 0; it must be a whole number, 1 or more"),
    "a negative B": (call(draws=-3), "B was -3; it must be a whole number, 1 or more"),
    "a fraction of a draw": (call(draws=2.5), "B was 2.5; it must be a whole number"),
    "R below one": (call(replicates=0), "R was 0; it must be a whole number"),
    "a number for a batch": (call(batch=3.0), r"Data must be a table \(N, D\), .* this has shape \(\)"),
    "a word for a batch": (call(batch="x"), r"Data must be an array of numbers \(N, D\); this is a str"),
    "a batch without rows": (
        call(batch=Batch(torch.zeros(0, 1), torch.zeros(0, dtype=torch.int64), 3)),
        "has 0 rows of x and 0 row numbers, .* at least one",
    ),
    "row numbers that do not match": (
        call(batch=Batch(torch.zeros(2, 1), torch.arange(3), 3)),
        "has 2 rows of x and 3 row numbers",
    ),
    "more rows than data": (call(batch=replace(conjugate().batch, total=2)), "of 2 data points in all"),
    "an unknown level": (
        call(rao_blackwell="blankets"),
        "No kind of Rao-Blackwellisation is called 'blankets'; choose one of: none, plate, blanket",
    ),
    "an unknown noise": (call(noise_kind="quasi"), "No kind of noise is called 'quasi'; choose one of: iid"),
    "a seed for a generator": (call(generator=3), r"The generator is an int; it must be a torch\.Generator\. Write"),
}


@pytest.mark.parametrize(("call", "words"), CALLS.values(), ids=CALLS)
def test_what_is_no_estimate(call: Callable[[], object], words: str) -> None:
    refused(call, words)


def probed(estimators: object, problem: Problem | None = None, **changed) -> Callable[[], object]:
    made = conjugate() if problem is None else problem
    return lambda: probe(made.model, made.q, estimators, made.batch, 2, 4, torch.Generator(), **changed)  # type: ignore[arg-type]


PROBES: dict[str, tuple[Callable[[], object], str]] = {
    "no estimators": (probed({}), "The estimators to probe are empty; at least one is needed"),
    "a list of numbers": (probed([3]), "The estimator is an int; it must be an estimator's name, class or instance"),
    "a name of none": (probed({"score": "scores"}), "No estimator is called 'scores'; choose one of: score, "),
    "a name that is a number": (probed({3: "score"}), r"A report's name is an int; it must be text\. Write"),
    "the class of all estimators": (
        probed(Estimator),
        "The estimator is the class Estimator; it must be an estimator's name",
    ),
    "an unknown site": (probed({"score": Score()}, site="y"), "There is no site 'y' to report on; the model's are: z"),
    "none that applies": (
        probed({"path": Reparameterization()}, sigmoid_belief()),
        r"No estimator applies here\. path: .* needs z = t\(ε, ν\) to be differentiable; Bernoulli is not",
    ),
}


@pytest.mark.parametrize(("call", "words"), PROBES.values(), ids=PROBES)
def test_what_is_no_probe(call: Callable[[], object], words: str) -> None:
    refused(call, words)


def test_of_two_estimators_the_one_that_applies_is_reported() -> None:
    assert set(probed({"path": Reparameterization(), "score": LeaveOneOut()}, sigmoid_belief())()) == {"score"}  # type: ignore[call-overload]
    with pytest.raises(NotApplicableError):
        probed({"path": Reparameterization()}, sigmoid_belief())()


def test_a_factor_that_is_not_a_number_is_named_and_nothing_has_moved() -> None:
    """At the step at which it happens; the run is as it was."""

    def terms(batch: Batch, latents) -> list[Factor]:
        z = latents["z"].sum(-1)
        fit = -(z - batch.x[:, 0]).square()
        return [
            Factor("log p(z)", -z.square(), frozenset({"z"})),
            Factor("log p(x|z)", fit * torch.nan, frozenset({"z"})),
        ]

    run = Run(Terms({"z": site()}, terms), Posterior({"z": Rows(torch.zeros(6, 2, 1))}), DATA)
    before = {name: value.clone() for name, value in run.parameters.items()}
    with pytest.raises(DivergenceError, match=r"The ELBO became nan \(log p\(x\|z\) is nan\) at step 1\."):
        next(run)
    assert all(torch.equal(value, before[name]) for name, value in run.parameters.items())


def test_refusals_leave_a_run_as_it_was() -> None:
    """A model that answers with nonsense at its first step: no parameter, no moment has moved."""
    run = Run(Terms({"z": site()}, lambda batch, latents: []), Posterior({"z": Rows(torch.zeros(6, 2, 1))}), DATA)
    before = state_of(run)
    with pytest.raises(ValueError, match="returned no factor"):
        next(run)
    after = state_of(run)
    assert run.number == 0
    assert all(
        torch.equal(after[name], value) for name, value in before.items() if name.startswith(("parameter", "adam"))
    )


def test_batches_of_one_row_and_whole_numbers_of_numpy_are_allowed() -> None:
    """The checks do not refuse what works."""
    import numpy as np

    problem = conjugate([1])
    attempt(problem, draws=np.int64(2))  # type: ignore[arg-type]
    attempt(replace(problem, batch=batch_of(torch.zeros(1, 1, dtype=torch.float64))))
