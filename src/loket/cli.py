"""The command `loket`: English verbs, output in Indonesian or English by LANG, exit codes of the contract."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from loket.commands import bench, demo, imports, offices, people, plan, suite, tend

DONE, FINDINGS, USAGE, REFUSED, LOCKED = 0, 1, 2, 3, 4


def parser() -> argparse.ArgumentParser:
    """Every command with its help; each module of `commands` adds its own."""
    root = argparse.ArgumentParser(
        prog="loket",
        description="Loket: from a notice on WhatsApp to a KTP-el card in the hand.",
        epilog="Exit codes: 0 done, 1 done with findings, 2 wrong usage, 3 refused or cannot run here, 4 locked.",
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (demo, suite, tend, people, offices, imports, plan, bench):
        module.add(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loket.settings")
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given) or DONE)
    except KeyboardInterrupt:
        return DONE
    except BrokenPipeError:
        return DONE


if __name__ == "__main__":
    sys.exit(main())
