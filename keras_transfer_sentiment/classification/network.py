"""The network of a classifier: a frozen embedding of word vectors below a head."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace

import keras
import numpy as np
from keras import ops

from keras_transfer_sentiment.checks import NotFittedError
from keras_transfer_sentiment.classification.features import FeatureRunner, WordRunner
from keras_transfer_sentiment.classification.heads import SentimentHead, build_head, sample_words
from keras_transfer_sentiment.classification.objective import SeedObjective, check_loss
from keras_transfer_sentiment.text_model import TextModel

_TRAINING_METHODS = ("call", "train_step", "test_step", "compute_loss", "compute_metrics")


class TextNetwork(SeedObjective, TextModel):
    """Word vectors and a head on them. It knows class numbers; labels are the business of its subclass.

    Attributes:
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
            trainable=bool(trainable_embedding),
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
        restore, head, outputs = super()._restorer(), self.head, self.outputs
        variables = [*self.variables, *self.optimizer.variables]
        values = [np.array(ops.convert_to_numpy(variable.value)) for variable in variables]
        compiled, pooled, whole, call = self._compiled, self._pooled, self._whole, self._call_head

        def restore_all():
            restore()
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            self.head, self.outputs, self._call_head = head, outputs, call
            self._compiled, self._pooled, self._whole = compiled, pooled, whole

        return restore_all

    def _check_assets(self):
        shape = (self.vocabulary_size, self.embedding.output_dim)
        if self.encoder.size != shape[0]:
            raise ValueError(f"its vocabulary has {self.encoder.size} words, and its word vectors are {shape[0]}")
        nearest = self._nearest
        if nearest is not None and (nearest.vectors.shape != shape or nearest.ngrams.table.shape[1:] != shape[1:]):
            raise ValueError("the vectors of its character n-grams are of another size than those of its words")

    def compile(self, *args, **kwargs):
        options = inspect.signature(keras.Model.compile).bind(self, *args, **kwargs).arguments
        options.pop("self")
        super().compile(**options)
        self._compiled = SimpleNamespace(options=options, default=None)
        if self._pooled is not None:
            others = {"optimizer": self.optimizer, "metrics": None, "weighted_metrics": None}
            self._pooled.model.compile(**{**options, **others})

    def compile_from_config(self, config):
        options = {name: value for name, value in config.items() if name != "is_default"}  # as version 0.1 wrote it
        if options == self._compiled.default:
            return
        self.compile(**keras.saving.deserialize_keras_object(options))
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
            check_loss(compiled.options.get("loss"), outputs, "Compile again" if is_same else advice)
        if is_same:
            return
        self._set_head(type(self.head).from_config(self.head.get_config()), outputs)
        if compiled.default is not None:
            self._compile_default()
        else:  # the optimizer goes with the weights of the old head
            optimizer = type(self.optimizer).from_config(self.optimizer.get_config())
            self.compile(**{**compiled.options, "optimizer": optimizer})

    def _compile_default(self):
        self.compile(
            # The name is fixed, so that the compilation in a file can be told to be this one.
            keras.optimizers.Adam(getattr(self.head, "learning_rate", SentimentHead.learning_rate), name="adam"),
            loss="binary_crossentropy" if self.outputs == 1 else "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=False,  # XLA takes longer to compile such a small network than to train it
        )
        self._compiled.default = self.get_compile_config()
        self.optimizer.build(self.trainable_variables)  # or a model saved before any `fit` warns when loaded
