"""Spark's function schema table (sql-functions/sql-expression-schema.md): an example query a function and the schema that it has.

The schema is asked for without running the query, as Spark's ExpressionsSchemaSuite does. Verdicts as in golden.py: exact, schema, refused, internal,
timeout; rows without an example are left out.
"""

import re

import connection

SETTINGS = (
    ("spark.sql.session.timeZone", "America/Los_Angeles"),
    ("spark.sql.timeType.enabled", "true"),
    ("spark.sql.geospatial.enabled", "true"),
)


def examples(data):
    """[(function, query, schema)] of the table; a bar inside of a query stands as \\| or &#124; or bare."""
    found = []
    for line in (data / "sql-functions/sql-expression-schema.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("| org."):
            continue
        cells = line.strip().strip("|").split(" | ")
        query, schema = " | ".join(cells[2:-1]).strip(), cells[-1].strip()
        plain = [text.replace("\\|", "|").replace("&#124;", "|") for text in (query, schema)]
        if plain[0] != "N/A":
            found.append((cells[1].strip(), *plain))
    return found


def judge(session, query, wanted, limit):
    def schema():
        return session.sql(query).schema.simpleString()

    try:
        got = connection.within(limit, schema, session.interruptAll)
    except connection.OutOfTime:
        return {"verdict": "timeout"}
    except Exception as error:
        found = connection.describe(error)
        condition = found["condition"] or found["name"]
        internal = condition.startswith("INTERNAL_ERROR") or connection.is_transport(error)
        return {"verdict": "internal" if internal else "refused", "got": condition, "message": found["message"][:300]}
    if re.sub(r"\s+", " ", got) == re.sub(r"\s+", " ", wanted):
        return {"verdict": "exact"}
    return {"verdict": "schema", "want": wanted, "got": got}


def run(data, session, limit, put, alive):
    for key, value in SETTINGS:
        try:
            session.conf.set(key, value)
        except Exception:
            continue  # a server that lacks it shows so in the verdicts
    for _, query, wanted in examples(data):
        verdict = judge(session, query, wanted, limit)
        if not alive():
            put({"verdict": "internal", "got": "the server died"})
            return
        put(verdict)
