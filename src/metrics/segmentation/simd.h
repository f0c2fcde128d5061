#pragma once
// Which instruction set the kernels of this folder use. Everything is built for the baseline of the
// architecture; kernels for newer ones are compiled beside it and chosen when the program runs.

#include <span>
#include <string_view>

namespace medperf::metrics {

enum class Simd { kBaseline, kAvx2, kAvx512 };

std::string_view to_string(Simd simd);

/// The newest set that this machine has; found once.
Simd best_simd();

/// All that this machine has, kBaseline first. They give the same results bit for bit.
std::span<const Simd> available_simd();

}  // namespace medperf::metrics
