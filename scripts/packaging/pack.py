"""Builds what is deployed and packs it: `make package`.

Each executable is refused that does not run where it is to run: another architecture, a newer glibc, a shared library where there is
none. Beside each artefact its list of components; SHA256SUMS over all. The same sources give the same bytes.
"""

import hashlib
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import certifi

import archive
import image
import sbom
from executable import Executable, Unfit

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Artefact:
    """One file that is deployed."""

    # Its name in dist.
    file: str
    # The crate of its executable, and what that is built for.
    package: str
    target: str
    architecture: str
    # The glibc of the platform; None where the executable must be static.
    glibc: tuple[int, ...] | None = None
    # What lies beside the executable, in the tree.
    folder: str | None = None


# docs/reference/aws.md#lambda-runtime, docs/reference/azure.md#binaries. In the image of OCI there is no library at all.
ARTEFACTS = [
    Artefact("holdfast-aws-lambda-x86_64.zip", "holdfast-aws-lambda", "x86_64-unknown-linux-gnu.2.34", "x86_64", (2, 34)),
    Artefact("holdfast-aws-lambda-arm64.zip", "holdfast-aws-lambda", "aarch64-unknown-linux-gnu.2.34", "arm64", (2, 34)),
    Artefact("holdfast-azure-function.zip", "holdfast-azure-function", "x86_64-unknown-linux-musl", "x86_64", folder="infra/azure/function"),
    Artefact("holdfast-oci-function.tar", "holdfast-oci-function", "x86_64-unknown-linux-musl", "x86_64"),
]


def main(to: Path, names: list[str]) -> None:
    """Packs the artefacts of these names, all where there is none."""
    unknown = set(names) - {artefact.file for artefact in ARTEFACTS}
    if unknown:
        sys.exit(f"package: there is no {', '.join(unknown)}; there are {', '.join(artefact.file for artefact in ARTEFACTS)}")
    to.mkdir(parents=True, exist_ok=True)
    for old in to.iterdir():
        old.unlink()
    try:
        for artefact in (one for one in ARTEFACTS if not names or one.file in names):
            make(artefact, build(artefact), to)
    except (Unfit, image.Broken, sbom.NoSbom) as error:
        sys.exit(f"package: {error}")
    write_sums(to)


def build(artefact: Artefact) -> Path:
    """The artefact's executable, as it is shipped."""
    command = [ROOT / "scripts/build-shipped.sh", artefact.package, artefact.target]
    return Path(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def make(artefact: Artefact, path: Path, to: Path) -> None:
    """Packs one executable and lists its components."""
    executable = Executable.read(path)
    executable.must_fit(artefact.architecture, artefact.glibc)
    file = to / artefact.file
    if file.suffix == ".zip":
        archive.write(file, path, ROOT / artefact.folder if artefact.folder else None)
    else:
        make_image(file, path, artefact.architecture)
    components = sbom.write(file.with_suffix(".cdx.json"), ROOT, artefact.package, artefact.target.partition(".")[0])
    print(f"package: {file.name}: {file.stat().st_size / 1e6:.1f} MB, {components} components; {executable}", flush=True)


def make_image(file: Path, path: Path, architecture: str) -> None:
    """Writes the image, reads it back, and writes its digest beside it: the module of OCI asks for it."""
    digest = image.write(file, path, Path(certifi.where()), architecture, version())
    read = image.read(file)
    if read.digest != digest or read.files[image.ENTRYPOINT][2] != path.read_bytes():
        raise image.Broken(f"{file} was not written as it should be")
    file.with_suffix(".digest").write_text(digest + "\n")


def version() -> str:
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def write_sums(folder: Path) -> None:
    """SHA256SUMS over every file of the folder, for `sha256sum --check`."""
    sums = folder / "SHA256SUMS"
    files = sorted(path for path in folder.iterdir() if path != sums)
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
