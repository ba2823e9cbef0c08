from . import threads
from .harness import Report


def test_threads_get_the_same_answers_while_others_train():
    report = Report(seed=3)
    threads.run(report, range(5))
    assert report.violations == [], report.table()
    assert sum(report.outcomes.values()) > threads.ASKING
