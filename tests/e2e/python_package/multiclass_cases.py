"""Several classes or labels a case: figures against scikit-learn and statsmodels (committed values), and edge cases."""
import medperf_metrics as mm
import numpy as np
from checks import done, expect, near, refused, rows

table = rows("classification_classes")
reference = np.array([int(row["reference"]) for row in table])
probabilities = np.array([[float(row[f"p{k}"]) for k in range(4)] for row in table])
called = probabilities.argmax(axis=1)
found, proper = mm.classes(called, reference), mm.multiclass(probabilities, reference)
near("the reference's probabilities add up", float(probabilities.sum(axis=1).min()), 1, 1e-3)
for row in rows("classification_python", set="classes"):
    quantity = row["quantity"]
    names = {"mcc": found.mcc, "balanced_accuracy": found.balanced_accuracy, "kappa_none": found.kappa, "kappa_linear": found.kappa_linear,
             "kappa_quadratic": found.kappa_quadratic, "log_loss": proper.log_loss, "brier": proper.brier,
             "auroc_ovr_macro": proper.auroc_macro, "auroc_ovr_weighted": proper.auroc_weighted, "auroc_ovo": proper.auroc_hand_till,
             **{f"f1_{a}": getattr(found, f"f1_{a}") for a in ("macro", "micro", "weighted")},
             **{f"top_{k}": mm.multiclass(probabilities, reference, top_k=k).top_k_accuracy for k in (1, 2, 3)}}
    ours = names[quantity.removesuffix("_se")]
    near(f"{quantity} of {row['peer']}", ours.se if quantity.endswith("_se") else ours.value, float(row["value"]), 1e-4 if "loss" in quantity
         or "brier" in quantity else 1e-9)
counted = np.zeros((4, 4), int)
np.add.at(counted, (reference, called), 1)
expect("rows of the matrix are the reference", found.matrix.shape == (4, 4) and (found.matrix == counted).all(), found.matrix)
expect("each class against the rest", found.classes[2].tp == counted[2, 2] and found.classes[2].fn == counted[2].sum() - counted[2, 2])
near("a class's own figure", mm.binary_counts(*vars(found.classes[1]).values()).sensitivity.value, counted[1, 1] / counted[1].sum(), 1e-15)

many = rows("classification_labels")
present = np.array([[int(row[f"r{k}"]) for k in range(5)] for row in many])
scores = np.array([[float(row[f"s{k}"]) for k in range(5)] for row in many])
of_labels = mm.multilabel(scores, present)
expect("tables in Fortran order are the same", mm.multilabel(np.asfortranarray(scores), np.asfortranarray(present)) == of_labels
       and mm.multiclass(np.asfortranarray(probabilities), reference) == proper)
for row in rows("classification_python", set="labels"):
    name = {"hamming": "hamming_loss"}.get(row["quantity"], row["quantity"])
    near(f"labels: {row['quantity']} of sklearn", getattr(of_labels, name).value, float(row["value"]))

expect("no class beyond the largest", mm.classes([0, 1], [1, 1]).matrix.tolist() == [[0, 0], [1, 1]])
expect("classes that nobody has are left out, by a flag", mm.classes([0, 1], [0, 1], classes=3).f1_macro.flag == "classes_left_out")
expect("one case", mm.classes([1], [1]).accuracy.value == 1 and mm.classes([1], [1]).kappa.value is None)
expect("no case", mm.classes([], []).accuracy.flag == "no_cases" and mm.multiclass(np.zeros((0, 3)), []).brier.value is None)
expect("a class without a case has no area", mm.multiclass([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], [0, 1]).auroc_macro.flag == "class_missing")
expect("patients with several cases: no interval", mm.classes([0, 1], [0, 1], patients=["a", "a"]).accuracy.flag == "patients_repeat")
expect("floats that are whole are classes", mm.classes([0.0, 1.0], np.array([0, 1], np.uint8)) == mm.classes([0, 1], [0, 1]))
for what, argument, f in (
        ("half a class", "predicted", lambda: mm.classes([0.5], [0])),
        ("a class below 0", "predicted", lambda: mm.classes([-1], [0])),
        ("a class beyond the number of classes", "reference", lambda: mm.classes([0, 1], [0, 3], classes=2)),
        ("a class of 2^63", "predicted", lambda: mm.classes(np.array([2**63], np.uint64), [0])),
        ("one class only", "classes", lambda: mm.classes([0], [0], classes=1)),
        ("a hundred thousand classes", "classes", lambda: mm.classes([100_000], [0])),
        ("lists of different length", "reference", lambda: mm.classes([0, 1], [0])),
        ("rows that do not add up", "probabilities", lambda: mm.multiclass([[0.5, 0.6]], [0])),
        ("a probability of NaN", "probabilities", lambda: mm.multiclass([[float("nan"), 1.0]], [0])),
        ("a list of probabilities", "probabilities", lambda: mm.multiclass([0.5, 0.5], [0])),
        ("fewer references than rows", "reference", lambda: mm.multiclass([[0.5, 0.5], [0.5, 0.5]], [0])),
        ("a reference beyond the columns", "reference", lambda: mm.multiclass([[0.5, 0.5]], [2])),
        ("the top three of two", "top_k", lambda: mm.multiclass([[0.5, 0.5]], [0], top_k=3)),
        ("a table without columns", "classes", lambda: mm.multiclass(np.zeros((2, 0)), [0, 0])),
        ("labels without columns", "columns", lambda: mm.multilabel(np.zeros((2, 0)), np.zeros((2, 0)))),
        ("a label of 2", "labels", lambda: mm.multilabel([[0.5]], [[2]]))):
    refused(what, argument, f)
done()
