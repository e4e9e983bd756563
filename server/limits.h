// Every limit of the server: its name, its default and the reason for it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tributary::server {

// One value for each row of AllLimits(), where the reasons stand. Fixed once the server runs.
struct Limits {
  // Requests.
  std::uint64_t request_message_size_max = 4u << 20;
  std::uint64_t inline_edge_count_max = 4096;
  std::uint64_t stream_block_edge_count_max = 8192;
  std::uint64_t details_size_max = 64u << 10;
  std::uint64_t ingest_batch_fact_count_max = 10'000;
  std::uint64_t ingest_batch_in_flight_max = 4;

  // Answers.
  std::uint64_t response_message_size_max = 4u << 20;
  std::uint64_t page_size_max = 10'000;
  std::uint64_t page_size_default = 1'000;
  std::uint64_t edge_page_size_max = 50'000;
  std::uint64_t edge_page_size_default = 10'000;
  std::uint64_t attribution_line_count_max = 10'000;
  std::uint64_t attribute_batch_asset_count_max = 10'000;
  std::uint64_t path_count_max = 100;
  std::uint64_t path_edge_count_max = 4'096;
  std::uint64_t path_work_max = 1u << 25;

  // Walks.
  std::uint64_t walk_asset_count_max = 16'777'216;
  std::uint64_t walk_edge_count_max = 67'108'864;
  std::uint64_t walk_memory_size_max = std::uint64_t{2} << 30;
  std::uint64_t check_walk_count_max = 4;

  // Sales and statements; graph/settlement says what they bound.
  std::uint64_t sale_count_max = 16'777'216;
  std::uint64_t change_count_max = 1'048'576;
  std::uint64_t figure_count_max = 33'554'432;
  std::uint64_t hold_count_max = 65'536;
  std::uint64_t line_count_max = 16'777'216;
  std::uint64_t visit_count_max = std::uint64_t{1} << 36;

  // Each ledger; storage/ledger.h says what they bound.
  std::uint64_t queue_fact_count_max = 100'000;
  std::uint64_t queue_byte_count_max = 256u << 20;
  std::uint64_t cycle_test_asset_count_max = 5'000'000;
  std::uint64_t clock_jump_ms_max = 3'600'000;
  std::uint64_t edge_cache_size = 512u << 20;
  std::uint64_t asset_id_cache_size = 512u << 20;
  std::uint64_t asset_head_cache_size = 256u << 20;
  std::uint64_t holder_cache_size = 256u << 20;
  std::uint64_t block_cache_size = 256u << 20;

  // What the machine must have left.
  std::uint64_t free_space_min = std::uint64_t{1} << 30;
  std::uint64_t connection_file_count = 256;

  // Work in the process.
  std::uint64_t worker_count = 4;
  std::uint64_t worker_queue_max = 1'024;
  std::uint64_t writer_count = 32;
  std::uint64_t writer_queue_max = 1'024;
  std::uint64_t stream_call_max = 32;
  std::uint64_t concurrent_streams_max = 100;
  std::uint64_t default_deadline_ms = 30'000;
  std::uint64_t stream_deadline_ms = 3'600'000;
  std::uint64_t shutdown_grace_ms = 30'000;
};

// One limit, for configuration and for people.
struct LimitInfo {
  std::string_view name;  // as in the configuration file and in error messages
  std::uint64_t Limits::*value;
  std::uint64_t value_min;
  std::uint64_t value_max;
  std::string_view reason;
};

std::span<const LimitInfo> AllLimits();

// Sets one limit by its name.
// Errors: kInvalidArgument, there is no such limit or the value is out of its range.
absl::Status SetLimit(std::string_view name, std::uint64_t value, Limits* limits);

// RESOURCE_EXHAUSTED: "<field>: found <found>; allowed: at most <value> (limit <name>)".
absl::Status LimitExceeded(std::string_view field, std::uint64_t found, std::string_view limit_name,
                           std::uint64_t value);

}  // namespace tributary::server
