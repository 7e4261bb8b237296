"""Runs benchmarks and prints one JSON document, or a table for people."""

from __future__ import annotations

import argparse
import json
import os
import sys

from bench.measures import MEASURES
from bench.stage import machine


def main() -> int:
    parser = argparse.ArgumentParser(prog="loket bench")
    parser.add_argument("name", choices=[*MEASURES, "all"])
    parser.add_argument("--size", type=int)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    names = list(MEASURES) if given.name == "all" else [given.name]
    noise = os.getloadavg()[0]
    figures = [row for name in names for row in MEASURES[name](given.size)]
    document = {"name": given.name, "figures": figures, "machine": machine(), "noise": f"load before: {noise:.2f}"}
    if given.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        for row in figures:
            goal = "" if row["goal"] is None else f"  goal {row['goal']:g} {'✔' if row['met'] else '✘'}"
            limit = "" if row["limit"] is None else f"  limit {row['limit']:g}, ratio {row['ratio']:g}"
            print(f"{row['figure']:<55} {row['value']:>10g} {row['unit']}{limit}{goal}")
        print(f"{document['machine']}; {document['noise']}")
    return 1 if any(row["met"] is False for row in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
