import numpy as np
import pytest

from keras_transfer_sentiment import TextEncoder, demo


def test_the_story_has_72_comments(comments):
    assert len(comments.unlabelled) == 62
    assert comments.labels.count(1) == comments.labels.count(0) == 4
    assert len(comments.texts) == 8
    assert sorted(comments.test_labels) == [0, 1]
    assert len(comments.test_texts) == 2
    every = [*comments.unlabelled, *comments.texts, *comments.test_texts]
    assert all(isinstance(text, str) and text.strip() == text and text for text in every)
    assert len({" ".join(TextEncoder(None).tokenize(text)) for text in every}) == 72


def test_test_comments_share_no_content_word_with_labelled_ones(comments):
    encoder = TextEncoder()
    labelled = {word for text in comments.texts for word in encoder.tokenize(text)}
    unlabelled = {word for text in comments.unlabelled for word in encoder.tokenize(text)}
    for text in comments.test_texts:
        words = set(encoder.tokenize(text))
        assert len(words) >= 5
        assert not words & labelled
        assert words <= unlabelled  # only the unlabelled comments connect them


def test_film_comments_are_made_anew_each_time(comments):
    demo.film_comments().texts.clear()
    assert demo.film_comments() == comments


def test_transfer_does_what_the_story_says(demo_result):
    assert demo_result.scratch.shape == demo_result.transfer.shape == (2, 2)
    assert demo_result.accuracy("transfer") == 1.0
    assert demo_result.accuracy("scratch") <= demo_result.accuracy("transfer")
    confident = demo_result.transfer[:, 0] - demo_result.transfer[:, 1]
    assert (confident > 0.3).all()
    assert (confident > demo_result.scratch[:, 0] - demo_result.scratch[:, 1]).all()


def test_processes_of_their_own_change_nothing(demo_result):
    ticks = []
    spread = demo.run(seeds=2, workers=2, on_seed=lambda *probabilities: ticks.append(probabilities))
    assert len(ticks) == 2
    np.testing.assert_allclose(spread.transfer, demo_result.transfer, rtol=1e-4)
    np.testing.assert_allclose(spread.scratch, demo_result.scratch, rtol=1e-4)
    assert spread.words == demo_result.words


def test_words_of_the_map(demo_result):
    count = len(demo_result.words)
    assert count > 100
    assert "" not in demo_result.words
    assert demo_result.points.shape == (count, 2)
    assert demo_result.polarity.shape == (count,)
    polarity = dict(zip(demo_result.words, demo_result.polarity, strict=True))
    assert polarity["charming"] > 0.5 > polarity["clumsy"]
    assert np.isfinite(demo_result.points).all()


def test_summary(demo_result):
    summary = demo_result.summary()
    assert summary["seeds"] == 2
    assert summary["transfer"] == 1.0
    assert [comment["label"] for comment in summary["comments"]] == [1, 0]
    for row, comment in enumerate(summary["comments"]):
        assert comment["text"] == demo_result.comments.test_texts[row]
        np.testing.assert_allclose(comment["transfer"], demo_result.transfer[:, row].mean(), rtol=1e-6)
        np.testing.assert_allclose(comment["scratch"], demo_result.scratch[:, row].mean(), rtol=1e-6)


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_plot_writes_a_picture(demo_result, tmp_path, ending, start):
    path = tmp_path / f"demo.{ending}"
    demo.plot(demo_result, path)
    assert path.read_bytes().startswith(start)
    assert path.stat().st_size > 10_000
