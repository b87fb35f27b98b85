#!/usr/bin/env python3
"""Fails when a dependency has a licence, a name or a source that deny.toml does not allow.

For those who have not installed cargo-deny: it reads the same file and asks cargo for what is really compiled, on
each of the platforms that the file names. It knows neither advisories nor duplicate versions; cargo-deny does.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r"(?P<name>\S+) v(?P<version>\S+)(?: \(proc-macro\))?(?: \((?P<source>[^)]*)\))?\|(?P<licence>.*)")


def crates(target: str) -> set[tuple[str, str, str | None, str]]:
    """Name, version, source (None for the default registry) and licence of each crate compiled for a platform."""
    command = ["cargo", "tree", "--workspace", "--locked", "--target", target, "--edges", "normal,build,dev"]
    command += ["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = set()
    for line in set(filter(None, output.splitlines())):
        match = LINE.fullmatch(line)
        if match is None:
            sys.exit(f"licences: cargo tree printed a line that this script cannot read: {line}")
        found.add((match["name"], match["version"], match["source"], match["licence"]))
    return found


def allowed(licence: str, allow: set[str]) -> bool:
    """Whether an SPDX expression can be satisfied: OR binds less than AND, a slash is an old way to write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", licence.replace("/", " OR "))

    def either() -> bool:
        value = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = one() and value
        return value

    def one() -> bool:
        name = tokens.pop(0)
        if name == "(":
            value = either()
            tokens.pop(0)
            return value
        if tokens and tokens[0] == "WITH":
            name = f"{name} WITH {tokens[1]}"
            del tokens[:2]
        return name in allow

    return bool(tokens) and either()


def parents(name: str) -> set[str]:
    """The crates that ask for this one."""
    command = ["cargo", "tree", "--workspace", "--locked", "--target", "all", "--edges", "normal,build,dev"]
    command += ["--invert", name, "--depth", "1", "--prefix", "none", "--format", "{p}"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[0] for line in output.splitlines() if line} - {name}


def main() -> int:
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    allow = set(rules["licenses"]["allow"])
    banned = {ban["crate"]: ban for ban in rules["bans"]["deny"]}
    found = set().union(*(crates(target) for target in rules["graph"]["targets"]))
    faults = []
    for name, version, source, licence in sorted(found, key=str):
        if not allowed(licence, allow):
            faults.append(f"{name} {version}: licence {licence or 'not stated'}")
        if name in banned and not parents(name) <= set(banned[name].get("wrappers", [])):
            faults.append(f"{name} {version}: {banned[name]['reason']}")
        if source is not None and not Path(source).is_absolute():
            faults.append(f"{name} {version}: comes from {source}")
    for fault in faults:
        print(f"licences: {fault}", file=sys.stderr)
    print(f"licences: {len(found)} crates, {len(faults)} against deny.toml")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
