#!/usr/bin/env python3
"""Writes classification_python.csv: what scikit-learn (1.9), statsmodels (0.15), scipy (1.17) and pingouin (0.7) say
about the cases that classification_inputs.py made, and bootstrap_scipy.csv, a bootstrap distribution with its BCa
interval. Needs these four from PyPI in a virtual environment; run in this folder."""
import csv
import warnings

import numpy
import pandas
import pingouin
import scipy.stats
import sklearn.metrics as sk
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import confint_proportions_2indep

rows = []


def say(peer, name, quantity, value):
    rows.append([peer, name, quantity, repr(float(value))])


binary = pandas.read_csv("classification_binary.csv")
for name, cases in binary.groupby("set", sort=False):
    y, p, q = (cases[c].to_numpy() for c in ("positive", "first", "second"))
    say("sklearn", name, "auroc", sk.roc_auc_score(y, p))
    say("sklearn", name, "auroc_second", sk.roc_auc_score(y, q))
    say("sklearn", name, "average_precision", sk.average_precision_score(y, p))
    precision, recall, _ = sk.precision_recall_curve(y, p)
    say("sklearn", name, "auprc_trapezoid", sk.auc(recall, precision))
    say("sklearn", name, "brier", sk.brier_score_loss(y, p))
    say("sklearn", name, "log_loss", sk.log_loss(y, p))
    fpr, tpr, _ = sk.roc_curve(y, p)
    say("sklearn", name, "largest_youden", max(tpr - fpr))
    called, second = p >= 0.5, q >= 0.5
    tn, fp, fn, tp = sk.confusion_matrix(y, called).ravel()
    say("sklearn", name, "f1", sk.f1_score(y, called))
    say("sklearn", name, "mcc", sk.matthews_corrcoef(y, called))
    say("sklearn", name, "balanced_accuracy", sk.balanced_accuracy_score(y, called))
    low, high = confint_proportions_2indep(tp, tp + fn, fp, fp + tn, method="newcomb", compare="diff")
    say("statsmodels", name, "youden_low", low)
    say("statsmodels", name, "youden_high", high)
    lr = sk.class_likelihood_ratios(y, called)
    say("sklearn", name, "lr_positive", lr[0])
    say("sklearn", name, "lr_negative", lr[1])
    x = numpy.log(p / (1 - p))
    logit = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-15, maxiter=200)
    for i, what in enumerate(("intercept", "slope")):
        say("statsmodels", name, what, logit.params[i])
        say("statsmodels", name, what + "_se", logit.bse[i])
        say("statsmodels", name, what + "_low", logit.conf_int()[i][0])
    large = sm.GLM(y, numpy.ones(len(y)), offset=x, family=sm.families.Binomial()).fit(tol=1e-14, tol_criterion="params", maxiter=200)
    say("statsmodels", name, "in_the_large", large.params[0])
    say("statsmodels", name, "in_the_large_se", large.bse[0])
    right, right2 = called == y, second == y
    b, c = int((right & ~right2).sum()), int((~right & right2).sum())
    say("statsmodels", name, "mcnemar_exact", mcnemar([[0, b], [c, 0]], exact=True).pvalue)
    bins = numpy.minimum((p * 15).astype(int), 14)
    ece = sum(abs(p[bins == k].sum() - y[bins == k].sum()) for k in range(15)) / len(y)
    say("numpy", name, "ece", ece)

classes = pandas.read_csv("classification_classes.csv")
y = classes["reference"].to_numpy()
p = classes[["p0", "p1", "p2", "p3"]].to_numpy()
p = p / p.sum(axis=1, keepdims=True)  # scikit-learn insists on sums of 1 to the last bits
called = p.argmax(axis=1)
for average in ("macro", "micro", "weighted"):
    say("sklearn", "classes", f"f1_{average}", sk.f1_score(y, called, average=average))
say("sklearn", "classes", "mcc", sk.matthews_corrcoef(y, called))
say("sklearn", "classes", "balanced_accuracy", sk.balanced_accuracy_score(y, called))
for weights in (None, "linear", "quadratic"):
    say("sklearn", "classes", f"kappa_{weights or 'none'}", sk.cohen_kappa_score(y, called, weights=weights))
    ours = cohens_kappa(sk.confusion_matrix(y, called), wt={None: None, "linear": "linear", "quadratic": "quadratic"}[weights])
    say("statsmodels", "classes", f"kappa_{weights or 'none'}_se", ours.std_kappa)
say("sklearn", "classes", "log_loss", sk.log_loss(y, p))
say("sklearn", "classes", "brier", sk.brier_score_loss(y, p, scale_by_half=False, labels=[0, 1, 2, 3]))
for average in ("macro", "weighted"):
    say("sklearn", "classes", f"auroc_ovr_{average}", sk.roc_auc_score(y, p, multi_class="ovr", average=average))
say("sklearn", "classes", "auroc_ovo", sk.roc_auc_score(y, p, multi_class="ovo", average="macro"))
for k in (1, 2, 3):
    say("sklearn", "classes", f"top_{k}", sk.top_k_accuracy_score(y, p, k=k))

labels = pandas.read_csv("classification_labels.csv")
y = labels[[f"r{i}" for i in range(5)]].to_numpy()
s = labels[[f"s{i}" for i in range(5)]].to_numpy()
called = (s >= 0.5).astype(int)
for average in ("macro", "micro"):
    say("sklearn", "labels", f"f1_{average}", sk.f1_score(y, called, average=average))
say("sklearn", "labels", "subset_accuracy", sk.accuracy_score(y, called))
say("sklearn", "labels", "hamming", sk.hamming_loss(y, called))
say("sklearn", "labels", "auroc_macro", sk.roc_auc_score(y, s, average="macro"))

for name, pairs in pandas.read_csv("regression_pairs.csv").groupby("set", sort=False):
    x, y = pairs["reference"].to_numpy(float), pairs["predicted"].to_numpy(float)
    say("sklearn", name, "mae", sk.mean_absolute_error(x, y))
    say("sklearn", name, "rmse", sk.root_mean_squared_error(x, y))
    say("sklearn", name, "r2", sk.r2_score(x, y))
    say("scipy", name, "spearman", scipy.stats.spearmanr(x, y).statistic)
    pearson = scipy.stats.pearsonr(x, y)
    say("scipy", name, "pearson", pearson.statistic)
    say("scipy", name, "pearson_low", pearson.confidence_interval().low)
    low, high = scipy.stats.ttest_1samp(y - x, 0).confidence_interval()
    say("scipy", name, "bias", (y - x).mean())
    say("scipy", name, "bias_low", low)

ratings = pandas.read_csv("regression_ratings.csv")
long = ratings.reset_index().melt("index", var_name="rater")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pingouin.options["round.column.CI95"] = 15
    icc = pingouin.intraclass_corr(long, targets="index", raters="rater", ratings="value").set_index("Type")
for form in ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)"):
    say("pingouin", "ratings", form, icc.loc[form, "ICC"])
    say("pingouin", "ratings", form + "_low", icc.loc[form, "CI95"][0])
    say("pingouin", "ratings", form + "_high", icc.loc[form, "CI95"][1])

with open("classification_python.csv", "w", newline="", encoding="ascii") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["peer", "set", "quantity", "value"])
    writer.writerows(rows)

sample = numpy.round(numpy.random.default_rng(5).lognormal(0, 1, 25), 4)
result = scipy.stats.bootstrap((sample,), numpy.mean, n_resamples=400, method="BCa", rng=numpy.random.default_rng(7))
plain = scipy.stats.bootstrap((sample,), numpy.mean, n_resamples=0, method="percentile", bootstrap_result=result)
with open("bootstrap_scipy.csv", "w", newline="", encoding="ascii") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["kind", "value"])
    writer.writerows(["case", repr(float(x))] for x in sample)
    writer.writerows(["replicate", repr(float(x))] for x in result.bootstrap_distribution)
    for kind, interval in (("bca", result), ("percentile", plain)):
        writer.writerow([kind + "_low", repr(float(interval.confidence_interval.low))])
        writer.writerow([kind + "_high", repr(float(interval.confidence_interval.high))])
    writer.writerow(["se", repr(float(result.standard_error))])
