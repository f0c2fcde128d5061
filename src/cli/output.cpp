#include "cli/output.h"

#include <cctype>

namespace medperf::cli {
namespace {

void write_line(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  if (!text.ends_with('\n')) std::fputc('\n', file);
  std::fflush(file);
}

}  // namespace

void Output::line(std::string_view text) const {
  write_line(json_ ? stderr : stdout, text);
}

void Output::error(std::string_view text) const {
  write_line(stderr, text);
}

void Output::result(const Json& document) const {
  if (json_) write_line(stdout, to_pretty_text(document));
}

void Output::result_line(const Json& document) const {
  if (json_) write_line(stdout, to_text(document));
}

void Output::failure(const Error& error) const {
  Error shown = error;
  // Advice is a sentence of its own after the full stop.
  if (!shown.advice.empty()) {
    shown.advice[0] =
        static_cast<char>(std::toupper(static_cast<unsigned char>(shown.advice.front())));
  }
  write_line(stderr, "medperf: " + shown.text());
  if (!json_) return;
  Json::Array fields;
  for (const FieldError& field : error.fields) {
    fields.push_back(Json::object({{"field", field.field}, {"message", field.message}}));
  }
  result(Json::object({{"error", Json::object({{"kind", to_string(error.kind)},
                                               {"where", error.where},
                                               {"what", error.what},
                                               {"advice", error.advice},
                                               {"fields", Json(std::move(fields))}})}}));
}

}  // namespace medperf::cli
