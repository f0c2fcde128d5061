#!/usr/bin/env python3
"""Writes lesions.csv: lesion-wise scores of each algorithm against consensus_simple by the rules of BraTS 2023 (gliomas).

Needs the packages named in src/metrics/tests/oracle/make_lesion_fixtures.py, which states the rules, and nibabel.
"""
import csv
import pathlib
import sys

import nibabel as nib
import numpy as np

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parents[2] / "src/metrics/tests/oracle"))
from make_lesion_fixtures import lesion_scores  # noqa: E402

regions = {"WT": (1, 2, 4), "TC": (1, 4), "ET": (4,)}
with open(here / "lesions.csv", "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["site", "algorithm", "region", "tp", "fp", "fn", "dice", "hd95"])
    for site in ("site-a", "site-b"):
        reference = np.asanyarray(nib.load(here / site / "consensus_simple.nii.gz").dataobj)
        for path in sorted((here / site).glob("*-20.nii.gz")):
            prediction = np.asanyarray(nib.load(path).dataobj)
            for name, labels in regions.items():
                scores = lesion_scores(np.isin(reference, labels), np.isin(prediction, labels), (1.0, 1.0, 1.0), 3, 50.0)
                rows.writerow([site, path.name.removesuffix(".nii.gz"), name, *scores])
