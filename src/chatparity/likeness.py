"""How like texts are, in any language: TF-IDF over pairs and triples of letters, and clusters of what is alike.

Letters within words need no list of words and no way to part them, and a misspelt word is still like itself.
"""

from __future__ import annotations

from typing import Any

# So many pairs and triples of letters are told apart.
FEATURES = 20_000


def letters() -> Any:
    """Return a vectorizer that is not fitted yet: a row of length 1 a text."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), max_features=FEATURES, sublinear_tf=True)


def clusters(count: int, seed: int) -> Any:
    """Return k-means with `count` clusters, not fitted yet; the same seed and texts give the same clusters."""
    from sklearn.cluster import MiniBatchKMeans

    return MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=2048)
