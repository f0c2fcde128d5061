"""The file that `medperf-hub backup` writes (docs/operations.md, "The file"), read and written."""
import hashlib, json


class Table:
    def __init__(self, columns, last_id):
        self.columns, self.last_id, self.rows = columns, last_id, []

    def records(self):
        """Each row as column: value."""
        return [dict(zip(self.columns, row)) for row in self.rows]


def line_of(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"


class Archive:
    """`head`, and `tables` by name in the file's order."""

    def __init__(self, file=None):
        self.head, self.tables = {}, {}
        table = None
        for text in open(file, encoding="utf-8") if file else ():
            line = json.loads(text)
            if isinstance(line, list):
                table.rows.append(line)
            elif "table" in line:
                table = self.tables[line["table"]] = Table(line["columns"], line["last_id"])
            elif "v" in line:
                self.head = line

    def write(self, file):
        whole, rows = hashlib.sha256(), 0
        with open(file, "w", encoding="utf-8", newline="\n") as out:
            def put(value, counted=True):
                text = line_of(value)
                out.write(text)
                if counted:
                    whole.update(text.encode())
                return text.encode()
            put(self.head)
            for name, table in self.tables.items():
                put({"table": name, "columns": table.columns, "last_id": table.last_id})
                digest = hashlib.sha256()
                for row in table.rows:
                    digest.update(put(row))
                put({"end": name, "rows": len(table.rows), "sha256": digest.hexdigest()})
                rows += len(table.rows)
            put({"complete": {"tables": len(self.tables), "rows": rows}, "sha256": whole.hexdigest()}, counted=False)
