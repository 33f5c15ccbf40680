# SPDX-License-Identifier: Apache-2.0
"""Sums the results in a folder (JUnit files and `steps`) and ends with "N passed, N failed"; exit 1 if any failed."""
import glob
import os
import sys
import xml.etree.ElementTree as ET


def count(folder):
    passed, failed, skipped, names = 0, 0, 0, []
    for path in sorted(glob.glob(os.path.join(folder, "*.xml"))):
        for case in ET.parse(path).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                names.append(f"{os.path.basename(path)}: {case.get('classname')} {case.get('name')}")
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    steps = os.path.join(folder, "steps")
    for line in open(steps, encoding="utf-8") if os.path.exists(steps) else []:
        name, result = line.rstrip("\n").split("\t")
        passed += result == "passed"
        failed += result == "failed"
        if result == "failed":
            names.append(name)
    return passed, failed, skipped, names


def main():
    passed, failed, skipped, names = count(sys.argv[1])
    for name in names:
        print("failed:", name)
    if skipped:
        print(f"({skipped} skipped, each with its reason in the test's output)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
