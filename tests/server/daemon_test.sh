#!/usr/bin/env bash
# tributaryd as a process: exit codes, one server per directory, a clean stop, data found again.
set -euo pipefail

daemon=$1
directory=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2> /dev/null || true; done
  rm -rf "$directory"
}
trap cleanup EXIT

fail() {
  echo "daemon_test: $*" >&2
  exit 1
}

# expect CODE TEXT ARGUMENT...: the program ends with CODE and says TEXT.
expect() {
  local code=$1 text=$2 found=0
  shift 2
  "$daemon" "$@" > "$directory/out" 2>&1 || found=$?
  [[ $found == "$code" ]] || fail "$*: exit code $found instead of $code: $(cat "$directory/out")"
  grep -q -- "$text" "$directory/out" || fail "$*: no '$text' in: $(cat "$directory/out")"
}

# start LOG ARGUMENT...: runs the server and waits until it serves. Sets $pid.
start() {
  local log=$1
  shift
  "$daemon" "$@" > "$log" 2>&1 &
  pid=$!
  pids+=("$pid")
  for _ in {1..600}; do
    if grep -q "serving version" "$log" 2> /dev/null; then return; fi
    kill -0 "$pid" 2> /dev/null || fail "$*: ended: $(cat "$log")"
    sleep 0.1
  done
  fail "$*: does not serve"
}

stop() {
  local code=0
  kill -TERM "$1"
  wait "$1" || code=$?
  [[ $code == 0 ]] || fail "the server stopped with exit code $code"
}

data=$directory/data
expect 0 "tributaryd" --version
expect 0 "ingest_batch_fact_count_max" --print-limits
expect 0 "Exit codes" --help
expect 2 "data-dir" --listen 127.0.0.1:0
expect 2 "no_such_limit" --data-dir "$data" --limit no_such_limit=1
expect 2 "worker_count" --data-dir "$data" --limit worker_count=0
expect 2 "allow-remote" --data-dir "$data" --listen 0.0.0.0:0
expect 2 "no_such_key" --data-dir "$data" --config <(echo '{"no_such_key": 1}')
expect 4 "No such file" --data-dir "$directory/none/data"
[[ ! -e $data ]] || fail "a refused start made the data directory"

few_files() {
  ulimit -n 512
  expect 2 "RLIMIT_NOFILE = 512; allowed: at least" --data-dir "$directory/few"
}
(few_files)

start "$directory/first.log" --data-dir "$data" --listen "unix:$directory/socket"
expect 3 "held by another process" --data-dir "$data" --listen 127.0.0.1:0
[[ $(stat -c %a "$data") == 700 ]] || fail "others can enter the data directory"
[[ $(awk '/Max core file size/ {print $5}' "/proc/$pid/limits") == 0 ]] || fail "cores are on"
[[ $(awk '/Max open files/ {print ($4 == $5)}' "/proc/$pid/limits") == 1 ]] ||
  fail "the limit of open files is not raised"
stop "$pid"

start "$directory/second.log" --data-dir "$data" --listen 127.0.0.1:0 --log-format json
port=$(sed -n 's/.* port=\([0-9]*\) .*/\1/p' "$directory/second.log")
expect 5 "cannot listen" --data-dir "$directory/other" --listen "127.0.0.1:$port"
python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' \
  "$directory/second.log" 2> /dev/null || ! command -v python3 > /dev/null ||
  fail "not every log line is JSON: $(cat "$directory/second.log")"
stop "$pid"
