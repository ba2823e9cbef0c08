from tests.robustness import tokenizers
from tests.robustness.harness import Report


def test_the_two_tokenisers_agree_on_random_texts():
    report = Report(seed=0)
    tokenizers.run(report, range(500))
    assert not report.violations
    assert report.outcomes["the same"] >= 500


def test_a_difference_would_be_seen(monkeypatch):
    monkeypatch.setattr(tokenizers, "cut_prepared", str.split)
    assert "texts cut at once and in two halves differ" in tokenizers.differences(["it's, well"], lowercase=True)
