from .harness import Report
from .model_files import Loader, write_originals


def test_damaged_and_hostile_files_of_models(tmp_path):
    write_originals(tmp_path)
    loader, report = Loader(tmp_path, seed=1), Report(seed=1)
    for case in range(30):
        outcome, problem = loader(case)
        report.add(outcome, case, problem)
    assert not report.violations, report.table()
