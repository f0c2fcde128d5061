"""The examples of the package's page run, line by line, on made-up cases."""
import pathlib, re

import medperf_metrics as mm
import numpy as np
from checks import done, expect

PAGE = pathlib.Path(__file__).resolve().parents[3] / "python/README.md"
rng = np.random.default_rng(2)
labels = (np.arange(200) % 3 == 0).astype(int)
probabilities = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0.01, 0.99)
reference = rng.integers(0, 5, (9, 12, 12)).astype(np.uint8)
reference[reference == 3] = 0
names = {
    "prediction": np.roll(reference, 1, axis=1), "reference": reference, "probabilities": probabilities, "labels": labels,
    "patient_ids": [f"patient {i // 2}" for i in range(200)], "sex": np.where(np.arange(200) % 2, "f", "m"),
    "called": labels, "classes_of_reference": np.arange(200) % 3, "table_of_probabilities": rng.dirichlet(np.ones(3), 200),
    "table_of_scores": rng.random((50, 4)), "table_of_labels": rng.integers(0, 2, (50, 4)),
    "predicted_ml": rng.lognormal(1, 1, 30), "reference_ml": rng.lognormal(1, 1, 30), "table_of_ratings": rng.random((20, 3)),
    **{f"model_{m}": np.clip(probabilities + rng.normal(0, 0.1, 200), 0.01, 0.99) for m in "abc"},
    "of_another_site": mm.summarise_scores([0.2, 0.7], [0, 1]), "a_is_right": labels, "b_is_right": 1 - labels, "dice": rng.random(40), "dice_a": rng.random(40), "dice_b": rng.random(40),
    "tp": [45, 88, 30, 61], "fp": [12, 30, 25, 9], "fn": [5, 22, 2, 14], "tn": [88, 170, 60, 141]}
for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
    for line in filter(None, block.splitlines()):
        try:
            exec(line, names)
            expect(line, True)
        except Exception as error:
            expect(line, False, repr(error))
shown = set(re.findall(r"mm\.(\w+)", PAGE.read_text(encoding="utf-8")))
expect("every function is shown", {name for name in mm.__all__ if name[0].islower()} <= shown | {"binary_counts", "panoptic_instances", "logit_interval", "areas", "means", "effects"},
       {name for name in mm.__all__ if name[0].islower()} - shown)
done()
