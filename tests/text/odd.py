"""Texts of odd pieces, on which two ways to cut texts might differ."""

ODD = ["it's", "o'clock''s", "'tis'", "don't", "''", "a_b", "x\0y", "r2d2", "\n", "", "rock'n'roll'"]
ODD += ["caf\u00e9", "\u597d\u7535\u5f71", "\u2019s", "\u2026", "e\u0301", "\u0e01\u0e34\u0e19", "\ud800x", "\u00bd"]
ODD += ["\uff07a", "\u0434\u043e\u043c", "\u00e9l\u00e9gante", "\u00ab\u00e0\u00bb", "\U0001f600", "\U00020000\u4e00"]
ODD += [
    ":)",
    ":-(((",
    "(:",
    ":'(",
    "<3",
    "^_^",
    "T_T",
    "\u0ca0_\u0ca0",
    "http://x.co/:D",
    "@me",
    "a@b.co",
    "\U0001f44d\U0001f3fd",
]
ODD += [
    "\U0001f1e9\U0001f1ea",
    "1\ufe0f\u20e3",
    "\U0001f468\u200d\U0001f469",
    "\U000f003a",
    "\u00af\\_(\u30c4)_/\u00af",
]
ODD += ["\u200d", "\u00e9\u200cb", "\u2764\ufe0f", "\u00ad"]


def odd_texts(rng, count):
    """Returns texts of odd pieces and single characters, some of them not ASCII."""
    pieces = [*ODD, *map(chr, range(32, 127)), *(f"w{i}" for i in range(500))]
    lengths = rng.integers(0, 40, count)
    glue = [" ", "", "-", ", "]
    texts = [glue[rng.integers(4)].join(pieces[i] for i in rng.integers(len(pieces), size=n)) for n in lengths]
    # Any code point at all, next to signs of which emoticons are made.
    any_plane = [*map(chr, rng.integers(0x110000, size=count)), *":;=^_()-<3"]
    return texts + ["".join(any_plane[i] for i in rng.integers(len(any_plane), size=20)) for _ in range(count // 10)]
