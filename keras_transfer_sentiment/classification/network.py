"""The network of a classifier: a frozen embedding of word vectors below a head."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_transfer_sentiment.checks import NotFittedError, check_flag, short
from keras_transfer_sentiment.classification.features import FeatureRunner, WordRunner
from keras_transfer_sentiment.classification.heads import SentimentHead, build_head, sample_words
from keras_transfer_sentiment.classification.objective import (
    SeedObjective,
    check_compiled,
    check_loss,
    check_metrics,
    default_loss,
)
from keras_transfer_sentiment.text_model import TextModel

_DIVERGED = (
    "`fit` ended in numbers that are not finite ({}); the weights of before are back. Lower the learning rate, "
    "`compile(keras.optimizers.Adam(0.001))`, or look for a division by 0 in a loss or head of your own."
)
_TRAINING_METHODS = ("call", "train_step", "test_step", "compute_loss", "compute_metrics")


def check_dtype(dtype: Any) -> Any:
    """Returns a dtype or policy as it is, if Keras knows it.

    Raises:
        ValueError: it does not.
    """
    try:
        keras.dtype_policies.get(dtype)
    except Exception:  # whatever Keras makes of it
        raise ValueError(
            f"`dtype` must be a float dtype, a dtype policy of Keras or None. Received {short(dtype)}. Pass, for "
            "example, 'float32' or 'mixed_bfloat16'."
        ) from None
    return dtype


class TrainedState(NamedTuple):
    """What a training changes: the number of outputs, the weights and the state of the optimizer."""

    outputs: int
    values: list[np.ndarray]


class TextNetwork(SeedObjective, TextModel):
    """Word vectors and a head on them. It knows class numbers; labels are the business of its subclass.

    Attributes:
        classes: the labels, as far as they are known; only whether they are matters here.
        head: the head.
        embedding: the `keras.layers.Embedding`.
        outputs: int. Number of probabilities per text, 1 for two classes.
    """

    head: keras.layers.Layer
    outputs: int
    _compiled: SimpleNamespace
    _pooled: FeatureRunner | None
    _whole: WordRunner
    _call_head: Callable
    _has_vectors = False  # whether the word vectors were set, by a source or with the weights

    def _make_layers(self, shape, trainable_embedding, head, outputs):
        if self.dtype_policy.quantization_mode is not None:
            raise ValueError(
                f"`dtype` must be a floating-point policy. Received {self.dtype_policy.name!r}, which quantizes. Pass "
                "`dtype='float32'`, or set that policy with `keras.config.set_dtype_policy`."
            )
        self.embedding = keras.layers.Embedding(
            *shape,
            embeddings_initializer="zeros",
            trainable=check_flag(trainable_embedding, "trainable_embedding"),
            dtype=self.dtype_policy,
            name="word_vectors",
        )
        self.embedding(keras.KerasTensor((None, None), "int32"))  # builds it, with a shape for `summary`
        self.prior_share = self.add_weight(name="prior_share", shape=(), initializer="zeros", trainable=False)
        self._set_head(head, outputs)
        self.built = True
        self._compile_default()

    @property
    def vocabulary_size(self) -> int:
        """Number of rows of the embedding: the words of the vocabulary and padding."""
        return self.embedding.input_dim

    @property
    def uses_cached_features(self) -> bool:
        """Whether `fit` pools each text only once: the embedding is frozen, and `pool` has no weights.

        It does not where a subclass trains in a way of its own.
        """
        return self._pooled is not None and not self.embedding.trainable

    def call(self, inputs, training=None):
        """Returns probabilities: `(batch, 1)` of the later of two classes, or `(batch, classes)`.

        Args:
            inputs: int ids `(batch, time)` padded with 0.
            training: bool or None.
        """
        return ops.cast(self._call_head(*self._word_vectors(inputs), training), self.variable_dtype)

    def pool(self, inputs):
        """Returns the text vectors `(batch, any)` that the head's `pool` makes of int ids `(batch, time)`."""
        return self.head.pool(*self._word_vectors(inputs))

    def _check_vocabulary(self, caller):
        if not self.encoder.is_adapted or not self._holds_vectors():
            raise NotFittedError(
                f"`{caller}`: this {type(self).__name__} was made from a config, which holds neither word vectors nor "
                "their words. Call `load_weights(path)` first, or on a clone `clone.set_weights(model.get_weights())`; "
                "or make a new one from word vectors."
            )
        super()._check_vocabulary(caller)

    def _holds_vectors(self):
        # Those of a file, or that were assigned to the layer itself, are seen when they are first needed.
        if not self._has_vectors and bool(ops.any(ops.not_equal(self.embedding.embeddings, 0))):
            self._has_vectors = True
        return self._has_vectors

    def _restorer(self):
        restore, trained = super()._restorer(), self._trained_state()
        vectors = np.array(np.asarray(self.embedding.embeddings))

        def restore_all():
            restore()
            self._put_back(trained)
            self.embedding.embeddings.assign(vectors)

        return restore_all

    def _check_assets(self):
        shape = (self.vocabulary_size, self.embedding.output_dim)
        if self.encoder.size != shape[0]:
            raise ValueError(f"its vocabulary has {self.encoder.size} words, and its word vectors are {shape[0]}")
        nearest = self._nearest
        if nearest is not None and (nearest.vectors.shape != shape or nearest.ngrams.table.shape[1:] != shape[1:]):
            raise ValueError("the vectors of its character n-grams are of another size than those of its words")

    def compile(self, *args, **kwargs):
        """Sets how `fit` trains, as in Keras; without a `loss` it is the cross-entropy that fits the classes."""
        options = inspect.signature(keras.Model.compile).bind(self, *args, **kwargs).arguments
        options.pop("self")
        check_compiled(options)
        takes_loss = options.get("loss") is None
        if self.classes is not None:
            self._check_fits(options, takes_loss, self.outputs)
        self._compile_as(options | {"loss": default_loss(self.outputs)} if takes_loss else options, takes_loss)

    def _compile_as(self, options, takes_loss=False):
        super().compile(**options)
        self._compiled = SimpleNamespace(options=options, takes_loss=takes_loss, default=None)
        if self._pooled is not None:
            others = {"optimizer": self.optimizer, "metrics": None, "weighted_metrics": None}
            self._pooled.model.compile(**{**options, **others})

    def compile_from_config(self, config):
        options = {name: value for name, value in config.items() if name != "is_default"}  # as version 0.1 wrote it
        if options == self._compiled.default:
            return
        self._compile_as(keras.saving.deserialize_keras_object(options))
        self.optimizer.build(self.trainable_variables)

    @property
    def _trainer(self):
        return self._pooled if self.uses_cached_features else self._whole

    def _check_precision(self, caller):
        """Refuses to train weights of half precision, in which most steps are too small to count."""
        precision = self.variable_dtype
        if precision in ("float16", "bfloat16"):
            raise ValueError(
                f"`{caller}` cannot train weights of the precision {precision!r}: most steps are too small for it. "
                f"Make the classifier with `dtype='mixed_{precision}'`, or under that policy of Keras's."
            )

    def _word_vectors(self, ids):
        mask = ops.not_equal(ids, 0)
        vectors = self.embedding(ids)
        if self.embedding.trainable:  # without a gradient, the vector of padding stays zero
            vectors *= ops.cast(mask, vectors.dtype)[:, :, None]
        # A text without a known word would be all padding. Its first place counts instead: the zero vector.
        mask = ops.concatenate([ops.ones_like(mask[:, :1]), mask[:, 1:]], axis=1)
        return vectors, mask

    def _set_head(self, head, outputs):
        dim = self.embedding.output_dim
        self._call_head = build_head(head, outputs, dim)
        if hasattr(self, "_whole"):
            self._retired = [self.head]  # Keras lets go of a layer that is taken out of a list
            self._retired.clear()
        self.head, self.outputs = head, outputs
        is_ours = all(getattr(type(self), name) is getattr(TextNetwork, name) for name in _TRAINING_METHODS)
        fixed = is_ours and isinstance(head, SentimentHead) and head.has_fixed_pool(*sample_words(dim))
        self._pooled = FeatureRunner(self) if fixed else None
        self._whole = WordRunner(self)

    def _set_outputs(self, outputs, advice):
        """Makes the head anew where it has another number of outputs than the classes need.

        Args:
            outputs: int. The number they need.
            advice: how to make a classifier that has it from the start, for messages.
        """
        is_same, compiled = outputs == self.outputs, self._compiled
        if not is_same and not isinstance(self.head, SentimentHead):
            raise ValueError(
                f"`fit` received labels of {outputs} classes, and `head`, a {type(self.head).__name__}, was built for "
                f"two. {advice}, with a head that ends with `Dense({outputs}, activation='softmax')`."
            )
        if compiled.default is None:
            self._check_fits(compiled.options, compiled.takes_loss, outputs, "Compile again" if is_same else advice)
        if not is_same:
            self._replace_head(outputs)

    def _replace_head(self, outputs):
        compiled = self._compiled
        self._set_head(type(self.head).from_config(self.head.get_config()), outputs)
        if compiled.default is not None:
            self._compile_default()
        else:  # the optimizer goes with the weights of the old head
            optimizer = type(self.optimizer).from_config(self.optimizer.get_config())
            loss = {"loss": default_loss(outputs)} if compiled.takes_loss else {}
            self._compile_as({**compiled.options, "optimizer": optimizer, **loss}, compiled.takes_loss)

    def _check_fits(self, options, takes_loss, outputs, advice="Compile again"):
        if not takes_loss:
            check_loss(options["loss"], outputs, advice)
        for name in ("metrics", "weighted_metrics"):
            check_metrics(options.get(name), outputs)

    def _compile_default(self):
        # The name is fixed, so that the compilation in a file can be told to be this one.
        optimizer = keras.optimizers.Adam(getattr(self.head, "learning_rate", SentimentHead.learning_rate), name="adam")
        options = {"optimizer": optimizer, "loss": default_loss(self.outputs), "metrics": ["accuracy"]}
        # XLA takes longer to compile such a small network than to train it.
        self._compile_as({**options, "jit_compile": False})
        self._compiled.default = self.get_compile_config()
        self.optimizer.build(self.trainable_variables)  # or a model saved before any `fit` warns when loaded

    def _trained_state(self) -> TrainedState:
        return TrainedState(self.outputs, [np.array(np.asarray(each)) for each in self._trained_variables()])

    def _put_back(self, state: TrainedState) -> None:
        if self.outputs != state.outputs:
            self._replace_head(state.outputs)
        for variable, value in zip(self._trained_variables(), state.values, strict=True):
            variable.assign(value)

    def _trained_variables(self) -> list[Any]:
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        frozen = self.head.non_trainable_variables
        return [*self.trainable_variables, *frozen, self.prior_share, *getattr(self.optimizer, "variables", ())]

    def _check_finite(self, history: keras.callbacks.History) -> None:
        """Raises an error for a loss or a weight that is not finite after a training.

        Raises:
            ValueError: there is one.
        """
        for number, loss in enumerate(getattr(history, "history", {}).get("loss", ()), 1):
            if not np.isfinite(float(loss)):
                raise ValueError(_DIVERGED.format(f"a loss of {loss} in epoch {number}"))
        for variable in self.trainable_variables:
            if not np.isfinite(np.asarray(variable, "float32")).all():
                raise ValueError(_DIVERGED.format(f"in the weights {variable.name!r}"))
