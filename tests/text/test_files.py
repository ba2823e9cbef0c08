import bz2
import csv
import gzip
import json
import lzma
import os
import pickle
import sys
import tracemalloc

import pytest

from keras_transfer_sentiment.text import readers
from keras_transfer_sentiment.text.files import TextFiles

from ..contracts import raises, run_python

TEXTS = [
    "A warm, funny film",
    'He said "no"',
    "caf\u00e9 \u7535\u5f71 \U0001f600",
    "line\u2028sep \x85 \x0b here",
    "\ttab",
]
OPENERS = {"": open, ".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, so that names in messages are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, content, encoding="utf-8"):
    data = content if isinstance(content, bytes) else content.encode(encoding)
    with OPENERS.get(os.path.splitext(name)[1], open)(name, "wb") as file:
        file.write(data)
    return name


def as_csv(texts, delimiter=","):
    rows = [["id", "text"], *enumerate(texts)]
    lines = []
    csv.writer(type("Lines", (), {"write": lines.append}), delimiter=delimiter).writerows(rows)
    return "".join(lines)


def as_jsonl(texts):
    return "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(texts))


FORMATS = {
    ".txt": lambda texts: "".join(f"{text}\n" for text in texts),
    ".csv": as_csv,
    ".tsv": lambda texts: as_csv(texts, "\t"),
    ".jsonl": as_jsonl,
    ".ndjson": lambda texts: "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts),
}


def write_parquet(name, columns, **options):
    pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow: the extra `parquet`")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: the extra `parquet`")
    parquet.write_table(pyarrow.table(columns), name, **options)
    return name


# Formats.


@pytest.mark.parametrize("compression", OPENERS)
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_and_compression_gives_the_texts(folder, kind, compression):
    name = write(f"reviews{kind}{compression}", FORMATS[kind](TEXTS))
    texts = TextFiles(name)
    assert list(texts) == TEXTS
    assert list(texts) == TEXTS  # anew
    assert texts.bytes_total == os.path.getsize(name)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "gb18030", "utf-8"])
def test_encodings_and_line_ends(folder, kind, encoding):
    texts = [*TEXTS, "\u7535\u5f71\u5f88\u597d"]
    content = FORMATS[kind](texts).replace("\r\n", "\n").replace("\n", "\r\n")
    write(f"a{kind}", content, encoding)
    assert list(TextFiles(f"a{kind}", encoding="utf-8" if encoding == "utf-8-sig" else encoding)) == texts


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("compression", OPENERS)
@pytest.mark.parametrize("kind", FORMATS)
def test_marks_line_ends_and_compressions_told_by_the_content(folder, kind, compression, end, mark):
    content = mark + FORMATS[kind](TEXTS).replace("\r\n", "\n").replace("\n", end)
    os.rename(write(f"a{compression}", content), f"a{kind}")
    assert list(TextFiles(f"a{kind}")) == TEXTS


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"PK\3\4" + bytes(99), ["a.txt is a ZIP archive. Unpack it first."]),
        (b"\x28\xb5\x2f\xfd" + bytes(99), ["a.txt is compressed by Zstandard. Unpack it first: `zstd -d`."]),
        (b"PAR1" + bytes(99), ["a.txt is a Parquet file. Rename it to .parquet"]),
        (b"%PDF-1.7" + bytes(99), ["a.txt is a PDF document. Save its text"]),
        (gzip.compress(lzma.compress(b"a good film")), ["a.txt is compressed twice. Unpack it once."]),
        ("a good film\n".encode("utf-16-le"), ["line 1: every second byte is 0, as in UTF-16: pass", "'utf-16-le'"]),
        ("a good film\n".encode("utf-16-be"), ["line 1: every second byte is 0, as in UTF-16: pass", "'utf-16-be'"]),
        (b"good\rbad\rdull\r", ["a.txt: its lines end with a carriage return alone. Convert it: `tr '\\r' '\\n'`"]),
    ],
    ids=range(8),
)
def test_what_is_no_text_is_told_by_the_content(folder, content, parts):
    with raises(ValueError, *parts):
        TextFiles(write("a.txt", content))


def test_text_may_begin_like_a_compressed_file(folder):
    assert list(TextFiles(write("a.txt", "BZh is a word\n"))) == ["BZh is a word"]


def test_the_way_out_of_utf_16_works(folder):
    name = write("a.txt", "a good film\n".encode("utf-16-be"))
    assert list(TextFiles(name, encoding="utf-16-be")) == ["a good film"]


@pytest.mark.parametrize("compression", [".gz", ".xz", ".bz2"])
def test_a_small_file_does_not_become_a_huge_one(folder, compression, monkeypatch):
    monkeypatch.setattr("keras_transfer_sentiment.compressed.EXPANDED", 1 << 20)
    for kind in ("txt", "csv", "jsonl"):
        name = write(f"a.{kind}{compression}", b'"text"\n' + b'"film"\n' * 300_000)
        with raises(ValueError, f"{name} expands to more than 100 times its size", "unpack it first"):
            list(TextFiles(name, column="text"))
    plain = write("a.txt", OPENERS[compression](f"a.txt{compression}").read())
    assert sum(1 for _ in TextFiles(plain)) == 300_001


@pytest.mark.parametrize("block", [1, 2, 3, 7])
@pytest.mark.parametrize("kind", FORMATS)
def test_where_a_block_ends_changes_nothing(folder, monkeypatch, kind, block):
    monkeypatch.setattr(readers, "BLOCK", block)
    monkeypatch.setattr(readers, "ROWS", block)
    content = "\ufeff" + FORMATS[kind](TEXTS).replace("\r\n", "\n").replace("\n", "\r\n")
    assert list(TextFiles(write(f"a{kind}", content.removesuffix("\r\n")))) == TEXTS


def test_txt_leaves_out_blank_lines_and_keeps_the_rest_as_it_is(folder):
    write("a.txt", "\n one \r\n\r\n \t\n\u00a0\ntwo\rthree\n\nlast")
    assert list(TextFiles("a.txt")) == [" one ", "two\rthree", "last"]


def test_quoted_fields_go_over_lines_and_may_be_long(folder):
    long = "word " * 50_000
    limit = csv.field_size_limit()
    write("a.csv", f'\n\ntext,stars\n"one\r\n\r\ntwo, ""three""",5\n\n"{long}",1\n,3\nshort\nfull,4,,\n')
    assert list(TextFiles("a.csv")) == ['one\n\ntwo, "three"', long, "", "short", "full"]
    assert csv.field_size_limit() == limit


def test_jsonl_takes_objects_and_strings_and_skips_blank_lines(folder):
    write("a.jsonl", '\n  {"text": "one\\ntwo"} \n\n"three"\n{"text": "", "stars": 1}')
    assert list(TextFiles("a.jsonl")) == ["one\ntwo", "three", ""]


def test_parquet(folder):
    write_parquet("a.parquet", {"id": range(5), "text": TEXTS}, row_group_size=2)
    write_parquet("b.parquet", {"only": TEXTS}, use_dictionary=False)
    assert list(TextFiles("?.parquet")) == TEXTS * 2


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary"])
def test_parquet_takes_every_kind_of_string(folder, kind):
    pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow: the extra `parquet`")
    column = pyarrow.array(TEXTS)
    column = column.dictionary_encode() if kind == "dictionary" else column.cast(getattr(pyarrow, kind)())
    assert list(TextFiles(write_parquet("a.parquet", {"text": column}))) == TEXTS


# Columns.


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "title,review\nT,good\n"),
        ("a.tsv", "title\treview\nT\tgood\n"),
        ("a.jsonl", '{"title": "T", "review": "good"}\n'),
    ],
)
def test_column_is_chosen_by_name(folder, name, content):
    write(name, content)
    assert list(TextFiles(name, column="review")) == ["good"]
    assert list(TextFiles(name, "title")) == ["T"]
    for wanted, column in ((None, "text"), ("body", "body")):
        with raises(ValueError, f"{name}, line 1: no column '{column}' among 'title', 'review'", "column=..."):
            TextFiles(name, wanted)


def test_the_only_column_needs_no_name(folder):
    write("a.csv", "review\ngood\n\nbad\n")
    write("b.jsonl", '{"body": "dull"}\n')
    assert list(TextFiles(["a.csv", "b.jsonl"])) == ["good", "bad", "dull"]


def test_column_of_parquet_is_checked(folder):
    write_parquet("a.parquet", {"id": [1], "review": ["good"]})
    assert list(TextFiles("a.parquet", "review")) == ["good"]
    with raises(ValueError, "a.parquet: no column 'text' among 'id', 'review'", "column=..."):
        TextFiles("a.parquet")
    with raises(ValueError, "a.parquet: column 'id' holds int64, not strings. Pass `column=...`: 'review'."):
        TextFiles("a.parquet", "id")
    write_parquet("b.parquet", {"text": [["good"]]})
    with raises(ValueError, "b.parquet: column 'text' holds list<", "not strings. Convert it to strings."):
        TextFiles("b.parquet")


def test_a_column_named_twice_is_refused(folder):
    with raises(ValueError, "a.csv, line 1: more than one column 'text' among 'text', 'text'"):
        TextFiles(write("a.csv", "text,text\n1,2\n"))


def test_columns_are_shortened_in_the_message(folder):
    header = ",".join(f"{number} {'long ' * 30}" for number in range(50))
    with raises(ValueError, "a.csv, line 1: no column 'text' among '0 long", ", ...."):
        TextFiles(write("a.csv", header + "\n"))


@pytest.mark.parametrize("header", ["id;text", "id|text", "id\ttext"])
def test_a_table_with_another_separator_is_refused(folder, header):
    write("a.csv", f"{header}\n1;good\n")
    with raises(ValueError, "a.csv, line 1: one column, 'id", "by commas, in .tsv by tabs", "column=..."):
        TextFiles("a.csv")
    assert list(TextFiles("a.csv", header)) == ["1;good"]


# Paths.


def test_patterns_are_sorted_and_lists_keep_their_order(folder):
    (folder / "in" / "deeper").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "in/c.txt", "in/deeper/d.txt", "[x].txt"):
        write(name, name)
    assert list(TextFiles("?.txt")) == ["a.txt", "b.txt"]
    assert list(TextFiles(["in/*.txt", folder / "b.txt", "a.txt"])) == ["in/c.txt", "b.txt", "a.txt"]
    assert list(TextFiles("**/*.txt")) == ["[x].txt", "a.txt", "b.txt", "in/c.txt", "in/deeper/d.txt"]
    assert list(TextFiles("in/**")) == ["in/c.txt", "in/deeper/d.txt"]
    assert list(TextFiles("[x].txt")) == ["[x].txt"]  # a file of that name comes before the pattern
    assert TextFiles("in/*.txt").files == [str(folder / "in" / "c.txt")]


def test_suffixes_may_be_in_capitals(folder):
    with gzip.open("A.TXT.GZ", "wt") as file:
        file.write("good\n")
    assert list(TextFiles("A.TXT.GZ")) == ["good"]


def test_home_folder_and_changes_of_the_working_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    write("a.txt", "good")
    texts = TextFiles("~/a.txt")
    relative = TextFiles("a.txt")
    (folder / "in").mkdir()
    monkeypatch.chdir(folder / "in")
    assert list(texts) == list(relative) == ["good"]


@pytest.mark.parametrize(
    ("paths", "kind", "parts"),
    [
        ("a.txt", FileNotFoundError, ["No file matches 'a.txt': the folder ", " holds no such file. Correct"]),
        ("*.csv", FileNotFoundError, ["No file matches '*.csv': the folder ", " holds no such file. Correct"]),
        (["in/*/*.csv"], FileNotFoundError, ["'in/*/*.csv': the folder ", "in holds no such file"]),
        ("no/*.csv", FileNotFoundError, ["No file matches 'no/*.csv': the folder ", "no does not exist"]),
        ("in", IsADirectoryError, ["in is a folder. Pass files in it: ", "*.txt'"]),
        ("read.me", ValueError, ["read.me has no suffix that tells its format. Expected .txt, ", "narrow the pattern"]),
        ("x.json", ValueError, ["x.json has no suffix", "rename it to .jsonl", "`json.load(file)`"]),
        ("x.gz", ValueError, ["x.gz has no suffix that tells its format", ".gz, .xz, .bz2"]),
        ("x.parquet.gz", ValueError, ["x.parquet.gz has no suffix that tells", "all but .parquet may be followed by"]),
        ([], ValueError, ["`paths` is an empty list", "'reviews/*.txt'"]),
        (None, TypeError, ["`paths` must be a file, a pattern or a list", "Received None of type NoneType"]),
        (["read.me", 3], TypeError, ["`paths` must be", "Received 3 of type int"]),
        (b"read.me", TypeError, ["`paths` must be", "of type bytes"]),
    ],
)
def test_wrong_paths_are_refused_at_once(folder, paths, kind, parts):
    (folder / "in").mkdir()
    for name in ("read.me", "x.json", "x.gz", "x.parquet.gz"):
        (folder / name).touch()
    with raises(kind, *parts):
        TextFiles(paths)


@pytest.mark.parametrize("name", ["column", "encoding"])
@pytest.mark.parametrize("value", [0, b"text", ["text"]])
def test_wrong_kinds_of_arguments_are_refused(folder, name, value):
    with raises(TypeError, f"`{name}` must be a str. Received", type(value).__name__):
        TextFiles(write("a.txt", "good"), **{name: value})


@pytest.mark.parametrize("encoding", ["utf-88", "", "rot13", "base64", "utf\0"])
def test_unknown_encodings_are_refused(folder, encoding):
    with raises(ValueError, "`encoding` must be one that Python knows, such as 'utf-8', 'latin-1'", "Received"):
        TextFiles(write("a.txt", "good"), encoding=encoding)


def test_a_file_that_cannot_be_read_is_refused_at_once(folder):
    write("a.txt", "good")
    os.chmod("a.txt", 0)
    if os.access("a.txt", os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(PermissionError, match=r"a\.txt"):
        TextFiles("a.txt")


def test_parquet_without_pyarrow_names_the_extra(folder, monkeypatch):
    write("a.txt", "good")
    write("b.parquet", "")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with raises(ImportError, "`.parquet` needs pyarrow: pip install 'keras-transfer-sentiment[parquet]'"):
        TextFiles(["a.txt", "b.parquet"])


# Files that are broken.


@pytest.mark.parametrize("block", [5, 1000, 1 << 18])
@pytest.mark.parametrize("compression", OPENERS)
def test_bytes_of_another_encoding_are_named_with_their_line(folder, monkeypatch, compression, block):
    monkeypatch.setattr(readers, "BLOCK", block)
    name = write(f"reviews.txt{compression}", b"caf\xc3\xa9\n\n" * 8 + b"caf\xe9\n" + b"good\n" * 500)
    fix = "pass encoding='latin-1', or the one it was saved in. If that is UTF-8, it is damaged"
    with raises(ValueError, f"{name}, line 17: byte 0xe9 is not UTF-8", fix):
        list(TextFiles(name))
    assert list(TextFiles(name, encoding="latin-1"))[8] == "caf\u00e9"


@pytest.mark.parametrize(
    ("content", "encoding", "parts"),
    [
        (b"one\ntwo\xc3", "utf-8", ["line 2: byte 0xc3 is not UTF-8"]),
        (b"one\ntwo\xc3\nthree", "utf-8", ["line 2: byte 0xc3 is not UTF-8"]),
        ("one\ntwo".encode("utf-16"), "utf-8", ["line 1: byte 0xff is not UTF-8", "encoding='utf-16'"]),
        (b"one\ncaf\xc3\xa9", "ascii", ["line 2: byte 0xc3 is not ASCII", "encoding='utf-8'"]),
        (b"one\ntwo\n\x81", "cp1252", ["line 3: byte 0x81 is not CP1252"]),
        (b"one\n\xe4\xb8\n\x81", "gb18030", ["line 3: byte 0x81 is not GB18030"]),
        ("one\ntwo\n".encode("utf-16-be") + b"\xd8\x00\x00\n", "utf-16-be", ["line 3: byte 0xd8 is not UTF-16-BE"]),
        ("one\ntwo".encode("utf-16-le"), "utf-16", ["line 1: ", " is not UTF-16"]),
    ],
)
@pytest.mark.parametrize("block", [3, 1 << 18])
def test_the_line_that_cannot_be_decoded_is_right_in_every_encoding(
    folder, monkeypatch, content, encoding, parts, block
):
    monkeypatch.setattr(readers, "BLOCK", block)
    write("a.txt", content)
    with raises(ValueError, *(f"a.txt, {parts[0]}", *parts[1:])):
        list(TextFiles("a.txt", encoding=encoding))


@pytest.mark.parametrize("compression", [".gz", ".xz", ".bz2"])
def test_a_compressed_file_cut_short_or_damaged_is_named(folder, compression):
    name = write(f"a.txt{compression}", os.urandom(300_000).hex().replace("a", "\n"))
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[:-100])
    with raises(ValueError, f"{name} is cut short, at line ", "Copy or download it again"):
        list(TextFiles(name))
    (folder / name).write_bytes(b"<html>not found</html>" * 9)
    with raises(ValueError, f"{name} is no valid {compression} file. Copy or download it again"):
        TextFiles(name)
    (folder / name).write_bytes(data[:100_000] + b"\0" * 1000 + data[101_000:])
    with raises(ValueError, f"{name} is damaged, at line ", "Copy or download it again"):
        list(TextFiles(name))


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('{"text": "cut', ['expected a JSON object or string, received \'{"text": "cut\': Unterminated string']),
        ("good film", ["expected a JSON object or string, received 'good film': Expecting value", "Write one a line"]),
        ('{"text": "a"} {"text": "b"}', ["expected a JSON object or string", "Extra data"]),
        ("[" * 100_000, ["expected a JSON object or string", "recursion"]),
        ('{"title": "T"}', ["no column 'text' among 'title'. Name the one that holds the text"]),
        ("{}", ["no column 'text' among none"]),
        ('{"text": null}', ["expected the text to be a str, received None of type NoneType. It is missing: leave it"]),
        ('{"text": NaN}', ["expected the text to be a str, received nan of type float. It is missing: leave it out"]),
        ('{"text": 5}', ["expected the text to be a str, received 5 of type int. Name the column"]),
        ('{"text": ["a"]}', ["expected the text to be a str, received ['a'] of type list. Name the column"]),
        ("5", ["expected the text to be a str, received 5 of type int"]),
        ("null", ["expected the text to be a str, received None of type NoneType. It is missing"]),
    ],
)
def test_wrong_lines_of_jsonl_are_named(folder, line, parts):
    write("a.jsonl", "")
    write("b.jsonl", '{"text": "good"}\n\n' + line + "\n")
    texts = TextFiles(["a.jsonl", "b.jsonl"])
    with raises(ValueError, *(f"b.jsonl, line 3: {parts[0]}", *parts[1:])):
        list(texts)


def test_a_key_that_was_chosen_has_to_stay(folder):
    with raises(ValueError, "a.jsonl, line 2: no column 'body' among 'text'"):
        TextFiles(write("a.jsonl", '{"body": "good"}\n{"text": "bad"}\n'))


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('"a\nb",1\n\nx\n', ["line 5: expected 2 fields, as in the header, received 1: ['x']. Put a text that"]),
        ("3,a\n1,good, but\n", ["line 3: expected 2 fields, as in the header, received 3: ['1', 'good', ' but']"]),
        ('3,a\n4,"b\n5,c\n', ["line 3: a quote is never closed. Close the quotes, and double those inside a text"]),
        ('3,"', ["line 2: a quote is never closed"]),
        ("3,a\n4,b\rc\n", ["line 3: new-line character seen in unquoted field. Close"]),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 256])
def test_wrong_rows_of_csv_are_named(folder, monkeypatch, content, parts, rows):
    monkeypatch.setattr(readers, "ROWS", rows)
    texts = TextFiles(write("a.csv", "id,text\n" + content))
    with raises(ValueError, *(f"a.csv, {parts[0]}", *parts[1:])):
        list(texts)


def test_a_quote_left_open_is_found_without_reading_all(folder, monkeypatch):
    monkeypatch.setattr(readers, "LONGEST_FIELD", 1000)
    limit = csv.field_size_limit()
    texts = TextFiles(write("a.csv", 'id,text\n1,a\n2,"b\n' + "3,c\n" * 1000))
    with raises(ValueError, "a.csv, line 3: field larger than field limit (1000). Close the quotes"):
        list(texts)
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_table_without_a_header_is_refused(folder, content):
    with raises(ValueError, "a.csv, line 1: the file is empty. Expected a header"):
        TextFiles(write("a.csv", content))


def test_later_files_are_checked_while_reading(folder):
    write("a.csv", "id,text\n1,good\n")
    write("b.csv", "id,body\n1,bad\n")
    texts = iter(TextFiles("*.csv"))
    assert next(texts) == "good"
    with raises(ValueError, "b.csv, line 1: no column 'text' among 'id', 'body'"):
        next(texts)


def test_missing_texts_of_parquet_are_named_with_their_row(folder):
    write_parquet("a.parquet", {"text": [*["good"] * 700, None]}, row_group_size=300)
    with raises(ValueError, "a.parquet, row 701: expected the text to be a str, received None", "It is missing"):
        list(TextFiles("a.parquet"))


def test_damaged_parquet_is_named(folder):
    write_parquet("a.parquet", {"text": [str(number) * 9 for number in range(50_000)]}, row_group_size=9000)
    data = (folder / "a.parquet").read_bytes()
    (folder / "a.parquet").write_bytes(data[: len(data) // 2])
    with raises(ValueError, "a.parquet: no valid Parquet: ", "Write or download it again"):
        TextFiles("a.parquet")
    middle = len(data) // 2
    (folder / "a.parquet").write_bytes(data[:middle] + b"\xff" * 5000 + data[middle + 5000 :])
    with raises(ValueError, "a.parquet, row ", "no valid Parquet: "):
        list(TextFiles("a.parquet"))


# Progress, memory, identity.


@pytest.mark.parametrize("kind", [*FORMATS, ".txt.gz", ".jsonl.xz", ".parquet"])
def test_fraction_rises_from_0_to_1(folder, monkeypatch, kind):
    monkeypatch.setattr(readers, "BLOCK", 500)
    monkeypatch.setattr(readers, "ROWS", 10)
    texts = [f"{os.urandom(20).hex()} film" for _ in range(2000)]
    for name in "ab":
        if kind == ".parquet":
            write_parquet(name + kind, {"text": texts})
        else:
            write(name + kind, FORMATS[os.path.splitext(kind)[0] or kind](texts))
    iterator = iter(TextFiles(f"?{kind}"))
    assert iterator.fraction == 0
    fractions = [iterator.fraction for _ in iterator]
    assert len(fractions) == 4000
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.5
    assert fractions[1999] == pytest.approx(0.5, abs=0.05)
    assert len(set(fractions)) > 3
    assert iterator.fraction == 1
    assert next(iterator, "end") == "end"


def test_blank_files_have_no_texts(folder):
    iterator = iter(TextFiles(write("a.txt", "\n")))
    assert list(iterator) == []
    assert iterator.fraction == 1


def test_empty_files_are_refused_by_name(folder):
    write("a.txt", "")
    with raises(ValueError, "a.txt is empty: no text to read. Check what wrote it."):
        TextFiles("a.txt")
    write("b.txt", "")
    with raises(ValueError, "All 2 files are empty"):
        TextFiles("*.txt")
    write("b.txt", "a text\n")
    assert list(TextFiles("*.txt")) == ["a text"]


def test_iterators_do_not_disturb_each_other(folder):
    texts = TextFiles(write("a.txt", "one\ntwo\n"))
    first, second = iter(texts), iter(texts)
    assert [next(first), next(second), next(first), next(second)] == ["one", "one", "two", "two"]
    assert iter(first) is first


@pytest.mark.parametrize("kind", [".txt", ".txt.gz", ".csv", ".jsonl", ".parquet"])
def test_memory_stays_flat(folder, kind):
    line = "a warm and funny film, caf\u00e9 " * 10
    count = 30_000_000 // len(line)
    if kind == ".parquet":
        write_parquet("a.parquet", {"text": [f"{number} {line}" for number in range(count)]})
        memory = pytest.importorskip("pyarrow", reason="needs pyarrow: the extra `parquet`").total_allocated_bytes
        before = memory()
        assert max(memory() - before for _ in TextFiles("a.parquet")) < 8e6
        return
    write(f"a{kind}", FORMATS[kind.removesuffix(".gz")](line for _ in range(count)))
    texts = TextFiles(f"a{kind}")
    tracemalloc.start()
    try:
        assert sum(1 for _ in texts) == count
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()


def test_fingerprint_tells_whether_anything_changed(folder):
    write("a.txt", "good\n")
    write("b.txt", "bad\n")
    texts = TextFiles("*.txt")
    before = texts.fingerprint()
    assert len(before) == 64
    assert before == texts.fingerprint() == TextFiles([folder / "a.txt", "b.txt"]).fingerprint()
    others = [
        TextFiles("*.txt", "text"),
        TextFiles("*.txt", encoding="latin-1"),
        TextFiles(["b.txt", "a.txt"]),
        TextFiles("a.txt"),
    ]
    os.utime("b.txt", ns=(0, 1_000_000_007))
    found = [before, texts.fingerprint(), *(other.fingerprint() for other in others)]
    write("b.txt", "longer\n")
    os.utime("b.txt", ns=(0, 1_000_000_007))
    found.append(texts.fingerprint())
    assert len(set(found)) == len(found)


def test_texts_can_be_pickled(folder):
    texts = TextFiles(write("a.jsonl", as_jsonl(TEXTS)), "text")
    copy = pickle.loads(pickle.dumps(texts))
    assert list(copy) == TEXTS
    assert copy.fingerprint() == texts.fingerprint()


def test_repr_is_short(folder):
    for number in range(50):
        write(f"{number:02}.csv", "text\n")
    assert repr(TextFiles("00.csv")) == "TextFiles('00.csv')"
    assert repr(TextFiles("*.csv", "text")) == "TextFiles(['00.csv', '01.csv', '02.csv', ...], column='text')"


def test_there_is_no_length(folder):
    with pytest.raises(TypeError, match=r"has no len\(\)"):
        len(TextFiles(write("a.txt", "good")))


def test_reading_loads_nothing_heavy(folder):
    write("a.jsonl", as_jsonl(TEXTS))
    code = (
        "import sys\n"
        "from keras_transfer_sentiment.text.files import TextFiles\n"
        "list(TextFiles('a.jsonl'))\n"
        "heavy = {'keras', 'tensorflow', 'pyarrow', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert run_python(code, flags=("-W", "error")) == ""
