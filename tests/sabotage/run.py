#!/usr/bin/env python3
"""Breaks promises on purpose, one at a time, and checks that the drill notices.

For each breakage in breakages.toml: build the function with it in a worktree beside cargo's folder, play the scenarios that
guard the promise with an intact `holdfast`, and demand that each fails by the promise that is named. Exits 0 only when
every breakage was noticed. Needs Python 3.11 and cargo; about a minute for each breakage on two cores.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
# All are named every time: another choice means other features of shared crates, and all of them built again.
PACKAGES = ["-p", "holdfast"]
PACKAGES += [word for folder in sorted((TREE / "functions").iterdir()) for word in ("-p", f"holdfast-{folder.name}")]


class Broken(Exception):
    """The breakage could not be tried."""


def main():
    # Whoever ends us leaves no folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = parse()
    breakages = tomllib.loads((HERE / "breakages.toml").read_text())["breakage"]
    names = [one["name"] for one in breakages]
    if twice := {name for name in names if names.count(name) > 1}:
        sys.exit(f"more than one breakage is called {', '.join(sorted(twice))}")
    if arguments.only:
        unknown = set(arguments.only) - set(names)
        if unknown:
            sys.exit(f"there is no breakage {', '.join(sorted(unknown))}")
        breakages = [one for one in breakages if one["name"] in arguments.only]
    breakages = [one for one in breakages if arguments.cloud in (None, cloud_of(one))]
    with tempfile.TemporaryDirectory(prefix="holdfast-sabotage-") as folder:
        return Shop(pathlib.Path(folder), arguments).run(breakages)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", help="this breakage; may be given more than once")
    parser.add_argument("--cloud", metavar="CLOUD", help="only the breakages of this cloud's function")
    parser.add_argument("--jobs", default="3", help="scenarios side by side (3)")
    parser.add_argument("--compress", default="60", help="how much faster than life: 1, 2, 3, 6, 12 or 60 (60); a busy machine needs 12")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "holdfast-sabotage"
    parser.add_argument("--target", type=pathlib.Path, default=cache, help=f"cargo's folder and the worktree, kept between runs ({cache})")
    parser.add_argument("--skip-units", action="store_true", help="leave out what only unit tests notice")
    return parser.parse_args()


class Shop:
    """A worktree of HEAD, and the executables that were built from it.

    The worktree stays where it is from run to run, one for each clone: at another path, or with other times, cargo builds every crate anew.
    """

    def __init__(self, folder, arguments):
        clone = hashlib.sha256(str(TREE).encode()).hexdigest()[:8]
        self.tree, self.out, self.arguments = arguments.target / f"tree-{clone}", folder / "out", arguments
        self.cargo = os.environ | {"CARGO_TARGET_DIR": str(arguments.target), "CARGO_TERM_COLOR": "never"}
        self.programs = {}
        self.passed = self.failed = 0
        head = subprocess.run(["git", "-C", str(TREE), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        git("worktree", "prune")
        if not (self.tree / ".git").exists():
            git("worktree", "add", "--quiet", "--force", "--detach", str(self.tree), "HEAD")
        # A run that was ended may have left its breakage behind.
        git("checkout", "--quiet", "--force", "--detach", head.stdout.strip(), at=self.tree)

    def run(self, breakages):
        units = [one for one in breakages if "package" in one and not self.arguments.skip_units]
        drilled = [one for one in breakages if "package" not in one]
        lost = [error for one in drilled + units if (error := self.misses_its_place(one))]
        if lost:
            print("\n".join(lost))
            return 1
        if drilled:
            self.prove_intact(drilled)
            self.try_drilled(drilled)
        for one in units:
            self.tell(one, *self.try_unit(one))
        print(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.failed == 0 else 1

    def misses_its_place(self, breakage):
        for edit in breakage["edit"]:
            found = (self.tree / edit["file"]).read_text().count(edit["old"])
            if found != 1:
                return f"LOST     {breakage['name']}: its old text is {found} times in {edit['file']}, not once"
        return None

    def prove_intact(self, breakages):
        """A scenario that fails anyway would prove nothing."""
        self.build("intact", "holdfast")
        self.programs = self.ask_for_programs()
        clouds = [cloud for cloud in self.programs if any(cloud_of(one) == cloud for one in breakages)]
        unknown = {cloud_of(one) for one in breakages} - set(clouds)
        if unknown:
            sys.exit(f"holdfast knows no cloud {', '.join(sorted(unknown))}")
        self.build("intact", *(self.programs[cloud] for cloud in clouds))
        for cloud in clouds:
            guards = [guard_of(guard) for one in breakages if cloud_of(one) == cloud for guard in one["noticed_by"]]
            verdicts = self.drill("intact", cloud, sorted({scenario for scenario, _ in guards}))
            failing = [f"{name}: {', '.join(broken)}" for name, broken in verdicts.items() if broken]
            if failing:
                sys.exit("nothing was broken yet, and these scenarios fail: " + "; ".join(failing))
            print(f"intact, {cloud}: all {len(verdicts)} scenarios pass", flush=True)

    def ask_for_programs(self):
        """The function's executable on each cloud, from the simulator's list of clouds."""
        command = [self.out / "intact" / "holdfast", "drill", "--list", "--json"]
        listed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return {cloud["name"]: cloud["executable"] for cloud in listed["clouds"]}

    def try_drilled(self, breakages):
        """While one breakage is drilled the next one is built."""
        with concurrent.futures.ThreadPoolExecutor(1) as stage:
            playing = []
            for breakage in breakages:
                begun = time.monotonic()
                try:
                    with self.applied(breakage):
                        self.build(breakage["name"], self.programs[cloud_of(breakage)])
                except Broken as error:
                    self.tell(breakage, False, str(error))
                    continue
                for earlier, future in playing:
                    self.tell(earlier, *future.result())
                playing = [(breakage, stage.submit(self.judge, breakage, begun))]
            for earlier, future in playing:
                self.tell(earlier, *future.result())

    def judge(self, breakage, begun):
        guards = [guard_of(guard) for guard in breakage["noticed_by"]]
        verdicts = self.drill(breakage["name"], cloud_of(breakage), sorted({scenario for scenario, _ in guards}))
        shutil.rmtree(self.out / breakage["name"])
        missed = [f"{scenario}: {wanted} (broken: {', '.join(verdicts[scenario]) or 'nothing'})"
                  for scenario, wanted in guards if not set(wanted.split(" | ")) & set(verdicts[scenario])]
        by = "; ".join(breakage["noticed_by"])
        seconds = time.monotonic() - begun
        return (False, "; ".join(missed)) if missed else (True, f"{by}  [{seconds:.0f} s]")

    def try_unit(self, breakage):
        names = [guard_of(guard)[1] for guard in breakage["noticed_by"]]
        with self.applied(breakage):
            # The package alone: with the executables beside it each of their tests would be built again.
            done = self.run_cargo("test", "-p", breakage["package"], "--lib", "--", *names)
        passed_over = [name for name in names if f"{name} ... FAILED" not in done.stdout]
        if passed_over:
            return False, f"{', '.join(passed_over)} did not fail\n{done.stderr[-800:]}"
        return True, f"unit test {', '.join(names)}"

    def tell(self, breakage, noticed, how):
        self.passed, self.failed = self.passed + noticed, self.failed + (not noticed)
        word = "NOTICED  " if noticed else "MISSED   "
        print(f"{word}{breakage['name']}  by: {how}", flush=True)

    def applied(self, breakage):
        return Applied(self.tree, breakage["edit"])

    def build(self, name, *programs):
        wanted = [option for program in programs for option in ("--bin", program)]
        done = self.run_cargo("build", *PACKAGES, *wanted)
        if done.returncode != 0:
            raise Broken("it does not build:\n" + done.stderr[-2000:])
        (self.out / name).mkdir(parents=True, exist_ok=True)
        for program in programs:
            shutil.copy2(self.arguments.target / "debug" / program, self.out / name / program)

    def run_cargo(self, *words):
        command = ["cargo", *words]
        return subprocess.run(command, cwd=self.tree, env=self.cargo, capture_output=True, text=True)

    def drill(self, name, cloud, scenarios):
        """Scenario to the promises that it saw broken; `stuck` is one of them."""
        command = [self.out / "intact" / "holdfast", "drill", "--json", "--cloud", cloud]
        command += ["--jobs", self.arguments.jobs, "--compress", self.arguments.compress]
        command += ["--bootstrap", self.out / name / self.programs[cloud]]
        command += [word for scenario in scenarios for word in ("--scenario", scenario)]
        done = subprocess.run(command, capture_output=True, text=True)
        if not done.stdout.startswith("{"):
            return {scenario: [f"no verdict: {done.stderr[-200:]}"] for scenario in scenarios}
        return {one["scenario"]: broken_in(one) for one in json.loads(done.stdout)["scenarios"]}


class Applied:
    """The tree with one breakage in it, for as long as the context lasts."""

    def __init__(self, tree, edits):
        self.edits = [(tree / edit["file"], edit["old"], edit["new"]) for edit in edits]
        self.before = {file: file.read_text() for file, _, _ in self.edits}

    def __enter__(self):
        for file, old, new in self.edits:
            file.write_text(file.read_text().replace(old, new))

    def __exit__(self, *_):
        for file, text in self.before.items():
            file.write_text(text)


def cloud_of(breakage):
    """What the clouds share is broken on AWS."""
    return breakage.get("cloud", "aws")


def guard_of(text):
    scenario, _, promise = text.partition(": ")
    return scenario, promise


def broken_in(verdict):
    broken = [one["promise"] for one in verdict["promises"] if not one["kept"]]
    return broken + (["stuck"] if verdict["stuck"] else [])


def git(*words, at=TREE):
    subprocess.run(["git", "-C", str(at), *words], check=True)


if __name__ == "__main__":
    sys.exit(main())
