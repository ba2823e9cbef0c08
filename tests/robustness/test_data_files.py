import pytest

from tests.robustness import data_files
from tests.robustness.harness import case_rng

from ..contracts import raises

pytest.importorskip("pyarrow", reason="needs pyarrow: the extra `parquet`")


@pytest.fixture(scope="module")
def good_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    data_files.make_files(folder)
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", sorted(set(data_files.KINDS) - {"bomb"}))
def test_damaged_files_are_refused_or_read_as_declared(good_files, tmp_path, kind):
    for case in range(6):
        place = tmp_path / str(case)
        place.mkdir()
        outcome, problem = data_files.check(good_files, kind, place, case_rng(0, case))
        assert not problem, f"case {case}, {outcome}: {problem}"


def test_what_is_read_in_silence_would_be_seen(good_files, tmp_path):
    other = tmp_path / "words.vec"
    other.write_text("9 2\nfilm 1 2\n")
    with raises(ValueError, "line 1 promises 9 words"):
        data_files.check_vectors(other)
    changed = tmp_path / "words.safetensors"
    changed.write_bytes((good_files / "words.safetensors").read_bytes())
    assert data_files.check_native(good_files / "words.safetensors", changed) == ""
