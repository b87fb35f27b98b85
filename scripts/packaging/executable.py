"""What a shipped executable is built for, read from its ELF headers."""

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

# Names as Lambda and the file names of the artefacts have them.
ARCHITECTURES = {"EM_X86_64": "x86_64", "EM_AARCH64": "arm64"}


class Unfit(Exception):
    """The executable does not run where it is to run."""


@dataclass(frozen=True)
class Executable:
    """An ELF file."""

    path: Path
    # x86_64 or arm64, else the machine's name in ELF.
    architecture: str
    # Shared libraries that the loader must find.
    libraries: tuple[str, ...]
    # The newest version of glibc whose symbols it asks for, such as (2, 34). None: it asks for none.
    glibc: tuple[int, ...] | None

    @classmethod
    def read(cls, path: Path) -> "Executable":
        with path.open("rb") as file:
            elf = ELFFile(file)
            sections = list(elf.iter_sections())
            machine = elf["e_machine"]
            dynamic = [section for section in sections if isinstance(section, DynamicSection)]
            tags = [tag for section in dynamic for tag in section.iter_tags("DT_NEEDED")]
            versions = [
                auxiliary.name
                for section in sections
                if isinstance(section, GNUVerNeedSection)
                for _, auxiliaries in section.iter_versions()
                for auxiliary in auxiliaries
            ]
            return cls(path, ARCHITECTURES.get(machine, machine), tuple(tag.needed for tag in tags), newest(versions))

    def __str__(self) -> str:
        needs = f"glibc {dotted(self.glibc)}" if self.glibc else "no C library"
        return f"{self.architecture}, {self.path.stat().st_size / 1e6:.1f} MB unpacked, needs {needs}"

    def must_fit(self, architecture: str, glibc: tuple[int, ...] | None) -> None:
        """Raises Unfit unless it is for `architecture` and content with `glibc`; None: it must be static."""
        if self.architecture != architecture:
            raise Unfit(f"{self.path} is for {self.architecture} and not for {architecture}")
        if glibc is None and self.libraries:
            raise Unfit(f"{self.path} must be static and needs {', '.join(self.libraries)}")
        if glibc is not None and self.glibc is not None and self.glibc > glibc:
            raise Unfit(f"{self.path} needs glibc {dotted(self.glibc)} and the platform has {dotted(glibc)}")


def newest(versions: list[str]) -> tuple[int, ...] | None:
    """The newest of symbol versions such as GLIBC_2.34; those of other libraries are left out."""
    numbers = [version.removeprefix("GLIBC_") for version in versions if version.startswith("GLIBC_2")]
    return max((tuple(int(part) for part in number.split(".")) for number in numbers), default=None)


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
