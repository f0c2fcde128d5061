# Writes meta_metafor.csv: what metafor says about the sets of meta_inputs.csv.
# Run in this folder on Debian 12 with r-base-core and r-cran-metafor (3.8-1):  Rscript meta_metafor.R
suppressMessages(library(metafor))
inputs <- read.csv("meta_inputs.csv", stringsAsFactors = FALSE)
exact <- list(threshold = 1e-14, maxiter = 100000, tol = 1e-13)
rows <- list()
note <- function(set, estimator, interval, quantity, values) {
  for (i in seq_along(values))
    rows[[length(rows) + 1]] <<- sprintf("metafor,%s,%s,%s,%s,%d,%.17g", set, estimator, interval, quantity, i - 1, values[i])
}
studies <- function(part) {
  if (part$kind[1] == "proportion")
    return(escalc(measure = "PLO", xi = part$events, ni = part$total, add = 1/2, to = "only0"))
  if (part$scale[1] == "logit")
    return(data.frame(yi = qlogis(part$value), vi = (part$se / (part$value * (1 - part$value)))^2))
  data.frame(yi = part$value, vi = part$se^2)
}
for (set in unique(inputs$set)) {
  data <- studies(inputs[inputs$set == set, ])
  note(set, "-", "-", "effect", data$yi)
  note(set, "-", "-", "variance", data$vi)
  for (estimator in c("REML", "DL", "PM", "EE")) for (interval in c("knha", "z")) {
    if (estimator == "EE" && interval == "knha") next
    fit <- rma(yi, vi, data = data, method = estimator, test = interval, control = exact)
    say <- function(quantity, values) note(set, estimator, interval, quantity, values)
    say("mean", coef(fit)); say("se", fit$se); say("low", fit$ci.lb); say("high", fit$ci.ub)
    say("weights", weights(fit) / 100)
    if (estimator != "EE") {
      forecast <- predict(fit)
      say("tau2", fit$tau2); say("i2", fit$I2 / 100); say("h2", fit$H2)
      say("prediction_low", forecast$pi.lb); say("prediction_high", forecast$pi.ub)
    }
    if (estimator == "REML" && interval == "knha" && nrow(data) > 2)
      say("leave_one_out", leave1out(fit)$estimate)
  }
  fit <- rma(yi, vi, data = data, method = "DL", control = exact)
  profile <- confint(fit, control = list(tol = 1e-12, tau2.max = 1e6))$random["tau^2", ]
  note(set, "-", "-", "q", fit$QE); note(set, "-", "-", "q_p", fit$QEp)
  note(set, "-", "-", "tau2_low", profile["ci.lb"]); note(set, "-", "-", "tau2_high", profile["ci.ub"])
}
writeLines(c("peer,set,estimator,interval,quantity,index,value", unlist(rows)), "meta_metafor.csv")
