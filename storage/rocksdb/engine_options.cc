#include "storage/rocksdb/engine_options.h"

#include "rocksdb/cache.h"
#include "rocksdb/file_checksum.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace tributary::rocksdb_engine {
namespace {

constexpr int kBackgroundJobCountMax = 2;
constexpr std::uint64_t kWalSizeMax = 64u << 20;   // bounds the time of a restart
constexpr std::size_t kInfoLogSizeMax = 4u << 20;  // bytes of one info log file
constexpr std::size_t kInfoLogCountMax = 4;
constexpr double kMemtableBloomRatio = 0.1;  // of a write buffer's bytes
constexpr double kBloomBitsPerKey = 10;      // 1 % of absent keys cost a block read

void ForbidSilentRecovery(rocksdb::DBOptions& db) {
  // A torn tail is what a power cut leaves, so recovery must accept it; that nothing acknowledged
  // was lost is shown by the anchor, not by RocksDB.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.best_efforts_recovery = false;  // may answer with an empty database
  db.max_bgerror_resume_count = 0;   // an error ends the writer; see also the event listener
  db.fail_if_options_file_error = true;
  db.paranoid_checks = true;
  db.flush_verify_memtable_count = true;
  db.verify_sst_unique_id_in_manifest = true;
  db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  db.write_dbid_to_manifest = true;
}

void AvoidKnownDefects(rocksdb::DBOptions& db) {
  // Each of these has a data-loss or hang defect in RocksDB 7.8 that later versions fixed.
  db.recycle_log_file_num = 0;
  db.manual_wal_flush = false;
  db.wal_compression = rocksdb::kNoCompression;
  db.unordered_write = false;
  db.two_write_queues = false;
  db.enable_pipelined_write = false;
  db.atomic_flush = false;
  db.track_and_verify_wals_in_manifest = false;
}

void BoundResources(rocksdb::DBOptions& db) {
  db.max_total_wal_size = kWalSizeMax;
  db.avoid_flush_during_recovery = false;
  db.max_background_jobs = kBackgroundJobCountMax;
  db.max_open_files = kRocksDbOpenFileCountMax;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
}

void KeepSecrets(rocksdb::DBOptions& db) {
  db.allow_data_in_errors = false;
  db.db_host_id = "";
  db.max_log_file_size = kInfoLogSizeMax;
  db.keep_log_file_num = kInfoLogCountMax;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
}

rocksdb::BlockBasedTableOptions MakeTableOptions(const RocksDbOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.verify_compression = true;
  table.detect_filter_construct_corruption = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.whole_key_filtering = true;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_size);
  // Index and filter blocks count towards the cache's bound, and are the last to leave it.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

}  // namespace

rocksdb::DBOptions MakeDbOptions(const RocksDbOptions& options, rocksdb::Env* env) {
  rocksdb::DBOptions db;
  db.env = env;
  db.create_if_missing = options.create_if_missing;
  ForbidSilentRecovery(db);
  AvoidKnownDefects(db);
  BoundResources(db);
  KeepSecrets(db);
  return db;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(const RocksDbOptions& options) {
  rocksdb::ColumnFamilyOptions family;
  family.compression = rocksdb::kLZ4Compression;
  family.write_buffer_size = options.write_buffer_size;
  family.max_write_buffer_number = 2;
  // Most keys that a writer asks for are new: the write buffer answers so without a search. There
  // is no prefix extractor, so no scan looks at this filter.
  family.memtable_prefix_bloom_size_ratio = kMemtableBloomRatio;
  family.memtable_whole_key_filtering = true;
  family.target_file_size_base = options.table_file_size;
  family.memtable_protection_bytes_per_key = kProtectionSize;
  family.force_consistency_checks = true;
  family.paranoid_file_checks = true;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(MakeTableOptions(options)));
  return family;
}

rocksdb::ReadOptions MakeReadOptions(const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions read;
  read.snapshot = snapshot;
  read.verify_checksums = true;
  read.total_order_seek = true;  // no scan may trust a prefix filter
  return read;
}

rocksdb::WriteOptions MakeWriteOptions(const RocksDbOptions& options) {
  rocksdb::WriteOptions write;
  write.sync = !options.unsafe_no_sync_for_tests;
  write.disableWAL = false;
  write.protection_bytes_per_key = kProtectionSize;
  return write;
}

}  // namespace tributary::rocksdb_engine
