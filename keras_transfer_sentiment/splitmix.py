"""Random bits, and hashes, by SplitMix64 (Steele, Lea and Flood 2014)."""

import numpy as np

from keras_transfer_sentiment.compiler import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # what is added to the state from one draw to the next


@compiled
def mixed(state):
    """Returns 64 random bits of a 64-bit state; every bit depends on all of the state's."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
