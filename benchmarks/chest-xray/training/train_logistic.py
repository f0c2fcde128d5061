"""Trains lr-pixel and lr-hog on the train split: convex, so no seed enters.

Features are standardised with the training split's mean and spread; both are folded into the
stored weights, so that a model is one intercept and one weight per raw feature.
"""
import argparse
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, "/benchmark/models/lr-hog/app")
sys.path.insert(0, "/benchmark/training")
import data  # noqa: E402
import hog  # noqa: E402


def pixels(images):
    return images.reshape(len(images), -1) / 255.0


def fit(features, labels, c):
    mean = features.mean(axis=0)
    # A pixel that hardly varies must not be blown up to the weight of the others.
    spread = np.maximum(features.std(axis=0), 1e-3)
    model = LogisticRegression(C=c, class_weight="balanced", max_iter=5000, tol=1e-8)
    model.fit((features - mean) / spread, labels)
    weights = model.coef_[0] / spread
    return model.intercept_[0] - (weights * mean).sum(), weights


def write(path, intercept, weights, what):
    with open(path, "w", encoding="ascii") as f:
        f.write(f"# logistic regression, {what}: intercept, then one weight per feature\n")
        f.write(f"{intercept:.9g}\n")
        f.writelines(f"{w:.9g}\n" for w in weights)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", default="/output")
    parser.add_argument("--c", type=float, default=0.01)
    args = parser.parse_args()
    splits = data.load()
    for name, features, what in (("lr-pixel", pixels, "784 pixels in [0, 1], row by row"),
                                 ("lr-hog", hog.features, "392 HOG features")):
        intercept, weights = fit(features(splits["train"][0]), splits["train"][1], args.c)
        write(f"{args.output}/{name}.weights.csv", intercept, weights, what)
        for split in ("train", "val", "test"):
            images, labels = splits[split]
            z = intercept + features(images) @ weights
            data.show(f"{name} {split}", labels, 1 / (1 + np.exp(-z)))


main()
