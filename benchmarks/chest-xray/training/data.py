"""Reads pneumoniamnist.npz and computes the figures that every training script reports."""
import numpy as np


def load(path="/benchmark/data/pneumoniamnist.npz"):
    """{'train'|'val'|'test': (uint8 (n, 28, 28), int (n,))}"""
    with np.load(path) as archive:
        return {s: (archive[s + "_images"], archive[s + "_labels"].ravel().astype(int))
                for s in ("train", "val", "test")}


def auc(labels, scores):
    """Area under the ROC curve: Mann-Whitney with midranks for ties."""
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    order = np.argsort(scores, kind="mergesort")
    ordered = scores[order]
    ranks = np.empty(len(scores))
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end] == ordered[start]:
            end += 1
        ranks[order[start:end]] = (start + 1 + end) / 2
        start = end
    positives = labels.sum()
    negatives = len(labels) - positives
    return (ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives)


def figures(labels, probabilities, threshold=0.5):
    """AUC, accuracy, sensitivity and specificity; positive is probability >= threshold."""
    called = np.asarray(probabilities) >= threshold
    return {"auc": auc(labels, probabilities), "accuracy": (called == (labels == 1)).mean(),
            "sensitivity": called[labels == 1].mean(), "specificity": 1 - called[labels == 0].mean()}


def show(name, labels, probabilities):
    f = figures(labels, probabilities)
    print(f"{name}: AUC {f['auc']:.4f} accuracy {f['accuracy']:.4f} "
          f"sensitivity {f['sensitivity']:.3f} specificity {f['specificity']:.3f}", flush=True)
