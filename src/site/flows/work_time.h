#pragma once
// Where the time of one model's work went, measured piece by piece: pieces of several models take
// turns, and runs go on beside each other.

#include <chrono>

#include "site/site.h"

namespace medperf::site {

struct WorkTime {
  Seconds engine{0};  ///< the engine's own processes, added up
  Seconds gate{0};    ///< fetching, verifying and inspecting the image
  Seconds own{0};     ///< the platform's: all but engine, gate and person
  Seconds wall{0};    ///< all of it; waiting for a turn is not counted
  WorkTime& operator+=(const WorkTime& other) {
    engine += other.engine;
    gate += other.gate;
    own += other.own;
    wall += other.wall;
    return *this;
  }
};

/// Adds the time of its own life to a sum. Lives in the thread of the command, while no scheduled
/// run goes on.
class WorkTimer {
 public:
  WorkTimer(const Site& site, WorkTime& sum)
      : site_(site), sum_(sum), before_(site.spent()), start_(std::chrono::steady_clock::now()) {}
  ~WorkTimer() {
    const TimeSpent& now = site_.spent();
    WorkTime piece;
    piece.wall = std::chrono::steady_clock::now() - start_;
    piece.engine = now.engine - before_.engine;
    piece.gate = now.gate - before_.gate;
    piece.own = piece.wall - piece.engine - piece.gate - (now.person - before_.person);
    sum_ += piece;
  }
  WorkTimer(const WorkTimer&) = delete;
  WorkTimer& operator=(const WorkTimer&) = delete;

 private:
  const Site& site_;
  WorkTime& sum_;
  TimeSpent before_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace medperf::site
