#include "server/limits.h"

#include <algorithm>
#include <array>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/fact.h"

namespace tributary::server {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;

constexpr std::array kLimits = {
    LimitInfo{"request_message_size_max", &Limits::request_message_size_max, 64u << 10, 64u << 20,
              "bytes; holds a batch of 10,000 facts of 400 bytes; hostile bytes grow up to 27-fold "
              "when parsed, so 4 MiB may take 107 MiB"},
    LimitInfo{"inline_edge_count_max", &Limits::inline_edge_count_max, 1, kInlineEdgeCountMax,
              "edges sent with one RecordDerivation or Fact; 4,096 of 50 bytes are 200 KiB"},
    LimitInfo{"stream_block_edge_count_max", &Limits::stream_block_edge_count_max, 1, 65'536,
              "edges in one message of a derivation stream; 8,192 of 42 bytes are 340 KiB"},
    LimitInfo{"details_size_max", &Limits::details_size_max, 0, kDetailsSizeMax,
              "bytes of private details of one record: for names and contacts, not for files"},
    LimitInfo{"ingest_batch_fact_count_max", &Limits::ingest_batch_fact_count_max, 1, 100'000,
              "facts in one batch: past 10,000 a larger batch no longer commits faster"},
    LimitInfo{"ingest_batch_in_flight_max", &Limits::ingest_batch_in_flight_max, 1, 64,
              "batches read ahead of one Ingest stream; 4 of 4 MiB are 16 MiB"},
    LimitInfo{"response_message_size_max", &Limits::response_message_size_max, 64u << 10, 64u << 20,
              "bytes of an unpaged answer: what clients of gRPC accept by default"},
    LimitInfo{"page_size_max", &Limits::page_size_max, 1, 100'000,
              "rows of one page; 10,000 of 200 bytes are 2 MiB"},
    LimitInfo{"page_size_default", &Limits::page_size_default, 1, 100'000,
              "rows of one page where the request names none"},
    LimitInfo{"edge_page_size_max", &Limits::edge_page_size_max, 1, 500'000,
              "edges of one packed page; 50,000 of 42 bytes are 2 MiB"},
    LimitInfo{"edge_page_size_default", &Limits::edge_page_size_default, 1, 500'000,
              "edges of one packed page where the request names no size"},
    LimitInfo{"attribution_line_count_max", &Limits::attribution_line_count_max, 1, 100'000,
              "lines of each list of an unpacked answer; 10,000 of 60 bytes are 600 KiB; "
              "AttributeAssetStream has no such limit"},
    LimitInfo{"attribute_batch_asset_count_max", &Limits::attribute_batch_asset_count_max, 1,
              100'000, "assets of one AttributeBatch; their ids are 340 KiB"},
    LimitInfo{"path_count_max", &Limits::path_count_max, 1, 10'000,
              "paths of one ExplainPath; nobody reads more than 100"},
    LimitInfo{"path_edge_count_max", &Limits::path_edge_count_max, 1, kMillion,
              "edges of the longest path considered by ExplainPath; 100 paths of 4,096 assets are "
              "13 MB of asset ids"},
    LimitInfo{"path_work_max", &Limits::path_work_max, 1, std::uint64_t{1} << 36,
              "path weights computed by one ExplainPath; 32 Mi of 16 bytes are 512 MiB"},
    LimitInfo{"walk_asset_count_max", &Limits::walk_asset_count_max, 1, 1'000 * kMillion,
              "assets visited by one call; 16 Mi are above the largest pool of works known, 10 "
              "million"},
    LimitInfo{"walk_edge_count_max", &Limits::walk_edge_count_max, 1, 4'000 * kMillion,
              "edges visited by one call; four for each asset"},
    LimitInfo{"walk_memory_size_max", &Limits::walk_memory_size_max, 1u << 20,
              std::uint64_t{1} << 40,
              "bytes held by one walk; 2 GiB hold 16 Mi assets and 64 Mi edges"},
    LimitInfo{
        "check_walk_count_max", &Limits::check_walk_count_max, 1, 1'024,
        "walks that check sales and derivations at once, as many as workers answer reads; 4 of "
        "2 GiB are 8 GiB; further ones wait within their deadline"},
    LimitInfo{"sale_count_max", &Limits::sale_count_max, 1, 1'000 * kMillion,
              "sales of one statement; 16 Mi of some 80 bytes are 1.3 GiB"},
    LimitInfo{"change_count_max", &Limits::change_count_max, 1, 1'000 * kMillion,
              "reversals, corrections and ends of escrow that one statement looks at"},
    LimitInfo{"figure_count_max", &Limits::figure_count_max, 1, 1'000 * kMillion,
              "openings, earnings and adjustments of payees in one statement: twice "
              "line_count_max, so that what earned once can be closed again; of up to 400 bytes"},
    LimitInfo{"hold_count_max", &Limits::hold_count_max, 1, 100 * kMillion,
              "holds in force that one valuation looks at"},
    LimitInfo{"line_count_max", &Limits::line_count_max, 1, 1'000 * kMillion,
              "payees of one split or valuation; as many as a walk may have assets"},
    LimitInfo{
        "visit_count_max", &Limits::visit_count_max, 1, std::uint64_t{1} << 50,
        "assets and edges visited by all passes and flows of one valuation or sale shown: 64 Gi "
        "are some ten minutes of one core"},
    LimitInfo{"queue_fact_count_max", &Limits::queue_fact_count_max, 1, 100 * kMillion,
              "facts of one ledger that wait for its committer: about a second of its work"},
    LimitInfo{"queue_byte_count_max", &Limits::queue_byte_count_max, 1u << 20,
              std::uint64_t{1} << 40, "bytes of those facts"},
    LimitInfo{"cycle_test_asset_count_max", &Limits::cycle_test_asset_count_max, 1,
              1'000 * kMillion,
              "assets looked at by the cycle test of one derivation: a second's work"},
    LimitInfo{"clock_jump_ms_max", &Limits::clock_jump_ms_max, 1'000, 86'400'000,
              "difference between the time of day and the time since boot above which nothing is "
              "recorded: a wrong time in an append-only log can not be taken back"},
    LimitInfo{"edge_cache_size", &Limits::edge_cache_size, 1u << 20, std::uint64_t{1} << 40,
              "bytes of decoded edge lists that one ledger keeps"},
    LimitInfo{"asset_id_cache_size", &Limits::asset_id_cache_size, 1u << 20, std::uint64_t{1} << 40,
              "bytes of asset ids that one ledger keeps; 32 an asset"},
    LimitInfo{"asset_head_cache_size", &Limits::asset_head_cache_size, 1u << 20,
              std::uint64_t{1} << 40,
              "bytes that say where the newest derivation and holders of each asset of one ledger "
              "stand; 24 a log position"},
    LimitInfo{"holder_cache_size", &Limits::holder_cache_size, 1u << 20, std::uint64_t{1} << 40,
              "bytes of lists of holders that one ledger keeps, each list once"},
    LimitInfo{"block_cache_size", &Limits::block_cache_size, 1u << 20, std::uint64_t{1} << 40,
              "bytes of uncompressed RocksDB blocks that one ledger keeps"},
    LimitInfo{
        "free_space_min", &Limits::free_space_min, 0, std::uint64_t{1} << 50,
        "bytes free on a disk below which nothing more is written there: the write buffers of "
        "one ledger may take 576 MiB, its log 64 MiB, and RocksDB must not meet a full disk; "
        "0: none are kept free"},
    LimitInfo{"connection_file_count", &Limits::connection_file_count, 16, kMillion,
              "open files left for connections beside those that stores may take; gRPC has no "
              "bound on connections, and takes none any more once files ran out"},
    LimitInfo{"worker_count", &Limits::worker_count, 1, 1'024,
              "threads that answer unary reads; these compute, so two for each of two cores"},
    LimitInfo{"worker_queue_max", &Limits::worker_queue_max, 1, kMillion,
              "unary reads that wait for a worker; 1,024 of 0.1 ms wait 50 ms on two cores"},
    LimitInfo{"writer_count", &Limits::writer_count, 1, 1'024,
              "threads that record single facts; these wait for the disk together, so their "
              "number is what one fsync can carry"},
    LimitInfo{"writer_queue_max", &Limits::writer_queue_max, 1, kMillion,
              "single facts that wait for a writer"},
    LimitInfo{"stream_call_max", &Limits::stream_call_max, 1, 1'024,
              "streams open at once over all clients, each with a thread of its own"},
    LimitInfo{"concurrent_streams_max", &Limits::concurrent_streams_max, 1, 10'000,
              "calls open at once on one connection"},
    LimitInfo{"default_deadline_ms", &Limits::default_deadline_ms, 1, 86'400'000,
              "longest a unary call may take, and its deadline if the client sets none"},
    LimitInfo{"stream_deadline_ms", &Limits::stream_deadline_ms, 1, 86'400'000,
              "longest a stream may take: an hour imports a billion edges"},
    LimitInfo{"shutdown_grace_ms", &Limits::shutdown_grace_ms, 0, 3'600'000,
              "longest that calls already accepted may go on after SIGTERM"},
};

}  // namespace

std::span<const LimitInfo> AllLimits() { return kLimits; }

absl::Status SetLimit(std::string_view name, std::uint64_t value, Limits* limits) {
  const auto found = std::find_if(kLimits.begin(), kLimits.end(),
                                  [name](const LimitInfo& limit) { return limit.name == name; });
  if (found == kLimits.end()) {
    return InvalidField("limits", Quoted(name), "a name that --print-limits lists");
  }
  if (value < found->value_min || value > found->value_max) {
    return InvalidField(StrCat("limits.", name), StrCat(value),
                        StrCat(found->value_min, " to ", found->value_max));
  }
  limits->*(found->value) = value;
  return absl::OkStatus();
}

absl::Status LimitExceeded(std::string_view field, std::uint64_t found, std::string_view limit_name,
                           std::uint64_t value) {
  return FieldError(absl::StatusCode::kResourceExhausted, field, StrCat(found),
                    StrCat("at most ", value, " (limit ", limit_name, ")"));
}

}  // namespace tributary::server
