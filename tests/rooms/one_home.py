#!/usr/bin/env python3
"""What is said once stays said once: one_home.py [FOLDER] [--source TREE]

The endpoint tables (src/hub/api) say paths and permissions, the field tables (src/domain/tables) say fields, the store
says SQL, and the client's paths have one file. This reads the source and fails where one of them is said elsewhere.
Rows and fields come from the built medperf-hub in FOLDER (default: build/release/src/apps). TREE: another checkout.
At the end each rule is broken in copies of a few files, and that must be seen."""
import bisect
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
ROWS = "src/hub/api"
CLIENT_PATHS = "src/site/hub_client/paths.cpp"

# Besides the homes. Each line: file (or folder with '/'), and why what is said there has no other home.
PATH_EXCEPTIONS = {
    "src/hub/api/hub.h": "the prefix that the rows' paths are below",
    "src/hub/serve.cpp": "the port for watching picks the rows of health and readiness by their path",
    "src/hub/transfer/hub_source.cpp": "reads another hub, of the existing kind, to take it over",
    "src/cli/commands/container_scaffold.cpp": "paths inside containers, where /mlcommons/volumes/results/ is a folder",
}
FIELD_EXCEPTIONS = {
    "src/hub/store/migrations/": "steps of the schema are history: they say the fields of their day",
    "src/hub/store/list_counts.cpp": "columns of its own table of changes, which lie beside the entities' columns",
    "src/hub/store/results.cpp": "one statement over four tables: what an aggregate shows of each",
}
PERMISSION_EXCEPTIONS = {
    "src/hub/store/standing.cpp": "finds the relations that a caller has; lets nobody in",
    "src/hub/api/hub.cpp": "adds what the sign-in tells: anyone, signed in, admin",
    "src/hub/api/subjects.cpp": "joins the standings to each item of a list into one",
    "src/hub/api/openapi.cpp": "asks a row whether every reader gets the full form",
    "src/hub/release/policy.cpp": "names the relation behind each role of a benchmark's own release policy",
}
SQL_EXCEPTIONS = {
    "src/hub/transfer/pg_dump.cpp": "reads the dump of another hub's database, which is SQL text",
}
SQL_HOMES = ("src/sql/", "src/ledger/", "src/hub/store/")

TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\((?P<raw>.*?)\)(?P=mark)\""""
                   r"""|"(?P<text>(?:[^"\\\n]|\\.)*)"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'""", re.S)
SQL = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|PRAGMA|WHERE|ORDER BY|GROUP BY|LIMIT|JOIN|VALUES"
                 r"|CREATE (?:UNIQUE )?(?:TABLE|INDEX|VIEW|TRIGGER))\b|\bIN \(|\bIS (?:NOT )?NULL\b|\bAND \w+ |\bDESC\b"
                 r"|(?:^|\w) ?(?:=|<>|<|>) (?:\?|\$me)")
NAME = r"(?:\b[a-z]\.)?\b[a-z_]+\b"
SQL_LIST = re.compile(rf"{NAME}(?:,\s*{NAME})+")
RELATION = re.compile(r"\bRelation::k\w+")
ROW_WHO = re.compile(r"(?:\.(?:who|narrowed_who|narrowed_but|full_for)\s*=|constexpr (?:domain::)?Relations \w+\s*=)"
                     r"\s*\{[^{};]*\}")


class Source:
    """One file: its string literals, adjacent ones joined, and the code with blanks for comments and literals."""

    def __init__(self, name, code):
        self.name, self.code = name, code
        self.breaks = [i for i, c in enumerate(code) if c == "\n"]
        self.clean = TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token.group()), code)
        self.literals = []  # (begin, end, text)
        for token in TOKEN.finditer(code):
            begin, text = token.start(), token["raw"] if token["raw"] is not None else token["text"]
            if text is None:
                continue
            if self.literals and not self.clean[self.literals[-1][1]:begin].strip():
                begin, _, before = self.literals.pop()
                text = before + text
            self.literals.append((begin, token.end(), text))

    def line(self, offset):
        return bisect.bisect_left(self.breaks, offset) + 1

    def before(self, offset):
        return self.clean[max(0, offset - 200):offset].rstrip()


def read_sources(tree):
    for path in sorted((tree / "src").rglob("*")):
        if path.suffix in (".cpp", ".h") and not {"tests", "fuzz", "bench"} & set(path.parts):
            yield Source(path.relative_to(tree).as_posix(), path.read_text())


def excepted(name, exceptions, used):
    for place in exceptions:
        if name == place or (place.endswith("/") and name.startswith(place)):
            used.add(place)
            return True
    return False


class Contract:
    """Rows and fields, as the hub itself describes them."""

    def __init__(self, hub):
        document = json.loads(subprocess.run([hub, "openapi"], check=True, capture_output=True, text=True).stdout)
        self.rows = {(method.upper(), re.sub(r"\{\w+\}", "{}", path))
                     for path, methods in document["paths"].items() for method in methods}
        whole = {name: set(schema.get("properties", {})) for name, schema in document["components"]["schemas"].items()}
        forms = ("_public", "_create", "_update")
        parts = {name for name in whole if name.endswith(forms) and name.rsplit("_", 1)[0] in whole}
        self.fields = {name: fields for name, fields in whole.items() if "id" in fields and name not in parts}
        self.prefix = os.path.commonprefix([path for _, path in self.rows if path.startswith("/api/")])
        self.prefix = self.prefix[:self.prefix.rindex("/") + 1]
        words = {word for _, path in self.rows for word in path.split("/") if word.isidentifier()} - {"api"}
        plain = "|".join(re.escape(path) for _, path in self.rows if not path.startswith("/api/"))
        self.looks_like_path = re.compile(
            rf"{re.escape(self.prefix)}|(?:^|[^\w.])(?:{'|'.join(sorted(words))})/(?:[\w{{?]|$)|^(?:{plain})$")

    def entity_of(self, names):
        """The entity that has most of the names, and which those are."""
        return max(((name, fields & names) for name, fields in self.fields.items()), key=lambda best: len(best[1]))


def check_paths(files, contract, used):
    for source in files:
        spelt = [(begin, text) for begin, _, text in source.literals
                 if contract.looks_like_path.search(text) and not text.startswith("medperf/")]
        if source.name == CLIENT_PATHS:
            yield from check_client_paths(source, spelt, contract)
            continue
        for begin, text in spelt:
            if source.name.startswith(ROWS + "/") and source.before(begin).endswith(".path ="):
                continue
            if not excepted(source.name, PATH_EXCEPTIONS, used):
                yield (source, begin, f"the hub's path '{text}' is spelt here",
                       f"hub: write a row in {ROWS}; client: call a function of {CLIENT_PATHS}")


def check_client_paths(source, spelt, contract):
    seen = set()
    for function in re.finditer(r"Path<([^<>]*)>\s+(\w+)\([^)]*\)\s*\{(.*?)\n\}", source.code, re.S):
        methods = [word.strip()[1:].upper() for word in function[1].split("|")]
        for begin, text in spelt:
            if not function.start() < begin < function.end():
                continue
            seen.add(begin)
            path = text if text.startswith("/") else contract.prefix + text
            for method in methods:
                if (method, path) not in contract.rows:
                    yield (source, begin, f"{function[2]}() calls {method} {path}: no such row in the endpoint tables",
                           f"correct the path or the methods of Path<>, or write the row in {ROWS}")
    for begin, text in spelt:
        if begin not in seen and text != contract.prefix:
            yield (source, begin, f"'{text}' stands in no function that says its methods",
                   "make it a function that gives a Path<>")


def check_fields(files, contract, used):
    names_header = next(source for source in files if source.name == "src/domain/names.h")
    constants = dict(re.findall(r"string_view (k\w+) = \"(\w+)\";", names_header.code))
    constant = re.compile(rf"\b(?:domain::)?({'|'.join(constants)})\b")
    every_field = set().union(*contract.fields.values())
    for source in files:
        if source.name.startswith("src/domain/tables/"):
            continue
        for begin, names in field_lists(source, constants, constant, every_field):
            entity, fields = contract.entity_of(names)
            if len(fields) < 3 or excepted(source.name, FIELD_EXCEPTIONS, used):
                continue
            yield (source, begin, f"a list of fields of {entity}: {', '.join(sorted(fields))}",
                   "take it from the field table (domain::table_of, column_list, insert_with), or choose some by name "
                   "in src/domain/tables/choices.cpp")


def field_lists(source, constants, constant, every_field):
    """Runs of names with nothing but commas and braces between them, and lists in SQL."""
    tokens = [(begin, end, text) for begin, end, text in source.literals if text in every_field]
    tokens += [(found.start(), found.end(), constants[found[1]]) for found in constant.finditer(source.clean)]
    run = []
    for token in [*sorted(tokens), None]:
        if run and (token is None or re.search(r"[^\s,{}]", source.code[run[-1][1]:token[0]])):
            # Which fields an endpoint shows or filters by is a column of its row.
            column = re.search(r"constexpr std::string_view \w+\[\] = \{$", source.before(run[0][0]))
            if not (column and source.name.startswith(ROWS + "/")):
                yield run[0][0], {text for _, _, text in run}
            run = []
        run.append(token)
    for begin, _, text in source.literals:
        if SQL.search(text):
            for found in SQL_LIST.finditer(text):
                yield begin, set(re.findall(r"[a-z_]{2,}", found.group()))


def check_permissions(files, _, used):
    for source in files:
        if source.name.startswith("src/domain/"):
            continue
        in_rows = source.name.startswith(ROWS + "/")
        inside = [found.span() for found in ROW_WHO.finditer(source.clean)] if in_rows else []
        for found in RELATION.finditer(source.clean):
            if any(begin < found.start() < end for begin, end in inside):
                continue
            is_set = re.match(r"Relation::k\w+\s*,\s*(?:domain::)?Relation::k", source.clean[found.start():])
            if is_set or not excepted(source.name, PERMISSION_EXCEPTIONS, used):
                yield (source, found.start(), f"{found.group()} is asked for here",
                       f"say who may in the endpoint's row in {ROWS}, or name the set in src/domain/relation_sets.h")


def check_sql(files, _, used):
    for source in files:
        if source.name.startswith(SQL_HOMES):
            continue
        for begin, _, text in source.literals:
            if SQL.search(text) and not excepted(source.name, SQL_EXCEPTIONS, used):
                yield (source, begin, f"SQL: '{' '.join(text.split())[:70]}'",
                       "put the statement into src/hub/store behind a function that says what it finds or changes")


RULES = {
    "paths": (check_paths, PATH_EXCEPTIONS),
    "fields": (check_fields, FIELD_EXCEPTIONS),
    "permissions": (check_permissions, PERMISSION_EXCEPTIONS),
    "sql": (check_sql, SQL_EXCEPTIONS),
}

# (rule, file, what is added at its end, or (what, by what) is replaced in it)
PLANTS = [
    ("paths", "src/cli/commands/model.cpp", 'const auto row = hub->get({fmt::format("benchmarks/{}/models/", id)});'),
    ("paths", "src/site/flows/run.cpp", 'const std::string path = "me/" + kind;'),
    ("paths", "src/hub/api/datasets.cpp", 'if (call.request.path == "/api/v0/datasets/") return nothing();'),
    ("paths", CLIENT_PATHS, 'Path<kDelete> gone() {\n  return {"me/"};\n}'),
    ("paths", CLIENT_PATHS, ("me/results/", "me/outcomes/")),
    ("fields", "src/site/flows/run.cpp", 'constexpr auto kShown = {"input_data_hash", "generated_uid", "split_seed"};'),
    ("fields", "src/hub/services/keys.cpp", 'for (auto f : {domain::kName, domain::kState, "split_seed"}) copy(f);'),
    ("fields", "src/hub/store/delivery.cpp", 'session.query("SELECT d.name, d.location, d.state " "FROM datasets d");'),
    ("permissions", "src/hub/services/results.cpp", "constexpr Relations kWho = {Relation::kOwner, Relation::kAdmin};"),
    ("permissions", "src/hub/api/results.cpp", "if (call.relations.has(Relation::kAdmin)) return everything();"),
    ("permissions", "src/hub/store/standing.cpp", "constexpr Relations kBoth = {Relation::kOwner, Relation::kAdmin};"),
    ("sql", "src/hub/services/keys.cpp", 'keys.find_where(session, "owner = ? AND is_valid = 1", {owner});'),
    ("sql", "src/hub/api/system.cpp", 'session.query("SELECT 1");'),
]


def planted(source, plant):
    return Source(source.name, source.code.replace(*plant) if isinstance(plant, tuple) else f"{source.code}\n{plant}\n")


def main(arguments):
    tree = pathlib.Path(arguments.pop(arguments.index("--source") + 1)).resolve() if "--source" in arguments else TOP
    folders = [word for word in arguments if word != "--source"]
    built = os.environ.get("MEDPERF_PROGRAMS", TOP / "build/release/src/apps")
    contract = Contract(pathlib.Path(folders[0] if folders else built) / "medperf-hub")
    files = list(read_sources(tree))
    passed = failed = 0

    def case(good, title):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok  ' if good else 'FAIL'} {title}")

    found = {}
    for rule, (check, exceptions) in RULES.items():
        used = set()
        found[rule] = list(check(files, contract, used))
        for source, offset, what, advice in found[rule]:
            case(False, f"{rule}: {source.name}:{source.line(offset)}: {what}\n     {advice}")
        for place in sorted(exceptions.keys() - used):
            case(False, f"{rule}: the exception {place} is needed no more\n     remove it from tests/rooms/one_home.py")
        if not found[rule]:
            case(True, f"{rule}: one home, in {len(files)} files")
    for rule, name, plant in PLANTS:
        copies = [planted(source, plant) if source.name == name else source for source in files]
        more = len(list(RULES[rule][0](copies, contract, set()))) - len(found[rule])
        shown = " ".join((plant if isinstance(plant, str) else " by ".join(plant)).split())
        case(more > 0, f"{rule}: seen when planted in {name}: {shown}")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
