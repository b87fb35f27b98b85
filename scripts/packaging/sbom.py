"""The list of components (CycloneDX 1.6) of one executable: the crates that are compiled into it, as cargo resolves them for its target.

Without build scripts, procedural macros and crates of tests: they are not in the executable. The C code of aws-lc is part of the
crate aws-lc-sys. Without a date and a serial number, which would differ each time.
"""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

LINE = re.compile(r"(?P<depth>\d+) (?P<name>\S+) v(?P<version>\S+)(?: \([^)]*\))?\|(?P<licence>.*?)(?: \(\*\))?")


@dataclass(frozen=True)
class Crate:
    """A crate that is compiled into the executable."""

    name: str
    version: str
    # An SPDX expression.
    licence: str


class NoSbom(Exception):
    """The list of components cannot be made."""


def tree(root: Path, package: str, target: str) -> str:
    """What cargo says: each crate behind the depth at which it is used. What is below a crate is told once."""
    command = ["cargo", "tree", "--locked", "--package", package, "--target", target]
    command += ["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", " {p}|{l}"]
    return subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout


def graph(text: str) -> dict[Crate, set[Crate]]:
    """What each crate uses. The first one is the executable's."""
    uses: dict[Crate, set[Crate]] = {}
    above: list[Crate] = []
    for line in filter(None, text.splitlines()):
        match = LINE.fullmatch(line)
        if match is None:
            raise NoSbom(f"cargo tree printed a line that cannot be read: {line}")
        crate = Crate(match["name"], match["version"], match["licence"].replace("/", " OR "))
        del above[int(match["depth"]) :]
        uses.setdefault(crate, set())
        if above:
            uses[above[-1]].add(crate)
        above.append(crate)
    return uses


def checksums(lock: str) -> dict[tuple[str, str], str]:
    """SHA-256 of the published crates, by name and version, from Cargo.lock."""
    packages = tomllib.loads(lock)["package"]
    return {(one["name"], one["version"]): one["checksum"] for one in packages if "checksum" in one}


def component(crate: Crate, kind: ComponentType, checksum: str | None) -> Component:
    purl = PackageURL("cargo", name=crate.name, version=crate.version)
    return Component(
        type=kind,
        name=crate.name,
        version=crate.version,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseExpression(crate.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def document(uses: dict[Crate, set[Crate]], sums: dict[tuple[str, str], str]) -> str:
    """The list as JSON, valid against CycloneDX's schema."""
    main, *others = uses
    parts = {crate: component(crate, ComponentType.LIBRARY, sums.get((crate.name, crate.version))) for crate in others}
    parts[main] = component(main, ComponentType.APPLICATION, None)
    bom = Bom(metadata=BomMetaData(component=parts[main]), components=[parts[crate] for crate in others])
    bom.metadata.timestamp = None
    bom.serial_number = None
    for crate, used in uses.items():
        bom.register_dependency(parts[crate], [parts[one] for one in used])
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault:
        raise NoSbom(f"the list of components of {main.name} is not valid: {fault}")
    return text + "\n"


def write(path: Path, root: Path, package: str, target: str) -> int:
    """Writes the list beside its artefact. Returns how many components it names."""
    uses = graph(tree(root, package, target))
    path.write_text(document(uses, checksums((root / "Cargo.lock").read_text())))
    return len(uses) - 1
