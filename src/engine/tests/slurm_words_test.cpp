// What Slurm is told and what is read from its answers.
#include "engine/scheduler/slurm_words.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/scheduler/job_usage.h"

namespace medperf::engine {
namespace {

TEST(SlurmWords, ATaskAsksForWhatItsLimitsSay) {
  Job job;
  job.spec.limits.cpus = 1.5;
  job.spec.limits.memory = mebibytes(512);
  job.spec.gpus = "2";
  job.spec.limits.wall = Seconds(90);
  const SlurmTaskSize size = task_size(job, Seconds(60));
  EXPECT_EQ(size.cpus, 2);
  EXPECT_EQ(size.memory_mib, 512U + 256U);
  EXPECT_EQ(size.minutes, 3U) << "rounded up";
  EXPECT_EQ(size.gpus, 2);
  const auto words = sbatch_words({"medperf-ab", 40, size, "/w/batches", "/w/batches/x.sh"},
                                  {"gpu", "clinic", "night", {"--reservation=trial"}});
  for (const char* word : {"--array=0-39", "--requeue", "--mem=768M", "--cpus-per-task=2",
                           "--time=3", "--partition=gpu", "--account=clinic", "--qos=night",
                           "--reservation=trial", "--gres=gpu:2", "--export=ALL"}) {
    EXPECT_NE(std::find(words.begin(), words.end(), word), words.end()) << word;
  }
  EXPECT_EQ(words.back(), "/w/batches/x.sh");
}

TEST(SlurmWords, WhatSlurmWillNeverTakeIsToldFromItsTroubles) {
  EXPECT_EQ(refusal_reason("sbatch: error: Batch job submission failed: Invalid generic resource "
                           "(gres) specification"),
            "Invalid generic resource (gres) specification");
  EXPECT_EQ(refusal_reason("Batch job submission failed: Unable to contact slurm controller"), "");
  EXPECT_NE(refusal_advice({1, 768, 3, 2}).find("--gres=gpu:2"), std::string::npos);
  EXPECT_EQ(refusal_advice({1, 768, 3, 0}).find("gpu"), std::string::npos);
}

TEST(JobUsage, IsReadFromTheAccounting) {
  const auto found = parse_accounting(
      "7_0|COMPLETED|12|00:10.250||n2\n7_0.batch|COMPLETED|12|00:10.250|310000K|n2\n"
      "7_1|RUNNING|3|00:00:00||n1\n7_2|CANCELLED by 0|0|00:00:00||None assigned\n"
      "7_[3-4]|PENDING|0|00:00:00||None assigned\ngarbage|x\n");
  ASSERT_EQ(found.size(), 2U) << "what is over";
  const JobUsage& whole = found.at("7_0");
  EXPECT_EQ(whole.node, "n2");
  EXPECT_EQ(whole.elapsed, Seconds(12));
  EXPECT_NEAR(whole.cpu->count(), 10.25, 1e-9);
  EXPECT_EQ(*whole.peak_memory, Bytes{310000U << 10});
  EXPECT_EQ(usage_text(to_json(whole)),
            "Slurm job 7_0 on n2: 12 s, 10.2 s of CPU, at least 317.4 MB (sacct)");
  const JobUsage& cancelled = found.at("7_2");
  EXPECT_EQ(cancelled.state, "CANCELLED");
  EXPECT_TRUE(cancelled.node.empty());
  EXPECT_FALSE(cancelled.cpu.has_value()) << "nothing was gathered: unknown, not none";
}

TEST(JobUsage, OrFromTheController) {
  const auto found = parse_controller(
      "JobId=9 ArrayJobId=8 ArrayTaskId=1 JobName=medperf-a JobState=COMPLETED RunTime=1-00:00:02 "
      "NodeList=n3\nJobId=10 ArrayJobId=8 ArrayTaskId=2 JobState=COMPLETING RunTime=00:00:02\n"
      "JobId=11 JobState=COMPLETED RunTime=00:00:09\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.at("8_1").elapsed, Seconds(86402));
  EXPECT_EQ(found.at("8_1").source, UsageSource::kController);
  EXPECT_FALSE(found.at("8_1").peak_memory.has_value());
}

TEST(JobUsage, NumbersOfSlurm) {
  EXPECT_EQ(slurm_duration("01:02:03").value(), Seconds(3723));
  EXPECT_NEAR(slurm_duration("02:03.5")->count(), 123.5, 1e-9);
  EXPECT_FALSE(slurm_duration("12").has_value());
  EXPECT_FALSE(slurm_duration("UNLIMITED").has_value());
  EXPECT_EQ(slurm_bytes("1.5G").value(), Bytes{3U << 29});
  EXPECT_EQ(slurm_bytes("12").value(), Bytes{12});
  EXPECT_FALSE(slurm_bytes("").has_value());
  EXPECT_FALSE(slurm_bytes("many").has_value());
}

TEST(SlurmWords, TheScriptQuotesForTheShell) {
  const std::string text = batch_script({"/opt/a b/medperf", "it's", "$(reboot)"}, {{"P", "x'y"}});
  EXPECT_EQ(text,
            "#!/bin/sh\nexport P='x'\\''y'\nexec '/opt/a b/medperf' 'it'\\''s' '$(reboot)'\n");
}

TEST(SlurmWords, AnswersAreRead) {
  EXPECT_EQ(batch_number("123\n"), "123");
  EXPECT_EQ(batch_number("123;main\n"), "123");
  EXPECT_EQ(batch_number("Submitted batch job 123"), "");
  const auto queue = parse_queue(
      "medperf-a|0|RUNNING|None\nmedperf-a|12|PENDING|launch failed requeued held\n"
      "other|N/A|RUNNING|None\nslurm_load_jobs error\n");
  ASSERT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.at("medperf-a").at(0).state, "RUNNING");
  EXPECT_FALSE(queue.at("medperf-a").at(0).held());
  EXPECT_TRUE(queue.at("medperf-a").at(12).held());
  EXPECT_EQ(job_state("JobId=7 JobName=x UserId=root(0) JobState=NODE_FAIL Reason=NodeDown"),
            "NODE_FAIL");
  EXPECT_EQ(job_state("slurm_load_jobs error: Invalid job id specified"), "");
  EXPECT_EQ(accounted_state("CANCELLED by 0\nCANCELLED\n"), "CANCELLED");
}

}  // namespace
}  // namespace medperf::engine
