"""One statement: its code parsed, its magics, its last expression echoed, its result as Livy shows it."""

import ast
import builtins
import json
import math
import re
import sys

from headrace.interpreter import errors, output

PYTHON_KINDS = ("pyspark", "python", "python3", None, "")
SQL_ROWS = 1000  # as Livy's SQL statements
TABLE_ROWS = 1000
TABLE_HEAD = 20  # of a table with more rows than that: as many as DataFrame.show prints
PRINTED_LIMIT = 64 * 1024  # characters of what a failing statement printed that its traceback repeats

_MAGIC = re.compile(r"^%(\w+)(?:[ \t]+(.*?))?[ \t]*$")
_HOOK = "__headrace_magic__"


class MagicError(Exception):
    """A line magic that was used wrongly."""


class Runner:
    """Runs statements in one namespace. `run` is called on the main thread."""

    def __init__(self, main, out):
        self.main = main
        self.out = out
        self.count = 0
        self.cell = None
        self.interruptible = False
        self.broken = None  # why the session is not as it was asked for; told once
        self.stopped = self.before_finish = lambda: None
        main.__dict__[_HOOK] = self.magic
        self.magics = {"json": self.magic_json, "table": self.magic_table, "matplot": self.magic_matplot}

    def interrupt(self, *_):
        """SIGINT: only a running statement is interrupted."""
        if self.interruptible:
            raise KeyboardInterrupt

    def run(self, code, kind, cell=None, stopped=lambda: False, before_finish=lambda: None):
        """The statement's `output`. `cell` is what its sender calls it, for tracebacks; `stopped` says whether it was cancelled
        before signals could reach it; `before_finish` is called when the code has ended, for what it printed elsewhere."""
        number, self.count = self.count, self.count + 1
        self.stopped, self.before_finish = stopped, before_finish
        try:
            if self.broken is not None:
                broken, self.broken = self.broken, None
                raise broken
            if kind == "sql":
                data = self.run_sql(code)
            elif kind in PYTHON_KINDS:
                data = self.run_python(code, errors.cell_name(cell, number))
            else:
                raise MagicError("a statement of kind '%s' is not supported: this session runs pyspark and sql" % kind)
        except BaseException as error:
            self.interruptible = False
            return self.failure(error, number)
        return {"status": "ok", "execution_count": number, "data": data}

    def failure(self, error, number):
        ename, evalue, lines = errors.describe(error)
        if isinstance(error, KeyboardInterrupt):
            evalue = evalue or "the statement was cancelled"
        self.before_finish()
        data = self.out.finish()
        printed = first_shown(data[output.PLAIN])
        found = {
            "status": "error",
            "execution_count": number,
            "ename": ename,
            "evalue": evalue,
            "traceback": printed + lines,
        }
        if any(data.values()):
            found.update(data=data, printed=len(printed))
        return found

    def run_sql(self, query):
        self.interruptible = True
        if self.stopped():
            raise KeyboardInterrupt
        self.sql(query)
        self.interruptible = False
        return self.out.finish()

    def run_python(self, code, name):
        self.cell = name
        errors.remember(name, code)
        body, last = compile_cell(code, name)
        figures = self._open_figures()
        if "IPython" in code:
            patch_ipython(self.display)
        namespace = self.main.__dict__
        self.interruptible = True
        if self.stopped():
            raise KeyboardInterrupt
        if body is not None:
            exec(body, namespace)
        if last is not None:
            value = eval(last, namespace)
            if value is not None:
                namespace["_"] = value
                self.echo(value)
        if "matplotlib.pyplot" in sys.modules and "headrace.interpreter.figures" in sys.modules:
            sys.modules["headrace.interpreter.figures"].show_new(figures)
        self.interruptible = False
        self.before_finish()
        return self.out.finish()

    @staticmethod
    def _open_figures():
        figures = sys.modules.get("headrace.interpreter.figures")
        return figures.open_numbers() if figures else set()

    # showing values

    def echo(self, value):
        text = repr(value)
        bundle = rich(value)
        if bundle:
            bundle[output.PLAIN] = text + "\n"
            self.out.show(bundle)
        else:
            self.out.write("stdout", text + "\n")

    def display(self, *values):
        """`display(…)` of a session: pictures and tables; a Spark DataFrame shows its first rows."""
        for value in values:
            if hasattr(value, "toPandas") and hasattr(value, "limit"):
                self.display_frame(value)
            else:
                self.echo(value)

    def display_frame(self, frame):
        """The first rows of a Spark DataFrame, and whether there are more. One row beyond the limit tells; nothing is counted."""
        rows = frame.limit(TABLE_ROWS + 1).toPandas()
        if len(rows) <= TABLE_ROWS:
            self.echo(rows)
            return
        head = rows.head(TABLE_HEAD)
        note = "%d of the first %s rows; the table has more (df.count() says how many)" % (
            TABLE_HEAD,
            format(TABLE_ROWS, ","),
        )
        html = "%s\n<p>%s</p>" % (head.to_html(notebook=True, show_dimensions=False), note)
        self.out.show({output.HTML: html, output.PLAIN: "%s\n%s\n" % (head.to_string(), note)})

    def display_html(self, text):
        """`displayHTML(…)` of a session."""
        self.out.show({output.HTML: str(text), output.PLAIN: ""})

    # Livy's line magics

    def magic(self, name, argument):
        handler = self.magics.get(name)
        if handler is None:
            raise MagicError(
                "magic command '%%%s' is not known: there are %s"
                % (name, ", ".join("%" + n for n in sorted(self.magics)))
            )
        return handler(argument.strip())

    def named(self, magic, argument):
        if not argument:
            raise MagicError("%%%s needs a name or an expression" % magic)
        return eval(compile(argument, self.cell, "eval"), self.main.__dict__)

    def magic_json(self, argument):
        value = self.named("json", argument)
        value = plain_value(value)
        self.out.show({output.JSON: value, output.PLAIN: json.dumps(value) + "\n"})

    def magic_table(self, argument):
        rows = self.named("table", argument)
        if hasattr(rows, "toPandas"):
            rows = [row.asDict() for row in rows.limit(TABLE_ROWS).collect()]
        if not isinstance(rows, (list, tuple)):
            raise MagicError("%%table takes a list of rows or a DataFrame, not %s" % type(rows).__name__)
        table = table_of(rows)
        self.out.show({output.TABLE: table, output.PLAIN: json.dumps(table["data"]) + "\n"})

    def magic_matplot(self, argument):
        plt = self.named("matplot", argument)
        from headrace.interpreter import figures

        if not hasattr(plt, "gcf"):
            raise MagicError("%%matplot takes matplotlib.pyplot, not %s" % type(plt).__name__)
        self.out.show(figures.render(plt.gcf()))
        plt.close(plt.gcf())

    def sql(self, query):
        frame = self.main.__dict__["spark"].sql(query)
        rows = frame.limit(SQL_ROWS).collect()
        data = [[plain_value(value) for value in row] for row in rows]
        text = frame._show_string(20, True, False) if rows or frame.columns else ""
        self.out.show(
            {
                output.JSON: {"schema": json.loads(frame.schema.json()), "data": data},
                output.PLAIN: text + "\n" if text else "",
            }
        )


def first_shown(text):
    """What a statement printed before it failed, as the first lines of its traceback, where Livy's clients look; the end of it, when
    it is long."""
    if not text:
        return []
    left_out = len(text) - PRINTED_LIMIT
    if left_out > 0:
        text = "[%d characters before this]\n%s" % (left_out, text[left_out:])
    return [line + "\n" for line in text.split("\n")] + ["\n"]


def compile_cell(code, name):
    """(code of all but the last expression or None, code of the last expression or None)."""
    try:
        tree = ast.parse(code, name)
    except SyntaxError:
        replaced = "\n".join(_replace_magic(line) for line in code.split("\n"))
        if replaced == code:
            raise
        tree = parse_replaced(replaced, code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval")
    return (compile(tree, name, "exec") if tree.body else None), last


def parse_replaced(replaced, code, name):
    """Its magics are calls of ours: an error shows the line that was written."""
    try:
        return ast.parse(replaced, name)
    except SyntaxError as error:
        written = code.split("\n")[error.lineno - 1] if error.lineno else error.text
        if error.text and error.text.rstrip("\n") != written:
            error.text, error.offset, error.end_offset = written, None, None
        raise


def _replace_magic(line):
    match = _MAGIC.match(line)
    return "%s(%r, %r)" % (_HOOK, match.group(1), match.group(2) or "") if match else line


def rich(value):
    """The rich MIME types of a value, empty for most."""
    if isinstance(value, type):
        return {}
    bundle = {}
    module = type(value).__module__ or ""
    if module.startswith("matplotlib.") and hasattr(value, "savefig"):
        from headrace.interpreter import figures

        return figures.render(value)
    for mime, method in ((output.HTML, "_repr_html_"), (output.PNG, "_repr_png_")):
        shown = getattr(value, method, None)
        shown = shown() if callable(shown) else None
        shown = shown[0] if isinstance(shown, tuple) else shown  # IPython's way to add metadata
        if shown:
            bundle[mime] = output.png(shown) if isinstance(shown, bytes) else shown
    return bundle


def patch_ipython(display):
    """`from IPython.display import display` in a session means the session's: IPython's own, without a shell, prints representations."""
    try:
        import IPython.core.display_functions as functions
        import IPython.display as public
    except ImportError:
        return
    functions.display = public.display = lambda *values, **options: display(*values)


def plain_value(value):
    """A value as JSON has it: rows as objects, numbers of numpy and decimals as numbers, the rest as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # as Spark's JSON writer
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "asDict"):
        return {key: plain_value(item) for key, item in value.asDict().items()}
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain_value(item) for item in value]
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        return plain_value(value.item())
    if hasattr(value, "tolist"):
        return plain_value(value.tolist())
    return str(value)


_TABLE_TYPES = ((bool, "BOOLEAN_TYPE"), (int, "BIGINT_TYPE"), (float, "DOUBLE_TYPE"), (str, "STRING_TYPE"))


def table_of(rows):
    """Livy's table: headers with types from the first row that has a value, and the rows as lists."""
    headers, data = {}, []
    for row in rows:
        if hasattr(row, "asDict"):
            row = row.asDict()
        cells = row.items() if isinstance(row, dict) else enumerate(row if isinstance(row, (list, tuple)) else [row])
        cells = [(str(name), plain_value(value)) for name, value in cells]
        for name, value in cells:
            if headers.get(name) is None:
                headers[name] = next((label for kind, label in _TABLE_TYPES if isinstance(value, kind)), None)
        data.append(dict(cells))
    return {
        "headers": [{"name": name, "type": kind or "NULL_TYPE"} for name, kind in headers.items()],
        "data": [[row.get(name) for name in headers] for row in data],
    }


def completions(code, cursor, namespace):
    """Names that may stand at the cursor. Nothing is called: only names and attributes are looked up."""
    head = code[: max(0, min(cursor, len(code)))]
    match = re.search(r"([A-Za-z_][\w.]*)$", head)
    prefix = match.group(1) if match else ""
    path, _, start = prefix.rpartition(".")
    if not path:
        import keyword

        found = set(namespace) | set(dir(builtins)) | set(keyword.kwlist)
    else:
        parts = path.split(".")
        value = namespace.get(parts[0], getattr(builtins, parts[0], None))
        for part in parts[1:]:
            value = (
                value.__dict__.get(part)
                if hasattr(value, "__dict__") and part in value.__dict__
                else _static(value, part)
            )
        if value is None:
            return []
        found = set(dir(value))
    hidden = not start.startswith("_")
    path = path + "." if path else ""
    return sorted(path + name for name in found if name.startswith(start) and not (hidden and name.startswith("_")))


def _static(value, name):
    import inspect

    try:
        found = inspect.getattr_static(value, name)
    except AttributeError:
        return None
    return None if isinstance(found, property) else found
