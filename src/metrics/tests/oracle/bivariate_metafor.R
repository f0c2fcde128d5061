# Writes bivariate_metafor.csv: the bivariate model by metafor's rma.mv (REML, unstructured covariance).
# Run in this folder on Debian 12 with r-base-core and r-cran-metafor (3.8-1):  Rscript bivariate_metafor.R
suppressMessages(library(metafor))
inputs <- read.csv("bivariate_inputs.csv", stringsAsFactors = FALSE)
lines <- "peer,set,quantity,value"
for (set in unique(inputs$set)) {
  part <- inputs[inputs$set == set, ]
  one <- escalc(measure = "PLO", xi = tp, ni = tp + fn, data = part, add = 1/2, to = "only0")
  two <- escalc(measure = "PLO", xi = tn, ni = tn + fp, data = part, add = 1/2, to = "only0")
  long <- data.frame(yi = c(one$yi, two$yi), vi = c(one$vi, two$vi), study = rep(seq_len(nrow(part)), 2),
                     outcome = rep(c("1sens", "2spec"), each = nrow(part)))
  fit <- NULL
  for (start in c(-0.5, 0, 0.5)) for (tolerance in c(1e-10, 1e-12, 1e-14)) {
    now <- try(rma.mv(yi, vi, mods = ~ outcome - 1, random = ~ outcome | study, struct = "UN", data = long, method = "REML",
                      control = list(optimizer = "nlminb", rel.tol = tolerance, iter.max = 5000, eval.max = 5000,
                                     rho.init = start)), silent = TRUE)
    if (!inherits(now, "try-error") && (is.null(fit) || logLik(now) > logLik(fit))) fit <- now
  }
  if (is.null(fit)) { message(set, ": metafor does not converge"); next }
  cov <- vcov(fit)
  for (q in list(c("sensitivity", fit$b[1]), c("specificity", fit$b[2]), c("se_sensitivity", fit$se[1]),
                 c("se_specificity", fit$se[2]), c("covariance", cov[1, 2]), c("tau2_sensitivity", fit$tau2[1]),
                 c("tau2_specificity", fit$tau2[2]), c("tau_covariance", fit$rho * sqrt(prod(fit$tau2))),
                 c("likelihood", logLik(fit))))
    lines <- c(lines, sprintf("metafor,%s,%s,%.17g", set, q[1], as.numeric(q[2])))
}
writeLines(lines, "bivariate_metafor.csv")
