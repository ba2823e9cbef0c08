"""Sphinx configuration."""

from sphinx.util.inspect import signature, stringify_signature

import keras_transfer_sentiment
from keras_transfer_sentiment.native_logs import leave_out_native_logs

with leave_out_native_logs():
    import keras

project = "keras-transfer-sentiment"
author = "The keras-transfer-sentiment developers"
copyright = author
release = version = keras_transfer_sentiment.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = []

# Docstrings are written in Google style, with single backticks around code and a few sections of Keras.
default_role = "code"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Call arguments", "params_style"), "Output shape"]
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more
autodoc_inherit_docstrings = False  # an overridden method of Keras without a docstring is documented by Keras

# Copying an example leaves out the prompts and the output.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

myst_heading_anchors = 3

# The documentation is built without a network, so types of other projects are not links.
nitpick_ignore_regex = [
    (r"py:.*", r"(keras|tf|tensorflow|np|numpy|collections)\..*"),
    (r"py:.*", r"(array|callable|optional|Iterable|Sequence|Callable)"),
]


def constructor_signature(app, what, name, obj, options, text, returned):
    """Shows the arguments of `__init__`: Keras gives its classes a `__new__(*args, **kwargs)`, which Sphinx prefers."""
    if what == "class" and issubclass(obj, keras.layers.Layer):
        text = stringify_signature(signature(obj.__init__, bound_method=True), show_annotation=False)
    return text, returned


def drop_last_blank_line(app, name, source):
    """Drops the blank line that a doctest needs before the end of its fence."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def setup(app):
    app.connect("autodoc-process-signature", constructor_signature)
    app.connect("source-read", drop_last_blank_line)
