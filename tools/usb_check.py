"""Say whether all files are on this stick as they were written: python3 check.py"""

import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
bad = []
with open(os.path.join(HERE, "SHA256SUMS"), encoding="utf-8") as lines:
    sums = [line.rstrip("\n").split("  ", 1) for line in lines]
for wanted, name in sums:
    digest = hashlib.sha256()
    try:
        with open(os.path.join(HERE, *name.split("/")), "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                digest.update(piece)
    except OSError as error:
        bad.append(f"{name}: {error.strerror}")
    else:
        if digest.hexdigest() != wanted:
            bad.append(f"{name}: not as it was written")
for line in bad:
    print(line)
print(f"{len(sums)} files, {len(bad)} of them damaged or missing.")
sys.exit(1 if bad else 0)
