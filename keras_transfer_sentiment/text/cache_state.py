"""How far a corpus in a folder is, what it was made of, and the checksums of its files."""

import json
import zlib
from pathlib import Path
from typing import Any

from keras_transfer_sentiment.checks import short
from keras_transfer_sentiment.storage import write_whole

STATE = "corpus.json"
_VERSION = 5
_WHAT_CHANGED = {
    "encoder": "by another encoder",
    "vocabulary": "with another vocabulary",
    "grow_vocabulary": "with another `grow_vocabulary`",
    "texts": "of other texts",
}


class CacheState:
    """The state of a corpus, in the file `STATE` of its folder, which carries a checksum of itself.

    Args:
        folder: the folder.
        key: what the corpus is made of: `encoder` (its settings), `vocabulary` (a digest, `""` if there is none),
            `grow_vocabulary` and `texts`, in JSON's types.

    Attributes:
        stage: `"reading"`, `"read"` or `"complete"`.
        texts: number of texts that were read.
        words: number of words in the file of words.
        turn: which of two files holds the counts.
        sizes: bytes that count, of each file that is written to while texts are read.
        checks: CRC-32 of the bytes that count, of each file.
        result: digest of the vocabulary at the end.

    Raises:
        ValueError: the folder holds a corpus of another key, of another version, or a damaged one.
    """

    def __init__(self, folder: Path, key: dict[str, Any]):
        self.folder = folder
        self._key = key
        self.stage = "reading"
        self.texts = self.words = self.turn = 0
        self.sizes: dict[str, int] = {}
        self.checks: dict[str, int] = {}
        self.result = ""
        if (folder / STATE).exists():
            self._load()

    def save(self, **changes: Any) -> None:
        """Sets attributes and writes the file."""
        vars(self).update(changes)
        names = ("stage", "texts", "words", "turn", "sizes", "checks", "result")
        content = {"version": _VERSION, "key": self._key, **{name: getattr(self, name) for name in names}}
        content["check"] = _check_of(content)
        write_whole(self.folder / STATE, lambda path: path.write_text(json.dumps(content), "utf-8"))

    def damage(self) -> ValueError:
        """Returns the error for files that are not what the state says."""
        return ValueError(f"The corpus in {short(str(self.folder))} is damaged. Delete the folder to make it anew.")

    def _load(self):
        try:
            content = json.loads((self.folder / STATE).read_text("utf-8"))
            version, key = content.pop("version"), content.pop("key")
            whole = content.pop("check") == _check_of({"version": version, "key": key, **content})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._damage_of_state() from None
        if version != _VERSION and isinstance(version, int):
            raise ValueError(
                f"The corpus in {short(str(self.folder))} was made by another version of this package: its format is "
                f"{version}, and {_VERSION} is expected. Pass another `cache_dir`, or delete this one to make it anew."
            )
        if not whole:
            raise self._damage_of_state()
        self._check_key(key, content["result"])
        vars(self).update(content)

    def _damage_of_state(self):
        return ValueError(f"{short(str(self.folder / STATE))} is damaged. Delete the folder to make it anew.")

    def _check_key(self, key, result):
        changed = [name for name in self._key if key[name] != self._key[name]]
        if result == self._key["vocabulary"]:  # the encoder has its vocabulary from here
            changed = [name for name in changed if name not in ("vocabulary", "grow_vocabulary")]
        if not changed:
            return
        what = _WHAT_CHANGED[changed[0]]
        if changed[0] == "encoder":
            old, new = key["encoder"], self._key["encoder"]
            name = next(name for name in {**new, **old} if old.get(name) != new.get(name))
            what += f": `{name}` was {short(old.get(name))} and is {short(new.get(name))} now"
        raise ValueError(
            f"The corpus in {short(str(self.folder))} was made {what}. Pass another `cache_dir`, or delete this one to "
            "make it anew."
        )


def _check_of(content):
    return zlib.crc32(json.dumps(content).encode())
