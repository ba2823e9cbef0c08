import inspect

import pytest

import keras_transfer_sentiment as kts

from . import calls
from .harness import Report

CASES = 150


def test_wrong_arguments_are_refused_by_this_library_and_change_nothing():
    report = Report(seed=1)
    calls.run(report, range(CASES))
    assert not report.violations, report.table()
    assert sum(report.outcomes.values()) == CASES
    assert report.outcomes["TypeError"] > CASES // 4


def test_every_public_method_is_a_door_or_exempt():
    doors = {door.name for door in calls.doors()}
    assert {"TransferSentimentClassifier.fit", "SkipGramPretrainer.fit", "TextEncoder.adapt", "load_model"} <= doors
    assert {"WordVectors", "WordVectors.load", "EncodedTexts.take"} <= doors
    for name in calls.EXEMPT:
        assert any(hasattr(getattr(kts, owner), name) for owner in kts.__all__), f"there is no `{name}`"


def test_every_parameter_that_must_be_given_has_a_right_value(tmp_path):
    right = calls.right_values(calls.Stage(tmp_path))
    for door in calls.doors():
        for name, parameter in door.parameters.items():
            known = {f"{door.name}.{name}", name} & right.keys()
            assert known or parameter.default is not inspect.Parameter.empty, f"{door.name}({name})"


@pytest.mark.parametrize("make", [lambda: 1 + "a", lambda: len(5), lambda: inspect.signature(5)])
def test_errors_of_others_are_noticed(make):
    door = next(door for door in calls.doors() if door.name == "TextEncoder.adapt")
    with pytest.raises(TypeError, match=r".") as caught:
        make()
    assert "an error of others, TypeError" in calls.explain_error(caught.value, door)


def test_errors_of_this_library_pass():
    door = next(door for door in calls.doors() if door.name == "TextEncoder.adapt")
    with pytest.raises(TypeError, match="`texts`") as caught:
        kts.TextEncoder().adapt(5)
    assert calls.explain_error(caught.value, door) == ""


def test_numbers_that_are_not_finite_are_noticed():
    assert calls.holds_nan({"loss": [1.0, float("nan")]})
    assert not calls.holds_nan([("film", 0.5)])
