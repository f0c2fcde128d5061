#include "hub/options.h"

namespace medperf::hub {

namespace {

constexpr Option kOptions[] = {
    {"data", OptionType::kPath, "", "", "MEDPERF_HUB_DATA", false,
     "Folder that database.file and auth.signing_key lie in. Empty: that of the configuration."},
    {"http.address", OptionType::kText, "", "127.0.0.1", "MEDPERF_HUB_HTTP_ADDRESS", false,
     "Address to listen on."},
    {"http.port", OptionType::kInteger, "", "8443", "MEDPERF_HUB_HTTP_PORT", false,
     "Port to listen on; 0 takes any free one."},
    {"http.certificate", OptionType::kPath, "", "", "MEDPERF_HUB_HTTP_CERTIFICATE", false,
     "Certificate chain (PEM). Empty: plain HTTP, on a loopback address only."},
    {"http.private_key", OptionType::kPath, "", "", "MEDPERF_HUB_HTTP_PRIVATE_KEY", false,
     "Private key of the certificate (PEM)."},
    {"http.workers", OptionType::kInteger, "", "16", "MEDPERF_HUB_HTTP_WORKERS", false,
     "Threads that answer requests. Writes that wait together share one sync of the disk."},
    {"http.body_limit", OptionType::kBytes, "bytes", "16 MiB", "MEDPERF_HUB_HTTP_BODY_LIMIT", false,
     "Largest body of a request."},
    {"http.drain", OptionType::kSeconds, "seconds", "10", "MEDPERF_HUB_HTTP_DRAIN", false,
     "How long running requests may take when the hub is asked to stop."},
    {"http.trust_forwarded", OptionType::kBoolean, "", "false", "MEDPERF_HUB_HTTP_TRUST_FORWARDED",
     false, "Whether X-Forwarded-Host and -Proto are believed: behind a proxy of your own only."},
    {"http.public_url", OptionType::kText, "", "", "MEDPERF_HUB_HTTP_PUBLIC_URL", false,
     "Address under which clients know this hub; statements must name it. Empty: not checked."},
    {"database.file", OptionType::kPath, "", "hub.db", "MEDPERF_HUB_DATABASE_FILE", false,
     "SQLite database, unless database.postgres is set."},
    {"database.postgres", OptionType::kText, "", "", "MEDPERF_HUB_DATABASE_POSTGRES", false,
     "libpq connection string without password (use a passfile). Empty: SQLite."},
    {"database.connections", OptionType::kInteger, "", "16", "MEDPERF_HUB_DATABASE_CONNECTIONS",
     false, "Connections to PostgreSQL, or readers of SQLite."},
    {"auth.signing_key", OptionType::kPath, "", "jwt.pem", "MEDPERF_HUB_AUTH_SIGNING_KEY", false,
     "RSA private key that signs access tokens (PEM, mode 0600)."},
    {"auth.issuer", OptionType::kText, "", "", "MEDPERF_HUB_AUTH_ISSUER", false,
     "Issuer of the hub's own tokens. Empty: the public address."},
    {"auth.audience", OptionType::kText, "", "", "MEDPERF_HUB_AUTH_AUDIENCE", false,
     "Audience of the hub's own tokens. Empty: the public address."},
    {"auth.provider_key", OptionType::kPath, "", "", "MEDPERF_HUB_AUTH_PROVIDER_KEY", false,
     "RSA public key (PEM) of an identity provider whose tokens are accepted too."},
    {"auth.provider_issuer", OptionType::kText, "", "", "MEDPERF_HUB_AUTH_PROVIDER_ISSUER", false,
     "Issuer of that provider's tokens."},
    {"auth.provider_audience", OptionType::kText, "", "", "MEDPERF_HUB_AUTH_PROVIDER_AUDIENCE",
     false, "Audience of that provider's tokens."},
    {"benchmarks.auto_approved_emails", OptionType::kText, "", "",
     "MEDPERF_HUB_AUTO_APPROVED_EMAILS", false,
     "Email addresses, separated by commas, whose benchmarks are approved at once."},
    {"training.auto_approved_emails", OptionType::kText, "", "",
     "MEDPERF_HUB_AUTO_APPROVED_TRAINING_EMAILS", false,
     "Email addresses, separated by commas, whose training experiments are approved at once."},
    {"log.level", OptionType::kText, "", "info", "MEDPERF_HUB_LOG_LEVEL", false,
     "debug, info, warning, error or off."},
    {"log.file", OptionType::kPath, "", "", "MEDPERF_HUB_LOG_FILE", false,
     "Log file; empty: standard error."},
};

}  // namespace

std::span<const Option> option_table() {
  return kOptions;
}

}  // namespace medperf::hub
