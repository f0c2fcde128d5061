#!/usr/bin/env Rscript
# Writes classification_r.csv: what R's pROC (DeLong's test), epiR (likelihood ratios, Lin's concordance) say about the
# cases that classification_inputs.py made. Needs r-cran-proc and r-cran-epir (Debian 12); run in this folder.
suppressMessages({ library(pROC); library(epiR) })
rows <- list()
# Left out: the interval of a likelihood ratio of 0, where epiR gives 0 to NaN and we none.
say <- function(peer, set, quantity, value)
  rows[[length(rows) + 1]] <<- c(peer, set, quantity, sprintf("%.17g", as.numeric(value)))
binary <- read.csv("classification_binary.csv")
for (set in unique(binary$set)) {
  d <- binary[binary$set == set, ]
  a <- roc(d$positive, d$first, direction = "<", quiet = TRUE)
  b <- roc(d$positive, d$second, direction = "<", quiet = TRUE)
  t <- roc.test(a, b, method = "delong", paired = TRUE)
  say("pROC", set, "auroc", auc(a)); say("pROC", set, "auroc_second", auc(b))
  say("pROC", set, "auroc_se", sqrt(var(a))); say("pROC", set, "auroc_second_se", sqrt(var(b)))
  say("pROC", set, "delong_z", t$statistic); say("pROC", set, "delong_p", t$p.value)
  say("pROC", set, "delong_low", t$conf.int[1]); say("pROC", set, "delong_high", t$conf.int[2])
  called <- d$first >= 0.5
  table <- as.table(matrix(c(sum(called & d$positive), sum(!called & d$positive),
                             sum(called & !d$positive), sum(!called & !d$positive)), nrow = 2))
  e <- epi.tests(table)$detail
  for (what in c("lr.pos", "lr.neg")) {
    row <- e[e$statistic == what, ]
    say("epiR", set, what, row$est)
    if (row$est > 0) { say("epiR", set, paste0(what, "_low"), row$lower); say("epiR", set, paste0(what, "_high"), row$upper) }
  }
}
pairs <- read.csv("regression_pairs.csv")
for (set in unique(pairs$set)) {
  d <- pairs[pairs$set == set, ]
  c <- epi.ccc(d$reference, d$predicted, ci = "z-transform", conf.level = 0.95)$rho.c
  say("epiR", set, "ccc", c$est); say("epiR", set, "ccc_low", c$lower); say("epiR", set, "ccc_high", c$upper)
}
out <- do.call(rbind, rows)
colnames(out) <- c("peer", "set", "quantity", "value")
write.csv(out, "classification_r.csv", row.names = FALSE, quote = FALSE)
