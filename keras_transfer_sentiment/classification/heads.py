"""The part of a classifier above the word vectors; subclass `SentimentHead` for one of your own."""

import keras
from keras import ops

from keras_transfer_sentiment.checks import check_number
from keras_transfer_sentiment.layers import MaskedMeanPooling
from keras_transfer_sentiment.registration import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class SentimentHead(keras.layers.Layer):
    """Base class of heads: from the word vectors of a text to the probability that it is positive.

    There are two ways to write one. Override `call` and do as you like. Or override `pool` (word vectors to one
    vector a text) and `classify` (that vector to a probability): where the embedding is frozen and `pool` has no
    weights, a classifier then pools each text once a `fit` instead of once an epoch.

    Attributes:
        learning_rate: float. What the classifier's default optimizer, Adam, uses with this head.

    Call arguments:
        vectors: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`, False for padding. Its first column is always True: a text without any
            known word is one zero vector, so that no head has to divide by 0.

    Output shape:
        `(batch, 1)`, probabilities.

    Examples:
        >>> class MaxPoolHead(SentimentHead):
        ...     def __init__(self, **kwargs):
        ...         super().__init__(**kwargs)
        ...         self.output_layer = keras.layers.Dense(1, activation="sigmoid")
        ...
        ...     def pool(self, vectors, mask=None):
        ...         return ops.max(ops.where(mask[..., None], vectors, -1e9), axis=1)
        ...
        ...     def classify(self, pooled, training=None):
        ...         return self.output_layer(pooled)
        >>> MaxPoolHead()(np.ones((2, 5, 8), "float32"), mask=np.ones((2, 5), bool)).shape
        TensorShape([2, 1])
    """

    learning_rate = 1e-3

    def pool(self, vectors, mask=None):
        """Returns one vector a text, float `(batch, any)`, from word vectors `(batch, time, dim)`."""
        raise NotImplementedError(f"{type(self).__name__} must override `call`, or both `pool` and `classify`.")

    def classify(self, pooled, training=None):
        """Returns probabilities, float `(batch, 1)`, from what `pool` returned."""
        raise NotImplementedError(f"{type(self).__name__} must override `call`, or both `pool` and `classify`.")

    def call(self, vectors, mask=None, training=None):
        return self.classify(self.pool(vectors, mask=mask), training=training)

    def penalty(self):
        """Returns the negative logarithm of a prior on the weights, a scalar; 0 unless overridden.

        It counts once for the whole training set, not once a batch: the classifier divides it by the number of
        labelled texts. So one prior serves 8 labels, where it weighs much, and 25,000, where it hardly does.
        """
        return 0.0

    def compute_mask(self, vectors, mask=None):
        return None

    def get_build_config(self):
        return None  # on loading, the classifier builds its head by calling it

    def compute_output_shape(self, input_shape):
        return input_shape[0], 1


@keras.saving.register_keras_serializable(PACKAGE)
class MeanPoolHead(SentimentHead):
    """The default head: mean of the word vectors, unit length, a hidden Dense layer, a sigmoid.

    Averages differ in length for no reason that matters, so the mean is scaled to length 1. A Gaussian prior, worth
    the same at any number of labels, keeps a handful of labels from being learned by heart. It is centred on the
    initial weights, and those cancel out: the second half of the hidden units starts as a copy of the first with
    its sign turned. So the untrained head says 0.5 to everything and the prior pulls towards that, where a prior
    centred on 0 would let a two-layer network collapse when labels are few.

    Args:
        hidden_units: int, even. Units of the hidden layer.
        activation: its activation, as in `keras.layers.Dense`.
        prior_precision: float. How strongly the kernels are drawn to their initial values: the precision
            (1 / variance) of the Gaussian prior. 0 turns it off.
        seed: int or None. For the initial weights.

    Call arguments:
        vectors: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`.

    Output shape:
        `(batch, 1)`, probabilities.

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
        self.hidden_units = check_number(hidden_units, "hidden_units", 2, kind=int)
        if self.hidden_units % 2:
            raise ValueError(
                f"`hidden_units` must be even: half of them start as mirror images. Received {hidden_units}."
            )
        self.prior_precision = check_number(prior_precision, "prior_precision", 0.0)
        self.seed = seed
        self.pooling = MaskedMeanPooling()
        self.unit_length = keras.layers.UnitNormalization()
        self.hidden = keras.layers.Dense(hidden_units, activation=activation, name="hidden")
        self.probability = keras.layers.Dense(1, activation="sigmoid", name="probability")

    def build(self, input_shape):
        self.hidden.build((None, input_shape[-1]))
        self.probability.build((None, self.hidden_units))
        start = keras.initializers.GlorotUniform(self.seed)
        half = self.hidden_units // 2
        hidden = start((input_shape[-1], half))
        probability = start((half, 1))
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

    def penalty(self):
        layers = (self.hidden, self.probability)
        distances = (
            ops.sum(ops.square(layer.kernel - start)) for layer, start in zip(layers, self._start, strict=True)
        )
        return 0.5 * self.prior_precision * sum(distances)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "activation": keras.activations.serialize(self.hidden.activation),
            "prior_precision": self.prior_precision,
            "seed": self.seed,
        }
