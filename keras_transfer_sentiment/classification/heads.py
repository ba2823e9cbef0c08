"""The part of a classifier above the word vectors; subclass `SentimentHead` for one of your own."""

import inspect
import warnings
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from keras_transfer_sentiment.checks import check_count, check_number, short
from keras_transfer_sentiment.layers import MaskedMeanPooling
from keras_transfer_sentiment.registration import PACKAGE

_HIGHEST_PRECISION = 1e9  # of the prior, which then holds every weight; its square is a float32 still
_SAMPLE_TEXTS = 64  # made up to see whether a head returns probabilities


@keras.saving.register_keras_serializable(PACKAGE)
class SentimentHead(keras.layers.Layer):
    """Base class of heads: from the word vectors of a text to the probabilities of its classes.

    There are two ways to write one. Override `call` and do as you like. Or override `pool` (word vectors to one
    vector per text) and `classify` (that vector to probabilities): where the embedding is frozen and `pool` has no
    weights, a classifier then pools each text once per `fit` instead of once per epoch.

    Make the last layer in `build`, by `make_output_layer`: then the head serves any number of classes.

    Attributes:
        learning_rate: float. What the classifier's default optimizer, Adam, uses with this head.
        outputs: int. How many probabilities it returns: 1 for two classes, that of the later one; else one per class.
            The classifier sets it before the head is built.

    Call arguments:
        vectors: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, False for padding. Its first column is always True: a text without any
            known word is one zero vector, so that no head has to divide by 0.

    Output shape:
        `(batch, outputs)`, probabilities.

    Examples:
        >>> class MaxPoolHead(SentimentHead):
        ...     def build(self, input_shape):
        ...         self.probability = self.make_output_layer()
        ...
        ...     def pool(self, vectors, mask=None):
        ...         return ops.max(ops.where(mask[..., None], vectors, -1e9), axis=1)
        ...
        ...     def classify(self, pooled, training=None):
        ...         return self.probability(pooled)
        >>> MaxPoolHead()(np.ones((2, 5, 8), "float32"), mask=np.ones((2, 5), bool)).shape
        TensorShape([2, 1])
    """

    learning_rate = 1e-3
    outputs = 1

    def make_output_layer(self, name: str = "probability", **options) -> keras.layers.Dense:
        """Returns a new last layer: a sigmoid where there is one output, else a softmax.

        Args:
            name: str.
            **options: further arguments of `keras.layers.Dense`.
        """
        activation = "sigmoid" if self.outputs == 1 else "softmax"
        options = {"dtype": self.variable_dtype, **options}  # probabilities in full precision, also in a mixed policy
        return keras.layers.Dense(self.outputs, activation=activation, name=name, **options)

    def pool(self, vectors, mask=None):
        """Returns one vector per text, float `(batch, any)`, from word vectors `(batch, time, dim)`."""
        raise NotImplementedError(f"{type(self).__name__} must override `call`, or both `pool` and `classify`.")

    def classify(self, pooled, training=None):
        """Returns probabilities, float `(batch, outputs)`, from what `pool` returned."""
        raise NotImplementedError(f"{type(self).__name__} must override `call`, or both `pool` and `classify`.")

    def call(self, vectors, mask=None, training=None):
        return self.classify(self.pool(vectors, mask=mask), training=training)

    def prior_loss(self):
        """Returns the negative logarithm of a prior on the weights, a scalar; 0 unless overridden.

        It counts once for the whole training set, not once per batch: the classifier divides it by the number of
        labelled texts. So one prior serves 8 labels, where it weighs much, and 25,000, where it hardly does.
        """
        return 0.0

    def has_fixed_pool(self, vectors, mask) -> bool:
        """Returns whether `call` is `pool` and then `classify`, and `pool` has no weights that training changes.

        Args:
            vectors: float tensor `(batch, time, dim)` of any numbers, once the head is built.
            mask: bool tensor `(batch, time)`.
        """
        if type(self).call is not SentimentHead.call:
            return False
        changed = [(weight, weight.value + 1.0) for weight in self.trainable_weights]
        before = ops.convert_to_numpy(self.pool(vectors, mask=mask))
        with keras.StatelessScope(state_mapping=changed):
            after = ops.convert_to_numpy(self.pool(vectors, mask=mask))
        return bool(np.array_equal(before, after))

    def compute_mask(self, vectors, mask=None):
        return None

    def get_build_config(self):
        return None  # on loading, the classifier builds its head by calling it

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.outputs


@keras.saving.register_keras_serializable(PACKAGE)
class MeanPoolHead(SentimentHead):
    """The default head: mean of the word vectors, unit length, a hidden Dense layer, a sigmoid or softmax.

    Averages differ in length for no reason that matters, so the mean is scaled to length 1. A Gaussian prior, worth
    the same at any number of labels, keeps a handful of labels from being learned by heart. It is centred on the
    initial weights, and those cancel out: the second half of the hidden units starts as a copy of the first with
    its sign turned. So the untrained head gives every class the same probability and the prior pulls towards that,
    where a prior centred on 0 would let a two-layer network collapse when labels are few.

    Args:
        hidden_units: int, even. Units of the hidden layer.
        activation: its activation, as in `keras.layers.Dense`.
        prior_precision: float. How strongly the kernels are drawn to their initial values: the precision
            (1 / variance) of the Gaussian prior, doubled with a softmax. 0 turns it off.
        seed: int or None. For the initial weights.

    Call arguments:
        vectors: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`.

    Output shape:
        `(batch, outputs)`, probabilities.

    Examples:
        >>> head = MeanPoolHead(hidden_units=4)
        >>> head(np.ones((2, 5, 8), "float32"), mask=np.ones((2, 5), bool)).shape
        TensorShape([2, 1])
    """

    learning_rate = 0.03

    def __init__(
        self,
        hidden_units: int = 16,
        activation="tanh",
        prior_precision: float = 2.5,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_units = check_count(hidden_units, "hidden_units", 2)
        if self.hidden_units % 2:
            raise ValueError(
                f"`hidden_units` must be even: half of them start as mirror images. Received {hidden_units}. Pass "
                f"{hidden_units + 1}."
            )
        self.prior_precision = check_number(prior_precision, "prior_precision", 0.0, _HIGHEST_PRECISION)
        self.seed = seed if seed is None else check_count(seed, "seed", 0)
        try:
            activation = keras.activations.get(activation)
        except Exception:  # whatever Keras makes of what it does not know
            raise ValueError(
                "`activation` must be the name of an activation of Keras, or a function. Received "
                f"{short(activation)}. Pass, for example, 'tanh'."
            ) from None
        self.pooling = MaskedMeanPooling(dtype=self.dtype_policy)
        full = "float64" if self.variable_dtype == "float64" else "float32"
        self.unit_length = keras.layers.UnitNormalization(dtype=full)  # half precision overflows in it
        self.hidden = keras.layers.Dense(hidden_units, activation=activation, name="hidden", dtype=self.dtype_policy)

    def build(self, input_shape):
        self.probability = self.make_output_layer()
        self.hidden.build((None, input_shape[-1]))
        self.probability.build((None, self.hidden_units))
        start = keras.initializers.GlorotUniform(self.seed)
        half = self.hidden_units // 2
        hidden, probability = (start(shape, "float32") for shape in ((input_shape[-1], half), (half, self.outputs)))
        self.hidden.kernel.assign(ops.concatenate([hidden, hidden], axis=1))
        self.probability.kernel.assign(ops.concatenate([probability, -probability], axis=0))
        self._start = []
        for layer in (self.hidden, self.probability):
            start = self.add_weight(
                name=f"{layer.name}_start", shape=layer.kernel.shape, initializer="zeros", trainable=False
            )
            start.assign(layer.kernel)
            self._start.append(start)

    def pool(self, vectors, mask=None):
        return self.unit_length(self.pooling(vectors, mask=mask))

    def classify(self, pooled, training=None):
        return self.probability(self.hidden(pooled))

    def prior_loss(self):
        layers = (self.hidden, self.probability)
        distances = (
            ops.sum(ops.square(layer.kernel - start)) for layer, start in zip(layers, self._start, strict=True)
        )
        # What counts in a softmax are differences of two outputs, whose variance is that of both.
        precision = self.prior_precision * (1.0 if self.outputs == 1 else 2.0)
        return 0.5 * precision * sum(distances)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "activation": keras.activations.serialize(self.hidden.activation),
            "prior_precision": self.prior_precision,
            "seed": self.seed,
        }


def build_head(head: keras.layers.Layer, outputs: int, dim: int) -> Callable:
    """Builds a head and returns the function `(vectors, mask, training)` that calls it.

    Args:
        head: the head, not built yet or built for as many outputs.
        outputs: int. How many probabilities it must return.
        dim: int. Length of the word vectors.

    Raises:
        TypeError: no layer.
        ValueError: a layer that returns something else than probabilities `(batch, outputs)`.
    """
    if not isinstance(head, keras.layers.Layer):
        fix = "Pass one, or None for the default."
        if isinstance(head, type):
            fix = f"Pass an instance, not a class: `head={head.__name__}()`."
        elif isinstance(head, (dict, str)):
            fix = f"Seed words have a name: `seed_words={short(head)}`."
        raise TypeError(
            "`head` must be a Keras layer, such as a `SentimentHead` or a `keras.Sequential`. Received "
            f"{short(head)} of type {type(head).__name__}. {fix}"
        )
    if isinstance(head, SentimentHead) and hasattr(head, "penalty") and not _overrides_prior(head):
        raise TypeError(
            f"`{type(head).__name__}.penalty` is named `prior_loss` now, and would not count. Rename the method in "
            f"`{type(head).__name__}`."
        )
    if isinstance(head, SentimentHead) and not head.built:
        head.outputs = outputs
    call = _caller(head)
    # For `summary`, which shows the shapes of symbolic calls.
    call(keras.KerasTensor((None, None, dim)), keras.KerasTensor((None, None), "bool"))
    probabilities = ops.convert_to_numpy(call(*sample_words(dim))).astype("float64")
    last = "Dense(1, activation='sigmoid')" if outputs == 1 else f"Dense({outputs}, activation='softmax')"
    fix = f"End it with `{last}`."
    if isinstance(head, SentimentHead) and not isinstance(head, MeanPoolHead):
        fix = "Make its last layer in `build`, with `self.make_output_layer()`."
    if probabilities.shape != (_SAMPLE_TEXTS, outputs):
        shape = ", ".join(["batch", *map(str, probabilities.shape[1:])])
        raise ValueError(
            f"`head` must turn word vectors (batch, time, {dim}) into probabilities (batch, {outputs}). Received a "
            f"{type(head).__name__} that turned them into ({shape}). {fix}"
        )
    if not ((probabilities >= 0.0) & (probabilities <= 1.0)).all():
        raise ValueError(
            f"`head` must return probabilities, from 0 to 1. Received a {type(head).__name__} that returns values "
            f"from {probabilities.min():.3g} to {probabilities.max():.3g}. {fix}"
        )
    if outputs > 1 and not np.allclose(probabilities.sum(axis=1), 1.0, atol=0.02):
        raise ValueError(
            f"`head` must return probabilities that add up to 1. Received a {type(head).__name__} whose {outputs} "
            f"outputs add up to {probabilities.sum(axis=1).max():.3g}. {fix}"
        )
    return call


def _overrides_prior(head):
    """Returns whether the class that names its prior `penalty`, or one below it, names it `prior_loss` too."""
    for owner in type(head).__mro__:
        if "prior_loss" in vars(owner):
            return True
        if "penalty" in vars(owner):
            return False
    return True


def sample_words(dim: int) -> tuple:
    """Returns word vectors to try a head on, large random ones, and their mask.

    Without a sigmoid, some of the outputs of such large numbers are no probabilities.
    """
    noise = np.random.default_rng(0).normal(size=(_SAMPLE_TEXTS, 16, dim), scale=10.0)
    return ops.convert_to_tensor(noise, keras.config.floatx()), ops.ones((_SAMPLE_TEXTS, 16), "bool")


def _caller(head):
    parameters = inspect.signature(head.call).parameters
    takes_mask, takes_training = "mask" in parameters, "training" in parameters
    is_quiet = not takes_mask or isinstance(head, SentimentHead)

    def call(vectors, mask, training=None):
        options = {"mask": mask} if takes_mask else {}
        if takes_training:
            options["training"] = training
        if is_quiet:
            return head(vectors, **options)
        with warnings.catch_warnings():
            # A Sequential uses the mask and then drops it, which is right here; Keras warns that it does.
            warnings.filterwarnings("ignore", message=".*does not support masking", category=UserWarning)
            return head(vectors, **options)

    return call
