#!/usr/bin/env python3
"""Writes the made-up cases that the peers and our tests read: classification_binary.csv (two models' probabilities),
classification_classes.csv (four classes), classification_labels.csv (five labels a case), regression_pairs.csv and
regression_ratings.csv. Needs numpy; run in this folder."""
import csv

import numpy

random = numpy.random.default_rng(20261126)


def write(name, header, rows):
    with open(name, "w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def binary(name, n, share, digits, separation):
    positive = random.random(n) < share
    common = random.normal(size=n)
    rows = []
    for is_positive, shared in zip(positive, common):
        models = []
        for gain in (1.0, 0.7):
            logit = separation * gain * (is_positive - 0.5) + 0.8 * shared + 0.8 * random.normal()
            models.append(min(0.99, max(0.01, round(1 / (1 + numpy.exp(-logit)), digits))))
        rows.append([name, models[0], models[1], int(is_positive)])
    return rows


write("classification_binary.csv", ["set", "first", "second", "positive"],
      binary("distinct", 120, 0.5, 6, 2.0) + binary("tied", 150, 0.4, 2, 1.5) + binary("rare", 200, 0.08, 5, 2.5))

rows = []
for _ in range(130):
    reference = int(random.choice(4, p=[0.4, 0.3, 0.2, 0.1]))
    weights = numpy.exp(random.normal(size=4) + 1.4 * (numpy.arange(4) == reference))
    p = [round(x, 4) for x in weights / weights.sum()]
    p[3] = round(1 - sum(p[:3]), 4)
    rows.append([reference, *p])
write("classification_classes.csv", ["reference", "p0", "p1", "p2", "p3"], rows)

reference = random.random((60, 5)) < [0.5, 0.3, 0.2, 0.4, 0.1]
scores = numpy.round(numpy.clip(random.normal(0.35 + 0.3 * reference, 0.2), 0, 1), 3)
write("classification_labels.csv", [f"r{i}" for i in range(5)] + [f"s{i}" for i in range(5)],
      [[*map(int, r), *s] for r, s in zip(reference, scores)])

volume = numpy.exp(random.normal(3, 0.6, 45))
rows = [["volumes", round(v, 3), round(v * 1.05 + 1.2 + random.normal() * 2.5, 3)] for v in volume]
count = random.poisson(4, 70)
rows += [["counts", int(c), int(max(0, c + random.integers(-2, 3)))] for c in count]
write("regression_pairs.csv", ["set", "reference", "predicted"], rows)

subject = random.normal(50, 8, 14)
write("regression_ratings.csv", ["r0", "r1", "r2", "r3"],
      [[round(s + shift + random.normal() * 4, 2) for shift in (0, 2, -1, 4)] for s in subject])
