"""The C entry itself, past the checks of the Python side: what does not fit is refused and never read."""
import ctypes

import medperf_metrics._native as native
import numpy as np
from checks import done, expect, refused


def ask(task, options="{}", lengths=None, **arrays):
    """Calls the entry with arrays as they are; lengths: what to claim instead of their own."""
    given = (native.NativeArray * max(len(arrays), 1))()
    for one, (name, array) in zip(given, arrays.items()):
        one.name, one.length = name.encode(), (lengths or {}).get(name, 0 if array is None else array.size)
        one.data = None if array is None else array.ctypes.data
        one.type = 0 if array is None else native._TYPES[array.dtype]
    answer = native.NativeAnswer()
    try:
        native.call("medperf_figures", None if task is None else ctypes.c_char_p(task.encode()), given, ctypes.c_int32(len(arrays)),
                    None if options is None else ctypes.c_char_p(options.encode()), ctypes.byref(answer))
        return answer.text
    finally:
        native._library.medperf_release(ctypes.byref(answer))


scores, labels, table = np.array([0.1, 0.9]), np.array([0, 1], np.uint8), np.array([1, 2, 3], np.int64)
expect("what fits is answered", b"sensitivity" in ask("binary", scores=scores, labels=labels))
for what, argument, f in (
        ("an unknown task", "task", lambda: ask("none")),
        ("no task", "medperf_figures", lambda: ask(None)),
        ("no options", "medperf_figures", lambda: ask("binary", None, scores=scores, labels=labels)),
        ("options that are no JSON", "", lambda: ask("binary", "{", scores=scores, labels=labels)),
        ("options that are a list", "options", lambda: ask("binary", "[]", scores=scores, labels=labels)),
        ("options that nest without end", "", lambda: ask("binary", "[" * 100_000, scores=scores, labels=labels)),
        ("an option of another type", "threshold", lambda: ask("binary", '{"threshold": []}', scores=scores, labels=labels)),
        ("an unknown option", "treshold", lambda: ask("binary", '{"treshold": 0.5}', scores=scores, labels=labels)),
        ("an unknown array", "weights", lambda: ask("binary", scores=scores, labels=labels, weights=scores)),
        ("a missing array", "labels", lambda: ask("binary", scores=scores)),
        ("lists of different length", "labels", lambda: ask("binary", "{}", {"labels": 1}, scores=scores,
                                                            labels=labels)),
        ("a negative length", "scores", lambda: ask("binary", "{}", {"scores": -1}, scores=scores, labels=labels)),
        ("no memory", "scores", lambda: ask("binary", "{}", {"scores": 2}, scores=None, labels=labels)),
        ("numbers of another type", "labels", lambda: ask("binary", scores=scores, labels=scores)),
        ("labels of 7", "labels", lambda: ask("binary", scores=scores, labels=np.array([0, 7], np.uint8))),
        ("three counts of a table", "counts", lambda: ask("binary_counts", counts=table)),
        ("patients of other cases", "patients", lambda: ask("binary", scores=scores, labels=labels, patients=table)),
        ("half a row", "scores", lambda: ask("multilabel", '{"columns": 3}', scores=scores, labels=labels)),
        ("half a row of probabilities", "probabilities", lambda: ask("multiclass", '{"classes": 4}', probabilities=np.ones(6), reference=table)),
        ("half a row of ratings", "ratings", lambda: ask("icc", '{"raters": 3}', ratings=scores)),
        ("models of other cases", "predicted", lambda: ask("bootstrap", '{"figure": "f1", "models": 3}', predicted=scores, reference=labels)),
        ("half a pair", "models", lambda: ask("paired_bootstrap", '{"figure": "f1"}', predicted=scores, reference=labels)),
        ("a group beyond", "groups", lambda: ask("subgroups", '{"figure": "mean", "kind": "values", "better": "higher"}', predicted=scores,
                                                  groups=np.array([0, 1], np.int64))),
        ("strata of other cases", "strata", lambda: ask("bootstrap", '{"figure": "f1"}', predicted=scores, reference=labels, strata=table)),
        ("a map of another size", "labels", lambda: ask("volumes", labels=labels, size=table, spacing=np.ones(3), region_labels=table,
                                                         region_sizes=table[:1])),
        ("a size of 2^40", "size", lambda: ask("volumes", labels=labels, size=table * 2**40, spacing=np.ones(3), region_labels=table,
                                               region_sizes=table[:1])),
        ("two sizes", "size", lambda: ask("volumes", labels=labels, size=table[:2], spacing=np.ones(3), region_labels=table,
                                          region_sizes=table[:1])),
        ("more labels of regions than there are", "region_labels", lambda: ask(
            "volumes", labels=labels, size=np.array([2, 1, 1], np.int64), spacing=np.ones(3), region_labels=table,
            region_sizes=np.array([2, 2], np.int64))),
        ("sites of other lengths", "totals", lambda: ask("one_stage", events=table, totals=table[:2]))):
    refused(what, argument, f)
long = ask("bootstrap", '{"figure": "mean", "kind": "values", "replicates": 2}', predicted=scores)
expect("numbers pass as they are", long.count(b"column") == 1, long)
done()
