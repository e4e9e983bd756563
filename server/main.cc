// tributaryd: opens the ledgers of a data directory and serves them until a signal.

#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/config.h"
#include "server/directory_home.h"
#include "server/ledgers.h"
#include "server/logging.h"
#include "server/open_files.h"
#include "server/rpc/server.h"
#include "server/server_info.h"

namespace tributary::server {
namespace {

// Stated in --help.
enum ExitCode : int {
  kStopped = 0,
  kWrongConfiguration = 2,
  kDataInUse = 3,
  kDataNotOpened = 4,
  kNotListening = 5,
  kWriteFailed = 6,
};

std::atomic<bool> write_failed{false};

// Memory may hold private details, so it is never dumped; new files are the owner's alone.
void HardenProcess() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  umask(S_IRWXG | S_IRWXO);
}

// Every thread starts with these blocked, so that only the wait for them sees them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

DirectoryHomeOptions HomeOptions(const Config& config, std::uint64_t open_file_count) {
  DirectoryHomeOptions options;
  options.data_directory = config.data_dir;
  options.anchor_directory = config.anchor_dir;
  options.backup_directory = config.backup_dir;
  const Limits& limits = config.limits;
  options.block_cache_size = limits.block_cache_size;
  options.free_space_min = limits.free_space_min;
  options.open_files = {.count_max = open_file_count,
                        .connection_count = limits.connection_file_count};
  options.ledger.clock_jump_ms_max = limits.clock_jump_ms_max;
  options.ledger.queue_fact_count_max = limits.queue_fact_count_max;
  options.ledger.queue_byte_count_max = limits.queue_byte_count_max;
  options.ledger.cycle_test_asset_count_max = limits.cycle_test_asset_count_max;
  options.ledger.cache_sizes.edges = limits.edge_cache_size;
  options.ledger.cache_sizes.asset_ids = limits.asset_id_cache_size;
  options.ledger.cache_sizes.asset_heads = limits.asset_head_cache_size;
  options.ledger.cache_sizes.holder_lists = limits.holder_cache_size;
  // Fail-stop: what the failed write left on disk is known only after the ledger was opened again,
  // so the process ends and whoever supervises it starts another.
  options.ledger.on_failure = [](const absl::Status& status) {
    spdlog::critical("a ledger takes no further write, stopping reason={}", status.ToString());
    write_failed = true;
    kill(getpid(), SIGTERM);
  };
  return options;
}

int Fail(ExitCode code, const absl::Status& status) {
  std::fprintf(stderr, "tributaryd: %s\n", std::string(status.message()).c_str());
  return code;
}

absl::Status CheckListen(const Config& config) {
  if (config.allow_remote || IsLocalAddress(config.listen)) return absl::OkStatus();
  return InvalidField("--listen", Quoted(config.listen),
                      "an address of this machine alone, since nothing guards the port yet; put a "
                      "proxy before it, or give --allow-remote");
}

int Serve(const Config& config, const sigset_t& stop_signals) {
  const auto open_file_count = RaiseOpenFileLimit();
  if (!open_file_count.ok()) return Fail(kWrongConfiguration, open_file_count.status());
  auto home = OpenDirectoryHome(HomeOptions(config, *open_file_count));
  if (!home.ok()) {
    return Fail(absl::IsResourceExhausted(home.status())    ? kWrongConfiguration
                : absl::IsFailedPrecondition(home.status()) ? kDataInUse
                                                            : kDataNotOpened,
                home.status());
  }
  const auto ledgers = Ledgers::Open(*std::move(home));
  if (!ledgers.ok()) return Fail(kDataNotOpened, ledgers.status());
  const auto server = RpcServer::Start({.listen = config.listen}, **ledgers, config.limits);
  if (!server.ok()) return Fail(kNotListening, server.status());
  spdlog::info("serving version={} listen={} port={} data_dir={} ledgers={}", kServerVersion,
               config.listen, (*server)->port(), config.data_dir, (*ledgers)->Names().size());
  spdlog::info("open files allowed={}", *open_file_count);

  int signal = 0;
  sigwait(&stop_signals, &signal);
  spdlog::info("stopping signal={}: calls accepted so far are finished", signal);
  (*server)->Shutdown(std::chrono::milliseconds(config.limits.shutdown_grace_ms));
  return write_failed ? kWriteFailed : kStopped;
}

int Restore(int argc, const char* const* argv) {
  const auto line = ParseRestoreCommandLine(argc, argv);
  if (!line.ok()) return Fail(kWrongConfiguration, line.status());
  if (!line->print.empty()) {
    std::fputs(line->print.c_str(), stdout);
    return kStopped;
  }
  DirectoryHomeOptions options;
  options.data_directory = line->data_dir;
  options.anchor_directory = line->anchor_dir;
  options.free_space_min = Limits().free_space_min;
  const auto verified = RestoreLedger(std::move(options), line->ledger, line->backup);
  if (!verified.ok()) return Fail(kDataNotOpened, verified.status());
  std::printf("Restored ledger %s: version %llu, root %s, verified in full.\n",
              line->ledger.c_str(), static_cast<unsigned long long>(verified->tree_size.value),
              verified->root_hash.ToHex().c_str());
  return kStopped;
}

int Main(int argc, const char* const* argv) {
  HardenProcess();
  if (argc > 1 && std::string_view(argv[1]) == "restore") return Restore(argc - 1, argv + 1);
  const sigset_t stop_signals = BlockStopSignals();
  const auto line = ParseCommandLine(argc, argv);
  if (!line.ok()) return Fail(kWrongConfiguration, line.status());
  if (!line->print.empty()) {
    std::fputs(line->print.c_str(), stdout);
    return kStopped;
  }
  const absl::Status listen = CheckListen(line->config);
  if (!listen.ok()) return Fail(kWrongConfiguration, listen);
  StartLogging(line->config.log_format, line->config.log_level);
  const int code = Serve(line->config, stop_signals);
  spdlog::info("stopped code={}", code);
  return code;
}

}  // namespace
}  // namespace tributary::server

int main(int argc, char** argv) { return tributary::server::Main(argc, argv); }
