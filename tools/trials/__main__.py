"""Try the course in awkward places: python start.py trials, or: python start.py trials mirror

A trial needs what a test should not: a server, an installation, a disk of its own. Words after
the command choose the trials whose names hold one of them.
"""

import importlib
import os
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import TRIALS, Skip

for file in sorted(Path(__file__).parent.glob("try_*.py")):
    importlib.import_module(file.stem)


def run(name):
    """Run one trial, print a line about it, and return how it went."""
    began, told = time.monotonic(), ""
    with tempfile.TemporaryDirectory(
        prefix="funnelkit-trial-", ignore_cleanup_errors=True
    ) as folder:
        try:
            TRIALS[name](Path(folder).resolve())
        except Skip as reason:
            result, told = "skipped", f": {reason}"
        except AssertionError as error:
            result, told = "FAILED ", f"\n\n{error}\n\n"
        except Exception:
            result, told = "FAILED ", f"\n\n{traceback.format_exc()}\n\n"
        else:
            result = "passed "
    print(f"{result} {name}{told} ({time.monotonic() - began:.0f} s)", flush=True)
    return result.strip()


def main(words):
    chosen = [name for name in TRIALS if not words or any(word in name for word in words)]
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        results = list(pool.map(run, chosen))
    if results.count("skipped"):
        print(f"{results.count('skipped')} skipped")
    print(f"{results.count('passed')} passed, {results.count('FAILED')} failed")
    return 1 if "FAILED" in results or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
