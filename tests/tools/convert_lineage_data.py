#!/usr/bin/env python3
"""Turns public lineage data into import lines (docs/formats/records.md), for trying things out.

usage: convert_lineage_data.py FORMAT INPUT [--output FILE]

FORMAT and INPUT:
  hf-network    directory with edges.csv (source,target,edge) and metadata.csv (id,type,owner,...)
  hf-trees      JSON Lines of models: id, author, license, base_models, datasets, children
  collections   directory tree of JSON files of data sets: Creators, Text Sources, Model Generated,
                Derived from Datasets

None of these states weights, so every derivation splits equally over its inputs and keeps nothing:
method "equal-split", computed by this program. Nobody should be paid by them.

What the import would refuse is dealt with here, and counted on standard error: a self-loop is left
out, an edge stated twice is taken once, an edge that would close a cycle is left out (the last one
in file order), and a name that is only referred to becomes an asset of kind unknown.

Standard library only.
"""
import argparse
import collections
import csv
import hashlib
import json
import pathlib
import re
import sys

PROGRAM = {"name": "convert_lineage_data", "version": "1"}
ROLES = {"finetuned": "base_model", "finetune": "base_model", "quantized": "base_model",
         "merged": "merged_model", "merge": "merged_model", "adapter": "base_model",
         "dataset": "training_data", "source": "member", "parent": "member", "model": "generator"}


class Lineage:
    """Assets and edges as stated, in file order."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.assets = {}                              # name -> dict of fields
        self.edges = collections.OrderedDict()        # (generated, input) -> role
        self.counts = collections.Counter()

    def asset(self, name, kind, **fields):
        if name in self.assets and self.assets[name]["kind"] != "unknown":
            self.counts["asset stated more than once"] += 1
            return
        self.assets[name] = {"kind": kind, **{k: v for k, v in fields.items() if v}}

    def edge(self, generated, source, relation):
        if generated == source:
            self.counts["self-loop left out"] += 1
        elif (generated, source) in self.edges:
            self.counts["edge stated more than once"] += 1
        else:
            self.edges[(generated, source)] = ROLES.get(relation, "other")

    def finish(self):
        for pair in self.edges:
            for name in pair:
                if name not in self.assets:
                    self.counts["name only referred to"] += 1
                    self.assets[name] = {"kind": "unknown"}
        inputs = collections.defaultdict(list)
        for generated, source in list(self.edges):
            if reaches(inputs, source, generated):
                self.counts["edge that would close a cycle left out"] += 1
                del self.edges[(generated, source)]
            else:
                inputs[generated].append(source)


def reaches(inputs, start, goal):
    """Whether `goal` is upstream of `start`. Iterative: depth must not matter."""
    seen, stack = {start}, [start]
    while stack:
        for source in inputs.get(stack.pop(), ()):
            if source == goal:
                return True
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return False


def named(namespace, name):
    canonical = json.dumps({"name": name, "namespace": namespace, "type": "tributary/named_asset/v1"},
                           ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def party_id(name):
    return re.sub(r"[^A-Za-z0-9._:@/+%#=~-]+", "-", name).strip("-")[:200] or "unnamed"


def lines(lineage):
    ids = {name: named(lineage.namespace, name) for name in lineage.assets}
    parties = collections.OrderedDict()
    for fields in lineage.assets.values():
        for owner in fields.get("owners", ()):
            parties.setdefault(party_id(owner), owner)
    for party, name in parties.items():
        yield {"type": "tributary/party/v1", "party": party, "name": name}
    for name, fields in lineage.assets.items():
        line = {"type": "tributary/asset/v1", "id_method": "named", "kind": fields["kind"], "name": name[:1000],
                "named_as": {"name": name, "namespace": lineage.namespace}}
        for key in ("license", "attributes"):
            if key in fields:
                line[key] = fields[key]
        yield line
    for name, fields in lineage.assets.items():
        yield {"type": "tributary/alias/v1", "alias": f"{lineage.namespace}:{name}"[:1000], "asset": ids[name]}
        owners = sorted({party_id(owner) for owner in fields.get("owners", ())})
        if owners:
            yield {"type": "tributary/holders/v1", "asset": ids[name],
                   "holders": [{"party": owner, "units": "1"} for owner in owners]}
    inputs = collections.OrderedDict()
    for (generated, source), role in lineage.edges.items():
        inputs.setdefault(generated, []).append((source, role))
    for generated, sources in inputs.items():
        yield {"type": "tributary/derivation/v1", "generated": ids[generated], "retained": "0",
               "unattributed": "0", "method": {"name": "equal-split"}, "computed_by": PROGRAM,
               "edges": [{"input": ids[source], "role": role, "weight": "1", "basis": "declared"}
                         for source, role in sources]}


def read_hf_network(path):
    lineage = Lineage("hf-network")
    with open(path / "metadata.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lineage.asset(row["id"], "model_checkpoint", owners=[row["owner"]] if row["owner"] else [],
                          attributes=[["architecture", row["architecture"]]] if row["architecture"] else [])
    with open(path / "edges.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lineage.edge(row["target"], row["source"], row["edge"])
    return lineage


def read_hf_trees(path):
    lineage = Lineage("hf-trees")
    with open(path, encoding="utf-8") as file:
        models = [json.loads(line) for line in file]
    for model in models:
        lineage.asset(model["id"], "model_checkpoint", owners=[model["author"]] if model["author"] else [],
                      attributes=[["revision", model["sha"]]] if model.get("sha") else [])
        for dataset in model["datasets"]:
            if "dataset:" + dataset not in lineage.assets:
                lineage.asset("dataset:" + dataset, "dataset")
    for model in models:
        for base in model["base_models"]:
            lineage.edge(model["id"], base["model"], base["relation"])
        for dataset in model["datasets"]:
            lineage.edge(model["id"], "dataset:" + dataset, "dataset")
        for relation, children in sorted(model["children"].items()):
            for child in children:
                lineage.edge(child, model["id"], relation)
    return lineage


def read_collections(path):
    lineage = Lineage("collections")
    stated = []
    for file in sorted(path.glob("**/*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        for key, entry in content.items() if isinstance(content, dict) else ():
            if not isinstance(entry, dict) or "Unique Dataset Identifier" not in entry:
                continue
            name = entry["Unique Dataset Identifier"] or key
            lineage.asset(name, "dataset", owners=entry.get("Creators") or [])
            stated.append((name, entry))
    for name, entry in stated:
        for field, relation, kind in (("Text Sources", "source", "work"), ("Model Generated", "model", "model_checkpoint"),
                                      ("Derived from Datasets", "parent", None)):
            for source in entry.get(field) or []:
                prefix = {"source": "source:", "model": "model:", "parent": ""}[relation]
                if kind and prefix + source not in lineage.assets:
                    lineage.asset(prefix + source, kind)
                lineage.edge(name, prefix + source, relation)
    return lineage


READERS = {"hf-network": read_hf_network, "hf-trees": read_hf_trees, "collections": read_collections}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=sorted(READERS))
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    lineage = READERS[arguments.format](arguments.input)
    lineage.finish()
    out = open(arguments.output, "w", encoding="utf-8") if arguments.output else sys.stdout
    count = collections.Counter()
    for line in lines(lineage):
        count[line["type"]] += 1
        print(json.dumps(line, ensure_ascii=False, sort_keys=True), file=out)
    for name, number in [*count.items(), ("edges", len(lineage.edges)), *lineage.counts.items()]:
        print(f"{number:8} {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
