// Hashes one folder as a dataset: bench_hashing FOLDER [THREADS]. Prints one JSON object.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "site/dataset/hashes.h"

int main(int argc, char** argv) {
  using namespace medperf;
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_hashing FOLDER [THREADS]\n");
    return 2;
  }
  site::HashOptions options;
  if (argc > 2) options.threads = static_cast<unsigned>(std::atoi(argv[2]));
  const std::vector<site::DatasetRoot> roots = {{"data", argv[1]}};
  const auto start = std::chrono::steady_clock::now();
  const auto manifest = site::hash_dataset(roots, options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (!manifest.ok()) {
    std::fprintf(stderr, "%s\n", manifest.error().text().c_str());
    return 1;
  }
  const auto again = std::chrono::steady_clock::now();
  options.known = &*manifest;
  const bool known = site::hash_dataset(roots, options).ok();
  const std::chrono::duration<double> unchanged = std::chrono::steady_clock::now() - again;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"seconds\":%.6f,\"unchanged_seconds\":%.6f,\"uid\":\"%s\",\"peak_kib\":%ld}\n",
              took.count(), known ? unchanged.count() : -1.0, manifest->folder_uid().hex().c_str(),
              usage.ru_maxrss);
  return 0;
}
