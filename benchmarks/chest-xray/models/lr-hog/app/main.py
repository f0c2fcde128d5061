"""Sample model: logistic regression on gradient histograms (Python and NumPy)."""
import argparse
import csv
import os
import sys

import numpy as np

import hog

HERE = os.path.dirname(os.path.abspath(__file__))


def read_cases(folder):
    images = np.load(os.path.join(folder, "images.npy"), allow_pickle=False)
    with open(os.path.join(folder, "cases.csv"), encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    if not rows or rows[0] != ["case_id"]:
        raise ValueError("cases.csv: the first line is not 'case_id'")
    ids = [row[0] for row in rows[1:] if row]
    if images.dtype != np.uint8 or images.shape != (len(ids), 28, 28):
        raise ValueError(f"images.npy: {images.shape} {images.dtype}, "
                         f"expected ({len(ids)}, 28, 28) uint8")
    return ids, images


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data_path", default="/mlcommons/volumes/data")
    parser.add_argument("--output_path", default="/mlcommons/volumes/predictions")
    args = parser.parse_args()
    ids, images = read_cases(args.data_path)
    weights = np.loadtxt(os.path.join(HERE, "weights.csv"))
    scores = 1 / (1 + np.exp(-(weights[0] + hog.features(images) @ weights[1:])))
    path = os.path.join(args.output_path, "predictions.csv")
    with open(path, "w", encoding="utf-8") as f:
        f.write("case_id,score\n")
        f.writelines(f"{case},{score:.9g}\n" for case, score in zip(ids, scores))


try:
    main()
except (OSError, ValueError) as error:
    sys.exit(f"lr-hog: {error}")
