import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transfer_sentiment import SkipGramPretrainer, TextEncoder, TransferSentimentClassifier, load_model
from keras_transfer_sentiment.forks import check_not_forked

from .contracts import LONGEST_MESSAGE, run_python
from .forks import in_fork

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

TEXTS, LABELS = ["tender witty", "clumsy stale mess"], [1, 0]
PATH = "a name that no test writes to"
REFUSED = {
    "fit": lambda pretrainer, classifier: classifier.fit(TEXTS, LABELS, verbose=0),
    "predict": lambda pretrainer, classifier: classifier.predict(TEXTS),
    "predict_labels": lambda pretrainer, classifier: classifier.predict_labels(TEXTS),
    "evaluate": lambda pretrainer, classifier: classifier.evaluate(TEXTS, LABELS, verbose=0),
    "train_on_batch": lambda pretrainer, classifier: classifier.train_on_batch(TEXTS, LABELS),
    "test_on_batch": lambda pretrainer, classifier: classifier.test_on_batch(TEXTS, LABELS),
    "predict_on_batch": lambda pretrainer, classifier: classifier.predict_on_batch(TEXTS),
    "call": lambda pretrainer, classifier: classifier(TEXTS),
    "export": lambda pretrainer, classifier: classifier.export(PATH),
    "encode": lambda pretrainer, classifier: classifier.encode(tf.data.Dataset.from_tensor_slices(TEXTS)),
    "TransferSentimentClassifier": lambda pretrainer, classifier: TransferSentimentClassifier(pretrainer),
    "embedding_layer": lambda pretrainer, classifier: pretrainer.embedding_layer(),
    "call of a pretrainer": lambda pretrainer, classifier: pretrainer(np.array([[1, 2]])),
    "export of a pretrainer": lambda pretrainer, classifier: pretrainer.export(PATH),
}


def refusals(calls):
    """Returns how each call ends, by its name."""
    ends = {}
    for name, call in calls.items():
        try:
            call()
            ends[name] = "answered"
        except Exception as error:
            ends[name] = f"{type(error).__name__}: {error}"
    return ends


def test_whatever_needs_tensorflow_is_refused_at_once_after_a_fork(pretrainer, classifier, saved):
    classifier.predict(TEXTS)  # TensorFlow has threads now
    calls = {name: lambda call=call: call(pretrainer, classifier) for name, call in REFUSED.items()}
    calls["TransferSentimentClassifier "] = lambda: load_model(saved / "classifier.keras")
    ends = in_fork(lambda: refusals(calls))
    assert set(ends) == set(calls)
    for name, end in ends.items():
        assert end.startswith(
            f"LostThreadsError: `{name.split()[0]}` needs TensorFlow, and this process was forked after"
        )
        assert "Load the model in each worker" in end
        assert "get_context('spawn')" in end
        assert len(end) < LONGEST_MESSAGE
    assert not os.path.exists(PATH)
    check_not_forked("predict")  # this process is none
    np.testing.assert_array_equal(classifier.predict(TEXTS), classifier.predict(TEXTS))


def test_a_fork_of_a_fork_is_refused_too(classifier):
    error = in_fork(lambda: in_fork(lambda: classifier.predict(TEXTS)))
    assert isinstance(error, RuntimeError)
    assert "needs TensorFlow" in str(error)


def train(texts, **options):
    model = SkipGramPretrainer(8, seed=0)
    model.fit(texts, epochs=3, verbose=0, **options)
    return model.word_vectors.matrix


def test_vectors_are_learned_and_answer_after_a_fork(pretrainer, classifier, corpus, saved, tmp_path):
    vectors = pretrainer.word_vectors
    expected = {
        "text vectors": pretrainer.predict(TEXTS),
        "a batch": pretrainer.predict(TEXTS),
        "of the value": vectors.transform(TEXTS),
        "near words": vectors.most_similar("witty"),
        "ids": classifier.encode(TEXTS).ids,
        "trained": train(corpus * 20),  # by several threads
        "trained from a file": train(iter(corpus)),
        "loaded": pretrainer.predict(TEXTS),
        "weights": classifier.get_weights()[1],
    }

    def compute():
        classifier.save(tmp_path / "classifier.keras")
        return {
            "text vectors": pretrainer.predict(TEXTS),
            "a batch": pretrainer.predict_on_batch(TEXTS),
            "of the value": vectors.transform(TEXTS),
            "near words": vectors.most_similar("witty"),
            "ids": classifier.encode(TEXTS).ids,
            "trained": train(corpus * 20),
            "trained from a file": train(iter(corpus), cache_dir=tmp_path / "cache"),
            "loaded": load_model(saved / "pretrainer.keras").predict(TEXTS),
            "weights": classifier.get_weights()[1],
        }

    answers = in_fork(compute)
    assert answers.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(answers[name], value, err_msg=name)
    np.testing.assert_array_equal(load_model(tmp_path / "classifier.keras").predict(TEXTS), classifier.predict(TEXTS))


def test_many_texts_become_ids_by_compiled_code_after_a_fork(corpus):
    encoder = TextEncoder()
    encoder.adapt(corpus)
    texts = corpus * 200
    expected = encoder.encode(texts).ids
    np.testing.assert_array_equal(in_fork(lambda: encoder.encode(texts).ids), expected)


def test_a_pretrainer_on_an_accelerator_is_refused(corpus, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.pretraining.pretrainer.runs_on_accelerator", lambda has_ngrams: True)
    model = SkipGramPretrainer(8, seed=0)
    keras.ops.ones(1)
    error = in_fork(lambda: model.fit(corpus, verbose=0))
    assert isinstance(error, RuntimeError)
    assert "`fit` needs TensorFlow" in str(error)


# What happens before TensorFlow starts has to be seen from a process in which it has not.

_IN_CHILD = """
def in_child(work):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            print(work())
        except BaseException as error:
            print(error)
        finally:  # whatever happens: a child that goes on would wait for ever
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)
"""


def test_a_model_is_loaded_in_a_worker_whose_parent_only_imported_tensorflow(saved, classifier):
    code = f"""
import os, sys
import tensorflow, keras
from keras_transfer_sentiment import load_model, TransferSentimentClassifier
{_IN_CHILD}
in_child(lambda: load_model(sys.argv[1]).predict({TEXTS}).tolist())
"""
    answer = run_python(code, saved / "classifier.keras", flags=("-W", "ignore"))
    np.testing.assert_allclose(eval(answer), classifier.predict(TEXTS), atol=1e-6)


def test_the_first_import_may_be_after_the_fork(saved):
    code = f"""
import os, sys
import tensorflow
tensorflow.constant(1.0)
{_IN_CHILD}
def work():
    from keras_transfer_sentiment import load_model
    return load_model(sys.argv[1]).predict({TEXTS}).tolist()
in_child(work)
print(work())
"""
    child, parent = run_python(code, saved / "classifier.keras", flags=("-W", "ignore")).splitlines()
    assert "`TransferSentimentClassifier` needs TensorFlow" in child
    assert parent.startswith("[[")
