#!/usr/bin/env python3
"""Builds the mutants and runs the suite on each of them.

    mutants.py build --build FOLDER [--compiler CC]    patches and compiles what has changed
    mutants.py run --build FOLDER [--weir WEIR] [--markdown] [--output FILE] [NAME...]
    mutants.py list                                    rule, mutant, defect; nothing is built

conformance/mutants/README.md describes a mutant.
Exit status: 0 all is as it must be, 1 it is not, 2 something here is broken.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATCHES = ROOT / "conformance" / "mutants"
CANARIES = PATCHES / "canaries"
EXEMPT = PATCHES / "exempt"
HARNESS = ROOT / "harness"
REFERENCE = HARNESS / "reference"
PRISTINE = "pristine"
LEAST = 2  # mutants for a checked rule
CHUNK = 8  # mutants that one command runs the suite on
KINDS = {"fails every case", "survives", "killed for other rules", "does not apply"}  # of canaries: one of each
# Asserts are off, as in what is shipped; what the compiler thinks of a defect is not asked.
FLAGS = ["-std=c11", "-w", "-fPIC", "-fvisibility=hidden", "-DNDEBUG", "-D_GNU_SOURCE", "-DWEIR_REFERENCE_PLUGIN"]


class Broken(Exception):
    """Something here does not work: no verdict about the suite."""


@dataclasses.dataclass
class Mutant:
    name: str
    rules: list
    defect: str
    canary: str  # what must be found out about it; empty: an ordinary mutant
    path: pathlib.Path


def read_mutant(path):
    head = {}
    for line in path.read_text().splitlines():
        if line.startswith("--- "):
            break
        key, _, value = line.partition(": ")
        if key not in ("Rule", "Defect", "Canary") or key in head:
            if line:
                raise Broken(f"{path.relative_to(ROOT)}: '{line}': a header has Rule, Defect and Canary, once each")
            continue
        head[key] = value.strip()
    missing = [key for key in ("Rule", "Defect") if not head.get(key)]
    if missing:
        raise Broken(f"{path.relative_to(ROOT)}: no '{missing[0]}:' in the header")
    if ("Canary" in head) != (path.parent == CANARIES):
        raise Broken(f"{path.relative_to(ROOT)}: a canary says so in its header, and is in canaries/")
    name = str(path.relative_to(PATCHES).with_suffix(""))
    return Mutant(name, head["Rule"].split(), head["Defect"], head.get("Canary", ""), path)


def read_mutants():
    return [read_mutant(path) for path in sorted(PATCHES.rglob("*.patch"))]


# ---- Building


def call(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def compile_with(compiler, arguments, sources, target, include):
    """Sources and objects to one object or plug-in, which `arguments` say."""
    folders = [f"-I{include}", f"-I{HARNESS / 'include'}", f"-I{HARNESS}"]
    result = call([compiler, *FLAGS, *folders, *arguments, "-o", str(target), *map(str, sources)])
    if result.returncode != 0:
        raise Broken(f"{target}: {result.stdout}")


def inputs_key(compiler):
    """What every mutant is made from, in one number."""
    digest = hashlib.sha256(repr((compiler, FLAGS)).encode())
    contract = HARNESS / "include" / "weir" / "transport.h"
    for path in [pathlib.Path(__file__), contract, *sorted(REFERENCE.glob("*.[ch]"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def apply_patch(mutant, copy):
    """Patches the copy, or says why the patch does not apply exactly as it stands."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(REFERENCE, copy)
    # Outside of any work tree, so that git takes the paths as they are.
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent)}
    return call(["git", "apply", str(mutant.path)], cwd=copy, env=alone)


def build_mutant(mutant, compiler, folder, key):
    place = folder / mutant.name
    plugin, note = place.with_suffix(".so"), place.with_suffix(".key")
    key = hashlib.sha256((key + mutant.path.read_text()).encode()).hexdigest()
    if note.exists() and note.read_text() == key:
        return
    for old in (plugin, note, place.with_suffix(".stale")):
        old.unlink(missing_ok=True)
    plugin.parent.mkdir(parents=True, exist_ok=True)
    copy = place / "reference"
    applied = apply_patch(mutant, copy)
    if applied.returncode != 0:
        place.with_suffix(".stale").write_text(applied.stdout)
    else:
        files = list(copy.glob("*.[ch]"))
        changed = {path.name for path in files if path.read_bytes() != (REFERENCE / path.name).read_bytes()}
        whole = any(name.endswith(".h") for name in changed)
        sources = [
            path if whole or path.name in changed else folder / PRISTINE / f"{path.stem}.o"
            for path in sorted(copy.glob("*.c"))
        ]
        compile_with(compiler, ["-shared"], sources, plugin, place)
    shutil.rmtree(place, ignore_errors=True)
    note.write_text(key)


def build_pristine(compiler, folder, key):
    place, note = folder / PRISTINE, folder / f"{PRISTINE}.key"
    if note.exists() and note.read_text() == key:
        return
    note.unlink(missing_ok=True)
    place.mkdir(parents=True, exist_ok=True)
    objects = [place / f"{source.stem}.o" for source in sorted(REFERENCE.glob("*.c"))]
    for target in objects:
        compile_with(compiler, ["-c"], [REFERENCE / f"{target.stem}.c"], target, HARNESS)
    compile_with(compiler, ["-shared"], objects, folder / f"{PRISTINE}.so", HARNESS)
    note.write_text(key)


def forget_others(mutants, folder):
    known = {str(folder / mutant.name) + ".so" for mutant in mutants} | {str(folder / f"{PRISTINE}.so")}
    for path in folder.rglob("*.so"):
        if str(path) not in known:
            path.unlink()


def build(options):
    folder = options.build / "mutants"
    folder.mkdir(parents=True, exist_ok=True)
    mutants = read_mutants()
    key = inputs_key(options.compiler)
    forget_others(mutants, folder)
    build_pristine(options.compiler, folder, key)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda mutant: build_mutant(mutant, options.compiler, folder, key), mutants):
            pass
    return 0


# ---- Running the suite


@dataclasses.dataclass
class Outcome:
    """What the suite has found out about one target."""

    cases: list  # (name, verdict)
    hits: dict  # rule: its cases, in the order of the suite
    crowds: dict  # folder of the suite: how many of its cases found something
    errors: list


def outcome_of(result):
    outcome = Outcome([], {}, {}, [])
    if "unavailable" in result:
        raise Broken(f"{result['target']}: {result['unavailable']}")
    for case in result["cases"]:
        name = case["case"]
        outcome.cases.append((name, case["verdict"]))
        if case["verdict"] == "error":
            outcome.errors.append(f"{name}: {case.get('reason', '')}")
        rules = {finding["rule"] for finding in case["findings"]}
        for rule in rules:
            outcome.hits.setdefault(rule, []).append(name)
        group = name.split("/")[0]
        outcome.crowds[group] = outcome.crowds.get(group, 0) + bool(rules)
    return outcome


def run_suite(weir, targets):
    """{target: its outcome}, by one command."""
    result = subprocess.run([str(weir), "test", "--faults", "posix", "--format", "json", *targets], capture_output=True, text=True)
    try:
        results = json.loads(result.stdout)["results"]
    except (json.JSONDecodeError, KeyError):
        raise Broken(f"weir test gave no result (status {result.returncode}): {result.stderr.strip()[-500:]}") from None
    return {item["target"]: outcome_of(item) for item in results}


def run_all(weir, targets):
    chunks = [targets[at : at + CHUNK] for at in range(0, len(targets), CHUNK)]
    outcomes = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(lambda chunk: run_suite(weir, chunk), chunks):
            outcomes.update(part)
    lost = [target for target in targets if target not in outcomes]
    if lost:
        raise Broken(f"no result for {lost[0]}")
    return outcomes


def checked_rules(weir):
    """The ids of the rules that the validator checks, in the order of the table."""
    lines = subprocess.run([str(weir), "list", "rules"], capture_output=True, text=True, check=True).stdout.splitlines()
    fields = [line.split() for line in lines]
    return [field[0] for field in fields if field[2] == "checked"]


# ---- Judging


def verdict_on(mutant, outcome):
    """'killed', or what is wrong with it."""
    if outcome is None:
        return "does not apply"
    if not outcome.hits:
        return "survives"
    missed = [rule for rule in mutant.rules if rule not in outcome.hits]
    if not missed:
        return "killed"
    others = " ".join(sorted(outcome.hits))
    return f"killed for other rules: not for {' '.join(missed)}, but for {others}"


def is_noticed(canary, outcome):
    verdict = verdict_on(canary, outcome)
    if canary.canary == "fails every case":
        return outcome is not None and all(found in ("fail", "skip") for _, found in outcome.cases)
    return verdict.startswith(canary.canary)


def passes(outcome):
    verdicts = {found for _, found in outcome.cases}
    return "pass" in verdicts and verdicts <= {"pass", "skip"}


def read_exempt():
    """{rule: why a C transport cannot break it}."""
    reasons = {}
    for line in EXEMPT.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        rule, _, reason = line.partition(" ")
        if not reason.strip() or rule in reasons:
            raise Broken(f"{EXEMPT.relative_to(ROOT)}: '{line}': a rule and a reason a line, each rule once")
        reasons[rule] = reason.strip()
    return reasons


def coverage_gaps(mutants, checked, exempt):
    count = {rule: 0 for rule in checked}
    exemptions = EXEMPT.relative_to(ROOT)
    for mutant in mutants:
        for rule in mutant.rules:
            if rule in count:
                count[rule] += 1
            else:
                yield f"{mutant.name}: {rule} is no rule that is checked"
    for rule, there in count.items():
        if there < LEAST and rule not in exempt:
            yield f"{rule}: mutants {there}, needed {LEAST}, or a line in {exemptions} that says why not"
        elif there >= LEAST and rule in exempt:
            yield f"{exemptions}: {rule} has {there} mutants: the line is out of date"
    for rule in exempt:
        if rule not in count:
            yield f"{exemptions}: {rule} is no rule that is checked"


def same_patches(mutants):
    """Two mutants that are one."""
    seen = {}
    for mutant in mutants:
        body = re.sub(r"\A.*?^(?=--- )", "", mutant.path.read_text(), flags=re.M | re.S)
        if body in seen:
            yield f"{mutant.name} is the same as {seen[body]}"
        seen.setdefault(body, mutant.name)


def complaints(mutants, canaries, outcomes, pristine):
    for name, outcome in pristine.items():
        if not passes(outcome):
            yield f"{name}: does not pass the suite: {', '.join(sorted(outcome.hits)) or 'nothing was run'}"
    for kind in KINDS - {canary.canary for canary in canaries}:
        yield f"there is no canary of the kind '{kind}'"
    for canary in canaries:
        if not is_noticed(canary, outcomes[canary.name]):
            yield f"{canary.name}: '{canary.canary}' was not noticed: {verdict_on(canary, outcomes[canary.name])}"
    for mutant in mutants:
        outcome = outcomes[mutant.name]
        verdict = verdict_on(mutant, outcome)
        if verdict != "killed":
            yield f"{mutant.name}: {verdict}"
        if outcome is not None and outcome.errors:
            yield f"{mutant.name}: the harness broke on it: {outcome.errors[0]}"


# ---- Telling


def groups_of(outcomes):
    groups = {}
    for outcome in outcomes.values():
        if outcome is not None:
            groups.update(dict.fromkeys(outcome.crowds))
    return list(groups)


def first_kill(mutant, outcome):
    """(rule, case) of the case that finds a rule of the mutant's first."""
    order = [name for name, _ in outcome.cases]
    found = [(order.index(outcome.hits[rule][0]), rule) for rule in mutant.rules if rule in outcome.hits]
    return (min(found)[1], order[min(found)[0]]) if found else ("-", verdict_on(mutant, outcome))


def rows_of(mutants, outcomes, groups):
    for mutant in mutants:
        outcome = outcomes[mutant.name]
        if outcome is None:
            yield mutant, "-", "does not apply", ["" for _ in groups]
            continue
        rule, case = first_kill(mutant, outcome)
        yield mutant, rule, case, [str(outcome.crowds.get(group, 0) or ".") for group in groups]


def others_of(mutant, outcome):
    return sorted(rule for rule in outcome.hits if rule not in mutant.rules) if outcome is not None else []


def table(mutants, outcomes):
    groups = groups_of(outcomes)
    width = max(len(mutant.name) for mutant in mutants)
    rules = max(len(" ".join(mutant.rules)) for mutant in mutants)

    def line(name, ids, cells, end):
        return f"{name:{width}} {ids:{rules}} {' '.join(f'{cell[:4]:>4}' for cell in cells)}  {end}"

    lines = [line("mutant", "rules", groups, "first found as, by (broken besides)")]
    for mutant, rule, case, cells in rows_of(mutants, outcomes, groups):
        also = others_of(mutant, outcomes[mutant.name])
        end = f"{rule} {case}" + (f" ({' '.join(also)})" if also else "")
        lines.append(line(mutant.name, " ".join(mutant.rules), cells, end))
    return lines


def page_rows(heads, rows):
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]


def page(mutants, outcomes, exempt, checked):
    groups = groups_of(outcomes)
    rows = []
    for mutant, rule, case, cells in rows_of(mutants, outcomes, groups):
        also = others_of(mutant, outcomes[mutant.name])
        names = [f"`{mutant.name}`", mutant.defect, " ".join(mutant.rules), " ".join(also), f"{rule} `{case}`"]
        rows.append(names + cells)
    lines = ["# Mutants and the cases that find them", ""]
    lines += [f"{len(mutants)} mutants. The numbers count the cases of a folder of the suite that find something.", ""]
    lines += page_rows(["mutant", "defect", "rules", "broken besides", "first found as, by", *groups], rows)
    rows = []
    for rule in checked:
        own = [f"`{mutant.name}`" for mutant in mutants if rule in mutant.rules]
        besides = sum(rule in others_of(mutant, outcomes[mutant.name]) for mutant in mutants)
        rows.append([rule, ", ".join(own) or exempt.get(rule, ""), str(besides)])
    return lines + ["", "## Rules", ""] + page_rows(["rule", "mutants", "others that break it"], rows)


def write(lines, output):
    text = "\n".join(lines) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    part = output.with_name(output.name + ".part")
    part.write_text(text)
    part.replace(output)


def choose(mutants, names):
    folders = tuple(name.rstrip("/") + "/" for name in names)
    chosen = [mutant for mutant in mutants if not names or (mutant.name + "/").startswith(folders)]
    if not chosen:
        raise Broken(f"no mutant is named {names[0]}")
    return chosen


def run(options):
    folder = options.build / "mutants"
    every = read_mutants()
    canaries = [mutant for mutant in every if mutant.canary]
    mutants = [mutant for mutant in every if not mutant.canary]
    chosen = choose(mutants, options.names)
    places = {mutant.name: str(folder / mutant.name) + ".so" for mutant in chosen + canaries}
    originals = ["reference", str(folder / f"{PRISTINE}.so")]
    there = [place for place in places.values() if os.path.exists(place)]
    weir = options.weir or options.build / "bin" / "weir"
    results = run_all(weir, originals + there)
    outcomes = {name: results.get(place) for name, place in places.items()}
    checked, exempt = checked_rules(weir), read_exempt()
    wrong = list(complaints(chosen, canaries, outcomes, {name: results[name] for name in originals}))
    wrong += list(same_patches(mutants))
    wrong += list(coverage_gaps(mutants, checked, exempt))
    ordinary = {mutant.name: outcomes[mutant.name] for mutant in chosen}
    write(page(chosen, ordinary, exempt, checked) if options.markdown else table(chosen, ordinary), options.output)
    for line in wrong:
        print(f"mutants: {line}", file=sys.stderr)
    killed = sum(1 for mutant in chosen if verdict_on(mutant, outcomes[mutant.name]) == "killed")
    told = sum(1 for canary in canaries if is_noticed(canary, outcomes[canary.name]))
    counts = f"{killed} of {len(chosen)} mutants killed, {told} of {len(canaries)} canaries noticed"
    print(f"{counts}, {len(exempt)} of {len(checked)} rules exempt", file=sys.stderr)
    return 1 if wrong else 0


def list_mutants(_):
    for mutant in read_mutants():
        if not mutant.canary:
            for rule in mutant.rules:
                print(f"{rule}\t{mutant.name}\t{mutant.defect}")
    return 0


def main():
    parser = argparse.ArgumentParser(description="Builds the mutants of the reference and runs the suite on each.")
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("build", help="patch and compile what has changed")
    verb.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    verb.add_argument("--compiler", default="cc")
    verb.set_defaults(function=build)
    verb = verbs.add_parser("run", help="run the suite on each, and print the matrix")
    verb.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    verb.add_argument("--weir", type=pathlib.Path, help="the command, where it is not the one of the build folder")
    verb.add_argument("--markdown", action="store_true", help="the matrix as a page")
    verb.add_argument("--output", type=pathlib.Path, help="a file in place of standard output")
    verb.add_argument("names", nargs="*", help="only these mutants, or folders of them")
    verb.set_defaults(function=run)
    verb = verbs.add_parser("list", help="rule, mutant, defect: a line each")
    verb.set_defaults(function=list_mutants)
    options = parser.parse_args()
    try:
        return options.function(options)
    except (Broken, OSError, subprocess.CalledProcessError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
