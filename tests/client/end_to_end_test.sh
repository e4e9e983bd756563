#!/usr/bin/env bash
# The programs as people use them: a server, the command line, and files between them.
#
#   end_to_end_test.sh TRIBUTARYD TRIBUTARY SOURCE_DIR CASE
#
# Each case starts servers of its own on free loopback ports with data directories that go away.
set -euo pipefail

source "$(dirname "$0")/end_to_end.sh"

# same NAME: the last output, without CR and sorted, is what standard input holds, sorted.
same() {
  sort > "$work/expected"
  tr -d '\r' < "$work/out" | sort > "$work/found"
  diff -u "$work/expected" "$work/found" >&2 || fail "$1"
}

load() {
  expect 0 "$cli" ledger create example
  export TRIBUTARY_LEDGER=example
  expect 0 "$cli" import "$fixture"
}

first_sale() {
  start a
  load
  says '29 facts: 29 recorded, 0 were there already'
  expect 0 "$cli" import "$fixture" --output json
  says '"recorded_count": 0'
  says '"already_recorded_count": 29'

  expect 0 "$cli" quote first-sale:output --amount 125.00 --currency EUR --output csv
  tr -d '\r' < "$work/out" | awk -F, 'NR > 1 {print $2 " " $1 " " $4}' > "$work/lines"
  mv "$work/lines" "$work/out"
  same 'quote of the first sale' <<'LINES'
party Illustration: Sam 5000
party Illustration: Pia 3750
party Illustration: Acme 2500
party Illustration: Ana 375
party Illustration: Ben 375
unclaimed Illustration: work w3 375
party Illustration: Dora 125
LINES
  expect 0 "$cli" quote first-sale:output --minor-units 12500 --currency EUR
  says '50.00'
  says 'no payee on record'

  expect 0 "$cli" attribute first-sale:output --output csv
  tr -d '\r' < "$work/out" | awk -F, 'NR > 1 {print $2 ": " $5}' > "$work/lines"
  mv "$work/lines" "$work/out"
  same 'kept shares of the first sale' <<'LINES'
Illustration: the picture that is sold: 40.0000%
Illustration: a prompt: 30.0000%
Illustration: a model: 20.0000%
Illustration: work w1: 3.0000%
Illustration: work w2: 3.0000%
Illustration: work w3: 3.0000%
Illustration: a dataset: 1.0000%
LINES
  expect 0 "$cli" attribute first-sale:output --by party --output json
  says '"unclaimed"'
  says '"placed_grains": "79228162514264337593543950336"'
  expect 0 "$cli" attribute first-sale:output --all --by party
  says 'party,first-sale/pia,23768448754279301278063185101'
  (($(wc -l < "$work/out") == 8)) || fail 'every line, with its header'
  expect 0 "$cli" attribute first-sale:output --top 2
  says 'others (5)'
}

# attribution of a newer state does not change the answer at an older one
read_points() {
  start a
  load
  expect 0 "$cli" status --output csv
  local size
  size=$(awk -F, '$1 == "example" {print $2}' "$work/out")
  expect 0 "$cli" attribute first-sale:output --output json --tree-size "$size"
  cp "$work/out" "$work/before"
  # The last moment before what follows; times of acceptance have milliseconds.
  local before
  before=$("$cli" status --output csv | awk -F, '$1 == "example" {print $6}' | tr -d '\r')
  sleep 0.01
  expect 0 "$cli" record party zoe --name Zoe
  expect 0 "$cli" record holders first-sale:w3 zoe=1
  expect 0 "$cli" attribute first-sale:output --output json --at "$before"
  cmp "$work/before" "$work/out" || fail 'the state of a time is another than that of its tree size'
  expect 0 "$cli" quote first-sale:output --amount 125 --currency EUR --at "$before"
  says 'no payee on record'
  expect 0 "$cli" quote first-sale:output --amount 125 --currency EUR --at 9999-12-31T23:59:59Z
  says 'Zoe'
  expect 1 "$cli" attribute first-sale:output --at 1970-01-01T00:00:00Z
  says 'at.time_ms' "$work/err"
  expect 2 "$cli" attribute first-sale:output --at yesterday
  says 'a time in UTC' "$work/err"
  expect 2 "$cli" attribute first-sale:output --at "$before" --tree-size 1
  expect 0 "$cli" attribute first-sale:output --output json --tree-size "$size"
  cmp "$work/before" "$work/out" || fail 'an old state answers differently'
  expect 0 "$cli" quote first-sale:output --amount 125 --currency EUR
  says 'Zoe'
  expect 0 "$cli" quote first-sale:output --amount 125 --currency EUR --tree-size "$size"
  says 'no payee on record'
}

round_trip() {
  start a
  load
  expect 0 "$cli" record party private --private-file "$fixture" --blind random
  expect 0 "$cli" export --file "$work/facts.jsonl"
  expect 0 "$cli" export --log --file "$work/log.jsonl"
  start b
  expect 0 "$cli" ledger create example
  shuf --random-source=<(yes) "$work/facts.jsonl" > "$work/shuffled.jsonl"
  expect 0 "$cli" import "$work/facts.jsonl"
  expect 0 "$cli" export --file "$work/again.jsonl"
  cmp "$work/facts.jsonl" "$work/again.jsonl" || fail 'export, import, export differ'
  expect 0 "$cli" import "$work/shuffled.jsonl" --output json
  says '"recorded_count": 0'
  start c
  expect 0 "$cli" replay "$work/log.jsonl"
  expect 0 "$cli" export --log --file "$work/log-again.jsonl"
  cmp "$work/log.jsonl" "$work/log-again.jsonl" || fail 'log, replay, log differ'
  expect 0 "$cli" verify-store
  says 'All is as it must be'
  expect 1 "$cli" replay "$work/log.jsonl"
  head -n -1 "$work/log.jsonl" > "$work/cut.jsonl"
  expect 2 "$cli" replay "$work/cut.jsonl"
  says 'a whole file' "$work/err"
}

walks() {
  start a
  load
  expect 0 "$cli" lineage first-sale:output
  says 'generator 3/10 = 30.0000%'
  says '7 assets, 6 inputs, depth 3'
  expect 0 "$cli" lineage first-sale:output --format dot
  says 'digraph lineage'
  expect 0 "$cli" lineage first-sale:output --format graphml
  says '<graphml'
  expect 0 "$cli" impact first-sale:dataset
  says '2 assets depend on'
  expect 0 "$cli" impact first-sale:dataset --kind output --output csv
  (($(wc -l < "$work/out") == 2)) || fail 'impact of one kind'
  expect 0 "$cli" why first-sale:output first-sale:w1
  says '3.0000% of'
  says 'there are no more'
  expect 0 "$cli" show first-sale:model
  says 'named, file not seen'
  says '2/3 (66.6667%)'
  local id
  id=$("$cli" show first-sale:model --output json | sed -n 's/.*"record_id": "\(.*\)",/\1/p' | head -n 1)
  expect 0 "$cli" show "$id"
  says 'log position'
}

record_flags() {
  expect 0 "$cli" record --help
  says 'Examples:'
  start a
  expect 0 "$cli" ledger create example
  export TRIBUTARY_LEDGER=example
  printf 'abc' > "$work/model.bin"
  mkdir "$work/files"
  printf '1' > "$work/files/a"
  expect 0 "$cli" record asset --file "$work/model.bin" --kind model --name model --output json
  says '"asset": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'
  expect 0 "$cli" record asset --files "$work/files" --kind dataset --name data
  expect 0 "$cli" record asset --file "$work/model.bin" --kind prompt --salt-file "$work/salt"
  expect 0 "$cli" record asset --file "$work/model.bin" --kind prompt --salt-file "$work/salt"
  says 'Was recorded already'
  expect 0 "$cli" record asset --named thing --namespace n --kind output --name thing
  expect 0 "$cli" record alias my:thing thing
  expect 0 "$cli" record party ana
  expect 0 "$cli" record holders my:thing ana=100%
  expect 0 "$cli" record consent model ana --use training --status allowed
  expect 2 "$cli" record derivation --generated thing --input model:generator:1/3 --input data:reference:20%
  says 'rest' "$work/err"
  expect 0 "$cli" record derivation --generated thing --input model:generator:1/3 \
    --input data:tool:0:none --rest kept
  expect 0 "$cli" attribute my:thing --output csv
  says '33.3333%'
}

refusals() {
  start a
  load
  expect 3 "$cli" show no-such-thing
  expect 3 "$cli" attribute no-such-thing --output json
  says '"code":"NOT_FOUND"' "$work/err"
  expect 3 "$cli" status --one --ledger no-such-ledger
  expect 2 "$cli" attribute
  expect 2 "$cli" attribute first-sale:output --by colour
  expect 2 "$cli" no-such-command
  expect 2 "$cli" quote first-sale:output --amount 1.001 --currency EUR
  expect 2 "$cli" quote first-sale:output --amount 1.00 --currency XYZ
  expect 1 "$cli" attribute first-sale:output --tree-size 100000
  expect 4 "$cli" status --server 127.0.0.1:1
  # the derivation would close a cycle: the server refuses, and the line is told
  {
    echo '{"type":"tributary/party/v1","party":"zoe"}'
    echo '{"type":"tributary/derivation/v1","generated":"first-sale:w1","retained":1,"unattributed":0,"edges":[{"input":"first-sale:output","role":"other","weight":1}]}'
  } > "$work/cycle.jsonl"
  expect 1 "$cli" import "$work/cycle.jsonl"
  says 'cycle.jsonl:2' "$work/err"
  # nothing is sent where a line is wrong
  { cat "$fixture"; echo '{"type":"tributary/party/v1","party":"new","colour":1}'; } > "$work/bad.jsonl"
  expect 2 "$cli" import "$work/bad.jsonl"
  says 'bad.jsonl:30' "$work/err"
  # an unknown input is refused, or recorded by flag
  {
    echo '{"type":"tributary/asset/v1","kind":"output","id_method":"named","named_as":{"name":"o"}}'
    echo '{"type":"tributary/alias/v1","alias":"o","asset":"'"$(named_id o)"'"}'
    echo '{"type":"tributary/derivation/v1","generated":"o","retained":1,"unattributed":0,"edges":[{"input":"'"$(printf x | sha256sum | cut -c1-64)"'","role":"other","weight":1}]}'
  } > "$work/unknown.jsonl"
  expect 2 "$cli" import "$work/unknown.jsonl" --dry-run
  says 'unknown.jsonl:3' "$work/err"
  expect 1 "$cli" import "$work/unknown.jsonl"
  says 'unknown.jsonl:3' "$work/err"
  expect 0 "$cli" import "$work/unknown.jsonl" --allow-unknown-inputs
  expect 0 "$cli" attribute o
  says 'source not disclosed'
  # two assets of one name are listed, not chosen from
  expect 0 "$cli" record asset --named one --kind work --name twin
  expect 0 "$cli" record asset --named two --kind work --name twin
  expect 1 "$cli" show twin
  says 'may mean any of' "$work/err"
  # what is in the ledger cannot move the cursor of who reads it
  expect 0 "$cli" record asset --named three --kind work --name $'evil\x1b[2Jname\u202e'
  expect 0 "$cli" show $'evil\x1b[2Jname\u202e'
  says 'evil\u{1b}[2Jname\u{202e}'
}

spreadsheets() {
  start a
  expect 0 "$cli" ledger create example
  export TRIBUTARY_LEDGER=example
  printf 'asset,kind,name\npicture,output,Picture\nnet,model,Net\nphoto,work,"Photo, one"\n' > "$work/assets.csv"
  printf 'party,name\nana,Ana\nben,Ben\n' > "$work/parties.csv"
  printf 'asset,party,units\nphoto,ana,50%%\nphoto,ben,0.5\npicture,ana,1\n' > "$work/holders.csv"
  printf 'generated,input,role,weight\npicture,net,generator,30%%\nnet,photo,training_data,1\n' > "$work/edges.csv"
  expect 2 "$cli" import "$work"/*.csv
  says 'edges.csv:2' "$work/err"
  expect 0 "$cli" import "$work"/*.csv --rest kept --dry-run
  says 'nothing sent'
  expect 0 "$cli" import "$work"/*.csv --rest kept
  expect 0 "$cli" quote picture --amount 10.00 --currency EUR --output csv
  tr -d '\r' < "$work/out" | awk -F, 'NR > 1 {print $1 " " $4}' > "$work/lines"
  mv "$work/lines" "$work/out"
  same 'quote from spreadsheets' <<'LINES'
Ana 850
Ben 150
LINES
}

# more inputs than one message holds: sent, exported, imported and replayed as streams
wide() {
  start a
  expect 0 "$cli" ledger create example
  export TRIBUTARY_LEDGER=example
  {
    echo '{"type":"tributary/asset/v1","kind":"model_checkpoint","id_method":"named","named_as":{"name":"wide"},"name":"wide"}'
    printf '{"type":"tributary/derivation/v1","generated":"%s","retained":1,"unattributed":0,"edges":[' "$(named_id wide)"
    seq 20000 | awk '{printf "%s{\"input\":\"%064x\",\"role\":\"training_data\",\"weight\":%d}", (NR > 1 ? "," : ""), $1, $1 % 7}'
    echo ']}'
    echo '{"type":"tributary/party/v1","party":"behind"}'
  } > "$work/wide.jsonl"
  expect 1 "$cli" import "$work/wide.jsonl"
  says 'wide.jsonl:2' "$work/err"
  expect 0 "$cli" import "$work/wide.jsonl" --allow-unknown-inputs
  expect 0 "$cli" import "$work/wide.jsonl" --allow-unknown-inputs --output json
  says '"recorded_count": 0'
  expect 0 "$cli" show wide
  says 'from 20000 inputs'
  expect 0 "$cli" attribute wide --all
  expect 0 "$cli" export --file "$work/facts.jsonl"
  expect 0 "$cli" export --log --file "$work/log.jsonl"
  start b
  expect 0 "$cli" ledger create example
  expect 0 "$cli" import "$work/facts.jsonl"
  expect 0 "$cli" export --file "$work/again.jsonl"
  cmp "$work/facts.jsonl" "$work/again.jsonl" || fail 'export, import, export differ'
  start c
  expect 0 "$cli" replay "$work/log.jsonl"
  expect 0 "$cli" export --log --file "$work/log-again.jsonl"
  cmp "$work/log.jsonl" "$work/log-again.jsonl" || fail 'log, replay, log differ'
}

backup_restore() {
  start a
  load
  expect 0 "$cli" attribute first-sale:output --output json
  cp "$work/out" "$work/before"
  expect 0 "$cli" backup first --output json
  local directory
  directory=$(sed -n 's/.*"directory": "\(.*\)",/\1/p' "$work/out")
  expect 1 "$cli" backup first
  # Of several ledgers, the one that the command line names.
  expect 0 "$cli" ledger create another
  expect 0 "$cli" status --output csv
  says 'another,'
  expect 0 "$cli" status --ledger another --output csv
  (($(wc -l < "$work/out") == 2)) || fail 'status of one ledger, with its header'
  expect 3 "$cli" status --ledger no-such
  expect 0 "$cli" restore --backup "$directory" --ledger example --data-dir "$work/b"
  start b
  expect 0 "$cli" attribute first-sale:output --output json
  cmp "$work/before" "$work/out" || fail 'a restored ledger answers differently'
  expect 0 "$cli" verify-store
  says 'All is as it must be'
  expect 0 "$cli" rebuild-indexes
  expect 0 "$cli" attribute first-sale:output --output json
  cmp "$work/before" "$work/out" || fail 'rebuilt indexes answer differently'
}

restart() {
  start a
  load
  expect 0 "$cli" attribute first-sale:output --output json
  cp "$work/out" "$work/before"
  stopped 0
  start a
  expect 0 "$cli" attribute first-sale:output --output json
  cmp "$work/before" "$work/out" || fail 'a restart changes an answer'
}

# An old data directory that is put back, without its anchor, is refused: what was acknowledged
# since then is missing from it.
rollback() {
  start a --anchor-dir "$work/anchors"
  load
  stopped 0
  cp -a "$work/a" "$work/old"
  start a --anchor-dir "$work/anchors"
  expect 0 "$cli" record asset --named later --kind output --name later
  stopped 0
  rm -r "$work/a"
  mv "$work/old" "$work/a"
  start a --anchor-dir "$work/anchors"  # other ledgers would be served
  expect 5 "$cli" record asset --named later --kind output --name later
  says 'acknowledged records are missing' "$work/err"
  expect 5 "$cli" attribute first-sale:output
  expect 0 "$cli" status
  says 'DATA_LOSS'
}

# Files that can grow no further, as on a full disk: writes are refused, the server says so and
# ends, and nothing that it acknowledged is lost.
disk_full() {
  seq 40000 | awk '{printf "{\"type\":\"tributary/party/v1\",\"party\":\"party-%d\"}\n", $1}' \
    > "$work/parties.jsonl"
  # The signal that the limit sends is ignored, here and in the server: the write fails instead.
  trap '' XFSZ
  local unlimited
  unlimited=$(ulimit -S -f)
  ulimit -S -f 4096
  start a
  ulimit -S -f "$unlimited"
  expect 0 "$cli" ledger create example
  export TRIBUTARY_LEDGER=example
  "$cli" import "$work/parties.jsonl" > "$work/out" 2> "$work/err" && fail 'the disk is not full'
  stopped 6
  says 'takes no further write' "$work/a.log"
  start a
  expect 0 "$cli" verify-store
  expect 0 "$cli" import "$work/parties.jsonl" --output json
  expect 0 "$cli" verify-store
  expect 0 "$cli" import "$work/parties.jsonl" --output json
  says '"recorded_count": 0'
}

# A disk with less room than is to be kept free: writes are refused before it is full.
disk_reserve() {
  start a
  load
  stopped 0
  start a --limit free_space_min=1125899906842624
  expect 1 "$cli" record party later --name Later
  says 'disk: found ' "$work/err"
  says 'limit free_space_min' "$work/err"
  expect 1 "$cli" ledger create second
  expect 0 "$cli" attribute first-sale:output
  expect 0 "$cli" status
  says 'writes are refused: disk'
}

"$case_name"
