#!/usr/bin/env python3
"""Runs convert_lineage_data.py over small inputs of our own, and checks what it says and writes.

usage: convert_lineage_data_test.py

Each input has what an import would refuse: a self-loop, an edge stated twice, a cycle, and a name
that nothing but an edge states.
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REFUSED = ("self-loop left out", "edge stated more than once", "name only referred to",
           "edge that would close a cycle left out", "asset stated more than once")


def convert(form, name):
    """The counts that the program states, and the lines that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "lines"
        command = [sys.executable, HERE / "convert_lineage_data.py", form, HERE / "lineage_data" / name,
                   "--output", output]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        counts = {}
        for line in run.stderr.splitlines():
            number, what = line.split(maxsplit=1)
            counts[what] = int(number)
        return counts, [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


def asset_id(namespace, name):
    canonical = f'{{"name":"{name}","namespace":"{namespace}","type":"tributary/named_asset/v1"}}'
    return hashlib.sha256(canonical.encode()).hexdigest()


def of_type(lines, name):
    return [line for line in lines if line["type"] == f"tributary/{name}/v1"]


def edges(lines, namespace, names):
    """(generated, input) by name, in the order written."""
    by_id = {asset_id(namespace, name): name for name in names}
    return [(by_id[line["generated"]], by_id[edge["input"]])
            for line in of_type(lines, "derivation") for edge in line["edges"]]


class ConvertLineageData(unittest.TestCase):
    def check_refused(self, counts, *expected):
        self.assertEqual(tuple(counts.get(what, 0) for what in REFUSED), expected)

    def check_lines(self, counts, lines):
        for line in lines:
            counts[line["type"]] -= 1
        self.assertEqual([what for what in counts if what.startswith("tributary/") and counts[what]], [])

    def test_network(self):
        counts, lines = convert("hf-network", "network")
        self.check_refused(counts, 1, 1, 1, 1, 1)
        names = ["lab/base", "lab/tuned", "ana/merged", "ben/loop", "ben/ring", "nobody/knows"]
        self.assertEqual([line["name"] for line in of_type(lines, "asset")], names)
        self.assertEqual([line["kind"] for line in of_type(lines, "asset")],
                         ["model_checkpoint"] * 5 + ["unknown"])
        # The last edge of the ring is the one left out.
        self.assertEqual(edges(lines, "hf-network", names),
                         [("lab/tuned", "lab/base"), ("ana/merged", "lab/tuned"),
                          ("ana/merged", "nobody/knows"), ("ben/ring", "ana/merged")])
        self.assertEqual(counts["edges"], 4)
        self.assertEqual([line["party"] for line in of_type(lines, "party")], ["lab", "Ana-Co", "ben"])
        roles = [edge["role"] for line in of_type(lines, "derivation") for edge in line["edges"]]
        self.assertEqual(roles, ["base_model", "merged_model", "merged_model", "base_model"])
        self.check_lines(counts, lines)

    def test_trees(self):
        counts, lines = convert("hf-trees", "trees.jsonl")
        self.check_refused(counts, 1, 1, 1, 1, 0)
        names = ["lab/base", "dataset:web", "lab/tuned", "gone/away"]
        self.assertEqual([line["name"] for line in of_type(lines, "asset")], names)
        self.assertEqual(edges(lines, "hf-trees", names),
                         [("lab/base", "dataset:web"), ("lab/tuned", "lab/base"),
                          ("lab/tuned", "gone/away"), ("lab/tuned", "dataset:web")])
        self.check_lines(counts, lines)

    def test_collections(self):
        counts, lines = convert("collections", "collections")
        self.check_refused(counts, 1, 1, 1, 1, 0)
        names = ["first", "second", "source:news", "model:writer-1", "missing"]
        self.assertEqual([line["name"] for line in of_type(lines, "asset")], names)
        self.assertEqual(edges(lines, "collections", names),
                         [("first", "source:news"), ("first", "model:writer-1"), ("first", "second"),
                          ("first", "missing"), ("second", "source:news")])
        holders = of_type(lines, "holders")
        self.assertEqual([[holder["party"] for holder in line["holders"]] for line in holders],
                         [["Ana", "Ben"]])
        self.check_lines(counts, lines)


if __name__ == "__main__":
    unittest.main()
