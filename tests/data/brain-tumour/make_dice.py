#!/usr/bin/env python3
"""Writes dice.csv: counts and Dice of each algorithm against consensus_simple, by nibabel and NumPy (from PyPI)."""
import csv
import pathlib

import nibabel as nib
import numpy as np

here = pathlib.Path(__file__).parent
regions = {"WT": (1, 2, 4), "TC": (1, 4), "ET": (4,)}
with open(here / "dice.csv", "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["site", "algorithm", "region", "tp", "fp", "fn", "dice"])
    for site in ("site-a", "site-b"):
        reference = np.asanyarray(nib.load(here / site / "consensus_simple.nii.gz").dataobj)
        for path in sorted((here / site).glob("*-20.nii.gz")):
            prediction = np.asanyarray(nib.load(path).dataobj)
            for name, labels in regions.items():
                p, r = np.isin(prediction, labels), np.isin(reference, labels)
                tp, fp, fn = int((p & r).sum()), int((p & ~r).sum()), int((~p & r).sum())
                total = 2 * tp + fp + fn
                rows.writerow([site, path.name.removesuffix(".nii.gz"), name, tp, fp, fn,
                               repr(2 * tp / total) if total else "1.0"])
