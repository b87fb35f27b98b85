#!/usr/bin/env python3
"""The schema provider finds faults: faulty.py TOOL FOLDER

Each file of the folder but main.tf has one fault, and a comment `# says: WORDS` with words of the error that `validate` must give for it.
"""

import json
import pathlib
import re
import subprocess
import sys


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    subprocess.run([tool, "init", "-no-color"], cwd=folder, check=True, capture_output=True)
    answer = subprocess.run([tool, "validate", "-json", "-no-color"], cwd=folder, capture_output=True, text=True, check=False)
    said = {}
    for diagnostic in json.loads(answer.stdout)["diagnostics"]:
        words = f'{diagnostic["summary"]}: {diagnostic.get("detail", "")}'
        said.setdefault(diagnostic.get("range", {}).get("filename"), []).append(" ".join(words.split()))
    files = sorted(path for path in folder.glob("*.tf") if path.name != "main.tf")
    wrong = []
    for path in files:
        wanted = re.search(r"# says: (.+)", path.read_text(encoding="utf-8")).group(1)
        if not any(wanted in words for words in said.get(path.name, [])):
            wrong.append(f"{path.name}: wanted {wanted!r}, was told {said.get(path.name, 'nothing')}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(files)} faults found")


if __name__ == "__main__":
    main()
