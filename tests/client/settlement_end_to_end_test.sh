#!/usr/bin/env bash
# Sales, statements and payouts as people use them: a server, the command line, files between them.
#
#   settlement_end_to_end_test.sh TRIBUTARYD TRIBUTARY SOURCE_DIR CASE
#
# The numbers are those of examples/first-sale.jsonl: a picture of 125.00 EUR gives Sam 50.00, Pia
# 37.50, Acme 25.00, Ana 3.75, Ben 3.75, Dora 1.25, and 3.75 to a work without a payee on record.
set -euo pipefail

source "$(dirname "$0")/end_to_end.sh"

# json PATH: a value of the last output, such as lines.0.payee. The program writes one key a line.
json() {
  awk -v wanted="$1" '
    { line = $0; sub(/^ +/, "", line); sub(/,$/, "", line) }
    line ~ /^[]}]$/ { --depth; next }
    {
      key = ""
      if (match(line, /^"[^"]*": /)) {
        key = substr(line, 2, RLENGTH - 4)
        line = substr(line, RLENGTH + 1)
      } else if (depth > 0) {
        key = count[depth]++
      }
      path = (depth > 1 ? prefix[depth] "." : "") key
      if (line == "{" || line == "[") { prefix[++depth] = path; count[depth] = 0; next }
      if (path == wanted) { gsub(/^"|"$/, "", line); print line; exit }
    }' "$work/out"
}
is() { [[ $(json "$1") == "$2" ]] || fail "$1 is \"$(json "$1")\", expected \"$2\", in
$(cat "$work/out")"; }
# paid PAYEE UNITS: what the last `statement lines --output csv` says was paid, in minor units.
paid() {
  local found
  found=$(tr -d '\r' < "$work/out" | awk -F, -v payee="$1" '
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
    $at["payee"] == payee { print $at["paid_minor_units"] }')
  [[ $found == "$2" ]] || fail "$1 was paid \"$found\", expected $2:
$(cat "$work/out")"
}

# A ledger with the example, a currency and a market.
prepare() {
  start data
  export TRIBUTARY_LEDGER=shop.example/first
  expect 0 "$cli" ledger create "$TRIBUTARY_LEDGER"
  expect 0 "$cli" import "$fixture"
  expect 0 "$cli" record party market
  expect 0 "$cli" currency record EUR
  says Recorded
}
sell() { expect 0 "$cli" sale record "$1" --asset first-sale:output --amount "$2" --currency EUR "${@:3}"; }

case_records() {  # needs the storage of these records, and Get of policies, templates, currencies
  prepare
  expect 0 "$cli" currency record EUR
  says "Was recorded already"
  expect 1 "$cli" currency record EUR --scale 3
  expect 0 "$cli" currency list --output json
  is currencies.0.code EUR
  is currencies.0.scale 2

  for file in template-image-output template-fine-tune; do
    expect 0 "$cli" template record --file "$source_dir/examples/$file.json"
  done
  expect 0 "$cli" policy record --file "$source_dir/examples/policy-market.json"
  expect 2 "$cli" policy record --file "$source_dir/examples/template-fine-tune.json"
  expect 0 "$cli" template list --output json
  is templates.0.name example/image-output
  expect 0 "$cli" template show example/image-output
  says 'rules[output].roles[prompt].weight'
  expect 0 "$cli" policy show example/market --output json
  local first
  first=$(json record_id)
  is record.fees.0.ppm 150000

  sed 's/150000/120000/' "$source_dir/examples/policy-market.json" > "$work/policy.json"
  expect 1 "$cli" policy record --file "$work/policy.json"  # another version must say so
  expect 0 "$cli" policy record --file "$work/policy.json" --supersedes "$first"
  expect 0 "$cli" policy diff example/market --output json
  is changes.0.field 'fees[commission].ppm'
  is changes.0.old 150000
  is changes.0.new 120000
  expect 0 "$cli" policy list example/market --output json
  is policies.0.record_id "$first"
  expect 3 "$cli" policy show nobody

  # A template weighs a derivation, which names the version.
  for name in model prompt picture; do echo "$name" > "$work/$name"; done
  expect 0 "$cli" record asset --file "$work/model" --kind model --name Model
  expect 0 "$cli" record asset --file "$work/prompt" --kind prompt --unsalted --name Prompt
  expect 0 "$cli" record asset --file "$work/picture" --kind output --name Picture
  expect 2 "$cli" record derivation --generated Picture --template example/image-output \
    --input tool:Model
  expect 0 "$cli" record derivation --generated Picture --template example/image-output \
    --input generator:Model --input prompt:Prompt --tool 'pipe 1' --method none-measured
  expect 0 "$cli" template show example/image-output --output json
  local template
  template=$(json record_id)
  expect 0 "$cli" show Picture --output json
  is derivation.retained 50
  is derivation.computed_by example/image-output
  expect 0 "$cli" show "$(json derivation_record.record_id)" --output json
  is record.computed_by.version "$template"
}

case_sales() {
  prepare
  expect 0 "$cli" sale quote first-sale:output --amount 125.00 --currency EUR
  says "50.000000 EUR"
  sell order-1 125.00
  says Recorded
  sell order-1 125.00
  says "Was recorded already"
  expect 1 "$cli" sale record order-1 --asset first-sale:output --amount 125.01 --currency EUR
  expect 2 "$cli" sale record order-2 --asset first-sale:output --amount 1.234 --currency EUR
  expect 3 "$cli" sale record order-2 --asset first-sale:output --amount 1 --currency JPY
  expect 0 "$cli" sale show order-1 --output json
  is sale.status posted
  is sale.amount 125.00
  is sale.minor_units 12500
  expect 0 "$cli" sale show order-1
  says "50.000000 EUR"

  sell order-2 10.00 --pending-until 9999-12-31T23:59:59.999Z
  expect 0 "$cli" sale list --status pending --output json
  is sales.0.reference order-2
  expect 0 "$cli" sale post order-2
  expect 1 "$cli" sale void order-2
  expect 0 "$cli" sale reverse order-2 --reason returned
  expect 1 "$cli" sale reverse order-2 --reason 'returned again'
  expect 0 "$cli" sale show order-2 --output json
  is sale.status reversed
  expect 0 "$cli" sale correct order-1 --amount 250.00 --reason 'two of them'
  expect 0 "$cli" sale show order-1 --output json
  is sale.amount 250.00
  is sale.recorded_minor_units 12500
}

case_statement() {
  prepare
  sell order-1 125.00
  expect 0 "$cli" statement preview --output json
  is statement.number 1
  is totals.0.paid 125.00
  expect 0 "$cli" statement list --output json
  is statements '[]'
  expect 0 "$cli" statement close --expected-number 1 --output json
  is already_recorded false
  expect 0 "$cli" statement close --expected-number 1 --output json
  is already_recorded true
  expect 0 "$cli" statement lines 1 --proof
  says "proven to stand under root"
  expect 0 "$cli" statement lines 1 --output csv
  paid party:first-sale/sam 5000
  paid party:first-sale/pia 3750
  paid party:first-sale/acme 2500
  paid party:first-sale/ana 375
  paid party:first-sale/ben 375
  paid party:first-sale/dora 125
  expect 0 "$cli" balance first-sale/sam --output json
  is balances.0.payable 50.00
  expect 0 "$cli" sale show order-1 --output json
  is sale.statement 1

  # A thousand sales of one cent: nobody is paid by a sale, everybody by the statement.
  { echo reference,asset,amount,currency
    for ((i = 0; i < 1000; ++i)); do echo "cent-$i,first-sale:output,0.01,EUR"; done
  } > "$work/sales.csv"
  expect 0 "$cli" import "$work/sales.csv" --output json
  is recorded_count 1000
  is sales.0.recorded_minor_units 1000
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 2 --output csv
  paid party:first-sale/sam 400
  paid party:first-sale/dora 10
  cp "$work/out" "$work/lines-before"
  stopped 0
  start data
  expect 0 "$cli" statement lines 2 --output csv
  cmp "$work/out" "$work/lines-before" || fail "the lines changed over a restart"

  # Nothing was sold since: only who says the number closes an empty statement.
  expect 1 "$cli" statement close
  says "something to close" "$work/err"
  expect 0 "$cli" statement close --expected-number 3
  expect 1 "$cli" statement close

  # All of them come out of the log once more.
  expect 0 "$cli" statement verify
  says "1 of 1 statement came out of the log once more"
  expect 0 "$cli" statement verify 2 --output json
  is statements.0.outcome identical
  is statements.0.number 2
  is different_count 0
  expect 0 "$cli" statement verify --all --output json
  is statement_count 3
  is identical_count 3
  expect 3 "$cli" statement verify 9
  expect 2 "$cli" statement verify 1 --all
}

case_import() {
  prepare
  { echo reference,asset,amount,currency
    echo a,first-sale:output,1.00,EUR
    echo b,first-sale:output,1.234,EUR
    echo c,first-sale:nothing,2.00,EUR
    echo d,first-sale:output,3.00,EUR
  } > "$work/sales.csv"
  expect 2 "$cli" import "$work/sales.csv"
  says "nothing was sent: 2 problems found" "$work/err"
  says "sales.csv:3" "$work/err"
  says "1 sale of 200 minor units of EUR" "$work/err"
  expect 1 "$cli" import "$work/sales.csv" --keep-going --output json
  is recorded_count 2
  is rejected_count 2
  is sales.0.recorded_minor_units 400
  is sales.0.rejected_minor_units 200
  says "sales.csv:4" "$work/err"
  printf 'reference,asset,amount,currency\ne,first-sale:output,500,EUR\n' > "$work/minor.csv"
  expect 0 "$cli" import "$work/minor.csv" --minor --output json
  is sales.0.recorded_minor_units 500
  expect 0 "$cli" export --file "$work/facts.jsonl"
  says '"reference":"a"' "$work/facts.jsonl"
}

case_dispute() {
  prepare
  expect 0 "$cli" hold place claim-1 --party first-sale/sam --reason 'bank details' \
    --claimant market
  expect 2 "$cli" hold place claim-2 --reason nothing
  sell order-1 125.00
  expect 0 "$cli" statement close
  expect 0 "$cli" hold list --output json
  is holds.0.reference claim-1
  is holds.0.held.0.amount 50.00
  expect 0 "$cli" balance first-sale/pia --output json
  is balances.0.payable 37.50
  expect 0 "$cli" hold release claim-1 --reason settled --output json
  local cause
  cause=$(json record_id)
  expect 0 "$cli" adjustment preview 1 "$cause"
  says first-sale/sam
  expect 0 "$cli" adjustment pending 1 --output json
  is causes.0.cause "$cause"
  is causes.0.type tributary/hold_release/v1
  expect 0 "$cli" adjustment post 1 "$cause" --mode carried_forward --reason 'hold released'
  expect 0 "$cli" adjustment pending
  says "Nothing waits"
  expect 0 "$cli" sale show order-1
  says "Adjusted later (carried_forward"
  expect 0 "$cli" sale show order-1 --output json
  is adjustments.0.cause "$cause"
  is adjustments.0.statement_number 1
  expect 0 "$cli" adjustment list 1 --output json
  is adjustments.0.mode carried_forward
  expect 0 "$cli" statement close
  expect 0 "$cli" balance first-sale/sam --output json
  is balances.0.payable 50.00
  expect 0 "$cli" hold list --output json
  is holds '[]'
}

case_payout() {
  prepare
  sell order-1 125.00
  expect 0 "$cli" statement close
  expect 1 "$cli" payout create p-0 --currency EUR --pay first-sale/sam=50.01
  expect 0 "$cli" payout create p-1 --currency EUR --all --min 10.00 --csv "$work/bank.csv"
  says first-sale/sam
  says 50.00 "$work/bank.csv"
  expect 0 "$cli" payout create p-1 --currency EUR --all --min 10.00
  says "Was created already"
  expect 1 "$cli" payout create p-1 --currency EUR --all
  expect 1 "$cli" payout create p-1 --currency EUR --pay first-sale/ana=1.00
  expect 0 "$cli" balance first-sale/sam --output json
  is balances.0.payable 0.00
  is balances.0.paid_out 50.00
  expect 0 "$cli" payout mark p-1 sent --external-reference pain.001/7
  expect 0 "$cli" payout mark p-1 failed --party first-sale/sam --reason 'account closed'
  expect 0 "$cli" payout mark p-1 failed --party first-sale/sam --reason 'account closed'
  says "1 were marked so already"
  expect 0 "$cli" payout show p-1 --output json
  is batch.failed 50.00
  expect 0 "$cli" balance first-sale/sam --output json
  is balances.0.payable 50.00
  printf 'party,status,external_reference,reason\nfirst-sale/pia,settled,pain.002/7,\n' \
    > "$work/answer.csv"
  expect 0 "$cli" payout mark p-1 --file "$work/answer.csv"
  expect 0 "$cli" payout list --output json
  is batches.0.reference p-1

  expect 0 "$cli" balance first-sale/sam --output json
  is balances.0.failed 50.00
  is balances.0.overpaid 0.00
  expect 0 "$cli" hold place claim-9 --party first-sale/sam --reason claimed --claimant market
  expect 1 "$cli" payout create p-2 --currency EUR --pay first-sale/sam=1.00
  expect 0 "$cli" payout create p-2 --currency EUR --all --output json
  is skipped.0.party first-sale/sam
  is skipped.0.payable 50.00
  expect 0 "$cli" payout show p-2 --output csv
  if grep -q first-sale/sam "$work/out"; then fail "who is on hold was paid"; fi

  expect 0 "$cli" party mandate first-sale/ana first-sale/acme
  expect 0 "$cli" party merge first-sale/ben first-sale/dora --reason 'recorded twice'
}

# asset NAME KIND and made GENERATED KEPT[/UNATTRIBUTED] INPUT=WEIGHT...: lines of facts.
asset() {
  printf '{"type":"tributary/asset/v1","id_method":"named","kind":"%s","name":"%s","named_as":{"name":"%s"}}\n' \
    "$2" "$1" "$1"
  printf '{"type":"tributary/alias/v1","alias":"%s","asset":"%s"}\n' "$1" "$(named_id "$1")"
}
held_by() {
  printf '{"type":"tributary/party/v1","party":"%s"}\n' "$2"
  printf '{"type":"tributary/holders/v1","asset":"%s","holders":[{"party":"%s","units":1}]}\n' "$1" "$2"
}
made() {
  local generated=$1 kept=${2%/*} unattributed=0 edges=
  [[ $2 == */* ]] && unattributed=${2#*/}
  shift 2
  for input in "$@"; do
    edges+=${edges:+,}"{\"input\":\"${input%=*}\",\"role\":\"other\",\"weight\":${input#*=}}"
  done
  printf '{"type":"tributary/derivation/v1","generated":"%s","retained":%s,"unattributed":%s,"edges":[%s]}\n' \
    "$generated" "$kept" "$unattributed" "$edges"
}

case_worked_examples() {
  start data
  export TRIBUTARY_LEDGER=shop.example/worked
  expect 0 "$cli" ledger create "$TRIBUTARY_LEDGER"
  expect 0 "$cli" currency record EUR
  # 3: a wrong weight, corrected after it was paid by.
  { asset ex3:base model_checkpoint; asset ex3:data work; asset ex3:output output
    made ex3:base 1; made ex3:output 40 ex3:base=50 ex3:data=10
    held_by ex3:base bea; held_by ex3:data dan; held_by ex3:output sam
  } > "$work/three.jsonl"
  expect 0 "$cli" import "$work/three.jsonl"
  expect 0 "$cli" sale record three --asset ex3:output --amount 99.97 --currency EUR
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 1 --output csv
  paid party:bea 4998
  paid party:dan 999
  paid party:sam 3998
  expect 0 "$cli" show ex3:output --output json
  local wrong cause
  wrong=$(json derivation_record.record_id)
  expect 0 "$cli" record derivation --generated "$(named_id ex3:output)" --retained 40 \
    --supersedes "$wrong" --input "$(named_id ex3:base):other:20" \
    --input "$(named_id ex3:data):other:40" --output json
  cause=$(json record_id)
  expect 0 "$cli" adjustment preview 1 "$cause" --output csv
  says bea
  expect 0 "$cli" adjustment post 1 "$cause" --mode carried_forward --reason 'measured again'
  expect 0 "$cli" statement lines 1 --output csv
  paid party:bea 4998
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 2 --output csv
  paid party:dan 2999
  expect 0 "$cli" balance bea --output json
  is balances.0.payable 19.99
  # 5: 0.4 % of 100,000 sales of one euro is 400 euros.
  { asset ex5:model work; asset ex5:piece work; asset ex5:output output
    made ex5:output 600 ex5:model=396 ex5:piece=4
    held_by ex5:model mo; held_by ex5:piece cleo; held_by ex5:output kay
  } > "$work/five.jsonl"
  expect 0 "$cli" import "$work/five.jsonl"
  { echo reference,asset,amount,currency
    for ((i = 0; i < 100000; ++i)); do echo "small-$i,ex5:output,1.00,EUR"; done
  } > "$work/sales.csv"
  expect 0 "$cli" import "$work/sales.csv"
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 3 --output csv
  paid party:kay 6000000
  paid party:mo 3960000
  paid party:cleo 40000
}

# Examples 2, 4 and 6, each closed into statements of its own.
case_worked_statements() {
  start data
  export TRIBUTARY_LEDGER=shop.example/worked
  expect 0 "$cli" ledger create "$TRIBUTARY_LEDGER"
  expect 0 "$cli" currency record EUR
  # 2: a diamond, in which nobody is on record: the base is paid once, through both its uses.
  { asset ex2:data work; asset ex2:base model_checkpoint; asset ex2:A model_checkpoint
    asset ex2:B model_checkpoint; asset ex2:output output
    made ex2:base 3/1 ex2:data=1; made ex2:A 1 ex2:base=1; made ex2:B 1 ex2:base=1
    made ex2:output 4 ex2:A=3 ex2:B=3
  } > "$work/two.jsonl"
  expect 0 "$cli" import "$work/two.jsonl"
  expect 0 "$cli" sale record two --asset ex2:output --amount 100.00 --currency EUR
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 1 --output csv
  paid "unclaimed:$(named_id ex2:output)" 4000
  paid "unclaimed:$(named_id ex2:A)" 1500
  paid "unclaimed:$(named_id ex2:B)" 1500
  paid "unclaimed:$(named_id ex2:base)" 1800
  paid "unclaimed:$(named_id ex2:data)" 600
  paid unattributed 600
  # 4: a source that is disclosed after the first sale was closed.
  { asset ex4:B dataset; asset ex4:model model_checkpoint; asset ex4:output output
    made ex4:model 3 ex4:B=1; made ex4:output 60 ex4:model=40
    held_by ex4:output sam; held_by ex4:model acme
  } > "$work/four.jsonl"
  expect 0 "$cli" import "$work/four.jsonl"
  expect 0 "$cli" sale record four --asset ex4:output --amount 100.00 --currency EUR
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 2 --output csv
  paid party:sam 6000
  paid party:acme 3000
  paid "undisclosed:$(named_id ex4:B)" 1000
  cp "$work/out" "$work/lines-before"
  { asset ex4:A dataset; asset ex4:w1 work; asset ex4:w2 work
    held_by ex4:w1 ana; held_by ex4:w2 ben
    made ex4:B 0 ex4:A=1; made ex4:A 0 ex4:w1=1 ex4:w2=1
  } > "$work/disclosed.jsonl"
  expect 0 "$cli" import "$work/disclosed.jsonl"
  expect 0 "$cli" sale record four-later --asset ex4:output --amount 100.00 --currency EUR
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 3 --output csv
  paid party:sam 6000
  paid party:acme 3000
  paid party:ana 500
  paid party:ben 500
  expect 0 "$cli" statement lines 2 --output csv
  cmp "$work/out" "$work/lines-before" || fail "a closed statement changed"
  # 6: thirds of one euro. A statement pays whole cents; the thirds of a cent are carried.
  { asset ex6:work work
    for party in p1 p2 p3; do printf '{"type":"tributary/party/v1","party":"%s"}\n' "$party"; done
    printf '{"type":"tributary/holders/v1","asset":"ex6:work","holders":[%s,%s,%s]}\n' \
      '{"party":"p1","units":1}' '{"party":"p2","units":1}' '{"party":"p3","units":1}'
  } > "$work/six.jsonl"
  expect 0 "$cli" import "$work/six.jsonl"
  expect 0 "$cli" quote ex6:work --amount 1.00 --currency EUR --output csv
  [[ $(tr -d '\r' < "$work/out" | awk -F, 'NR > 1 {print $1 "=" $4}' | sort | xargs) == \
    "p1=34 p2=33 p3=33" ]] ||
    fail "a quote of thirds: $(cat "$work/out")"
  expect 0 "$cli" sale record six --asset ex6:work --amount 1.00 --currency EUR
  expect 0 "$cli" statement close
  expect 0 "$cli" statement lines 4 --output csv
  for party in p1 p2 p3; do paid "party:$party" 33; done
  expect 0 "$cli" sale record six-2 --asset ex6:work --amount 1.00 --currency EUR
  expect 0 "$cli" sale record six-3 --asset ex6:work --amount 1.00 --currency EUR
  expect 0 "$cli" statement close
  # Two thirds of a cent more for each: of 3.00 all cents are paid but one, of which p1 has all but
  # a grain.
  expect 0 "$cli" statement lines 5 --output csv
  paid party:p1 66
  paid party:p2 67
  paid party:p3 67
  expect 0 "$cli" balance p3 --output json
  is balances.0.payable 1.00
}

case_replay() {
  prepare
  sell order-1 125.00
  expect 0 "$cli" statement close
  expect 0 "$cli" payout create p-1 --currency EUR --all
  expect 0 "$cli" statement lines 1 --output csv
  cp "$work/out" "$work/lines-before"
  expect 0 "$cli" export --log --file "$work/log.jsonl"
  says '"lines_of"' "$work/log.jsonl"
  expect 0 "$cli" export --file "$work/facts.jsonl"
  ! grep -q 'tributary/statement/v1' "$work/facts.jsonl" || fail "a statement among facts"
  expect 0 "$cli" verify-store
  stopped 0
  rm -rf "$work/data"
  start data
  expect 0 "$cli" replay "$work/log.jsonl"
  expect 0 "$cli" statement lines 1 --output csv
  cmp "$work/out" "$work/lines-before" || fail "the lines changed in a replay"
  expect 0 "$cli" verify-store
  # A log whose statement lost lines is not taken.
  stopped 0
  rm -rf "$work/data"
  start data
  grep -v lines_of "$work/log.jsonl" > "$work/cut.jsonl"
  expect 1 "$cli" replay "$work/cut.jsonl"
  says line "$work/err"
}

"case_$case_name"
