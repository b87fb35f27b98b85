#!/usr/bin/env python3
"""Each refusal of a module says what it should: refusals.py TOOL FOLDER

`terraform test` can demand that something is refused (`expect_failures`), and drops what was said. So each run of
FOLDER/tests/refusals.tftest.hcl names the words in a comment, `# says: WORDS`, and is run here once more on its own, without
`expect_failures`: it must fail, and one of its errors must hold the words.
"""

import json
import pathlib
import re
import subprocess
import sys


def split(text):
    """The part before the first run, and each run with its name."""
    parts = re.split(r'^(?=run ")', text, flags=re.MULTILINE)
    return parts[0], [(re.match(r'run "([^"]+)"', part).group(1), part) for part in parts[1:]]


def without_expectation(run):
    """The run, without the attribute expect_failures, which may be of several lines."""
    bare, count = re.subn(r"^\s*expect_failures\s*=\s*\[[^\]]*\]\n", "", run, flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"no single expect_failures in: {run}")
    return bare


def said_by(tool, folder, place):
    """The errors of each test file of a folder."""
    command = [tool, "test", "-json", "-no-color", f"-test-directory={place}"]
    lines = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.splitlines()
    said = {}
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        diagnostic = message.get("diagnostic")
        if diagnostic and diagnostic["severity"] == "error":
            of = pathlib.PurePath(message.get("@testfile", "")).name
            said.setdefault(of, []).append(f'{diagnostic["summary"]}: {diagnostic.get("detail", "")}')
    return said


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    source = folder / "tests" / "refusals.tftest.hcl"
    head, runs = split(source.read_text(encoding="utf-8"))
    place = folder / "tests" / "refused"
    place.mkdir()
    words = {}
    for name, run in runs:
        wanted = re.findall(r"#\s*says:\s*(.+)", run)
        if len(wanted) != 1:
            sys.exit(f"{source}: run {name} needs one comment `# says: WORDS`")
        words[f"{name}.tftest.hcl"] = wanted[0].strip()
        (place / f"{name}.tftest.hcl").write_text(head + without_expectation(run), encoding="utf-8")
    said = said_by(tool, folder, "tests/refused")
    wrong = [
        f"{file}: wanted {wanted!r}, was told {said.get(file, 'nothing')}"
        for file, wanted in words.items()
        if not any(wanted in " ".join(error.split()) for error in said.get(file, []))
    ]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(words)} refusals say what they should")


if __name__ == "__main__":
    main()
