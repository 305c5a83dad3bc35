"""Try the course in awkward places: python start.py trials, or: python start.py trials mirror

A trial needs what a test should not: a server, an installation, another user, a disk of its own.
Words after the command choose the trials whose names hold one of them.
"""

import importlib
import sys
import tempfile
import time
import traceback
from pathlib import Path

from harness import TRIALS, Skip

for file in sorted(Path(__file__).parent.glob("try_*.py")):
    importlib.import_module(file.stem)


def main(words):
    passed, failed, skipped = [], [], []
    for name, trial in TRIALS.items():
        if words and not any(word in name for word in words):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory(
            prefix="funnelkit-trial-", ignore_cleanup_errors=True
        ) as folder:
            try:
                trial(Path(folder).resolve())
            except Skip as reason:
                skipped.append(name)
                line = f"skipped {name}: {reason}"
            except Exception as error:
                failed.append(name)
                line = f"FAILED  {name}"
                if not isinstance(error, AssertionError):
                    traceback.print_exc()
                print(f"\n{error}\n")
            else:
                passed.append(name)
                line = f"passed  {name}"
        print(f"{line} ({time.monotonic() - began:.0f} s)", flush=True)
    if skipped:
        print(f"{len(skipped)} skipped")
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
