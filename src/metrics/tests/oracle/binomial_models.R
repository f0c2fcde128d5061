# Writes binomial_models.csv: the one-stage model by metafor's rma.glmm (which fits with lme4), with 25 points of adaptive
# quadrature and tight tolerances. Run in this folder on Debian 12 with r-base-core, r-cran-metafor (3.8-1) and
# r-cran-lme4 (1.1-31):  Rscript binomial_models.R
suppressMessages({library(metafor); library(lme4)})
inputs <- read.csv("binomial_inputs.csv", stringsAsFactors = FALSE)
lines <- "peer,set,quantity,value"
for (set in unique(inputs$set)) {
  part <- inputs[inputs$set == set, ]
  part$study <- factor(seq_len(nrow(part)))
  fit <- rma.glmm(measure = "PLO", xi = events, ni = total, data = part, nAGQ = 25, method = "ML",
                  control = list(package = "lme4", optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))
  for (q in list(c("effect", fit$beta), c("tau2", fit$tau2), c("se", fit$se)))
    lines <- c(lines, sprintf("metafor,%s,%s,%.17g", set, q[1], as.numeric(q[2])))
}
writeLines(lines, "binomial_models.csv")
