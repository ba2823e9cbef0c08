"""Counters that threads share: work is handed out once, and nobody waits for ever."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from keras_transfer_sentiment.compiler import compiled
from keras_transfer_sentiment.pretraining import counters
from keras_transfer_sentiment.pretraining.counters import give_up, make_counters, take, wait_for_all

THREADS = 3


@compiled
def count_rounds(rounds, shared, done, seen):
    """In each round takes things until none are left, marks them, waits for all, and notes how many are marked."""
    for i in range(rounds):
        start = take(shared[i, 0], 2)
        while start < done.shape[1]:
            for thing in range(start, min(start + 2, done.shape[1])):
                done[i, thing] += 1
            start = take(shared[i, 0], 2)
        wait_for_all(shared[i, 1], THREADS)
        seen[i] = done[i].sum()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def test_each_thing_is_taken_once_and_no_thread_goes_on_before_all_are_done(pool):
    assert counters.can_share
    rounds, things = 300, 101
    shared, done = make_counters(rounds, 2), np.zeros((rounds, things), "int64")
    seen = np.zeros((THREADS, rounds), "int64")
    for future in [pool.submit(count_rounds, rounds, shared, done, seen[i]) for i in range(THREADS)]:
        future.result(timeout=60)
    assert (done == 1).all()
    assert (seen == things).all()


def test_giving_up_ends_all_waiting_and_leaves_no_work(pool):
    shared, done, seen = make_counters(5, 2), np.zeros((5, 10), "int64"), np.zeros(5, "int64")
    waiting = pool.submit(count_rounds, 5, shared, done, seen)  # two threads are missing
    with pytest.raises(TimeoutError):
        waiting.result(timeout=0.05)
    give_up(shared)
    waiting.result(timeout=60)
    assert done.sum(1).tolist() == [10, 0, 0, 0, 0]
