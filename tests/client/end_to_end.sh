# What the end-to-end scripts share: sourced with their arguments TRIBUTARYD TRIBUTARY SOURCE_DIR
# CASE. Servers listen on free loopback ports; their data directories go away with the script.

tributaryd=$1
cli=$2
source_dir=$3
case_name=$4
fixture=$source_dir/examples/first-sale.jsonl

work=$(mktemp -d "${TMPDIR:-/tmp}/tributary-e2e-XXXXXX")
server_pids=()
stop_all() {
  for pid in "${server_pids[@]}"; do kill -TERM "$pid" 2> /dev/null || true; done
  wait
  rm -rf "$work"
}
trap stop_all EXIT
unset TRIBUTARY_LEDGER TRIBUTARY_SERVER NO_COLOR
export LC_ALL=C.UTF-8

fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$work"/*.log >&2 2> /dev/null || true
  exit 1
}

# start NAME ARGUMENT...: a server on the data directory $work/NAME; TRIBUTARY_SERVER then names it.
start() {
  local name=$1 log=$work/$1.log
  shift
  : > "$log"  # the server may take a moment to make it
  "$tributaryd" --data-dir "$work/$name" --backup-dir "$work/backups" --listen 127.0.0.1:0 "$@" \
    > "$log" 2>&1 &
  server_pids+=($!)
  local port=
  for ((i = 0; i < 600; ++i)); do
    port=$(sed -n 's/.*serving .*port=\([0-9]*\).*/\1/p' "$log" | head -n 1)
    [[ -n $port ]] && break
    kill -0 "${server_pids[-1]}" 2> /dev/null || fail "server $name did not start"
    sleep 0.1
  done
  [[ -n $port ]] || fail "server $name does not listen"
  export TRIBUTARY_SERVER=127.0.0.1:$port
}

# stopped CODE: ends the last server, or waits for it to end; its exit code must be CODE.
stopped() {
  local found=0
  kill -TERM "${server_pids[-1]}" 2> /dev/null || true
  wait "${server_pids[-1]}" || found=$?
  ((found == $1)) || fail "the server ended with exit code $found, expected $1"
  unset 'server_pids[-1]'
}

# expect CODE COMMAND...: runs it; standard output goes to $work/out, standard error to $work/err.
expect() {
  local code=$1 found=0
  shift
  "$@" > "$work/out" 2> "$work/err" || found=$?
  ((found == code)) || fail "exit code $found, expected $code: $*
$(cat "$work/out" "$work/err")"
}
# says TEXT [FILE]: the text stands in what the last command wrote.
says() { grep -qF -- "$1" "${2:-$work/out}" || fail "no \"$1\" in:
$(cat "${2:-$work/out}")"; }

# named_id NAME: the id of the asset that is named so, without namespace and version.
named_id() {
  printf '{"name":"%s","type":"tributary/named_asset/v1"}' "$1" | sha256sum | cut -c1-64
}
