"""An exception as a person wants to read it: what happened, then where in their code, with the lines."""

import linecache
import os
import sysconfig
import traceback

import headrace

CELL = "cell "

_LIBRARIES = tuple(
    {os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {os.path.join(os.path.dirname(os.path.abspath(headrace.__file__)), "")}
)


def cell_name(label, number):
    """The file's name in tracebacks: what the notebook calls the cell ("In[22]"), else the session's own number. A second statement
    of one cell is told apart."""
    name = CELL + (label or "[%d]" % number)
    return "%s, statement %d" % (name, number) if name in linecache.cache else name


def remember(name, code):
    """Lets tracebacks show the lines of a cell."""
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)


def is_user(filename):
    if filename.startswith(CELL):
        return True
    if filename.startswith("<"):
        return False
    return (
        not filename.startswith(_LIBRARIES) and "/site-packages/" not in filename and "/dist-packages/" not in filename
    )


def message_of(error):
    """The message without the server's stack."""
    if hasattr(error, "_display_stacktrace"):
        error._display_stacktrace = False
    if isinstance(error, KeyError) and len(error.args) == 1:
        return repr(error.args[0])
    try:
        return str(error)
    except Exception as broken:
        return "<%s, raised by __str__ of %s>" % (type(broken).__name__, type(error).__name__)


def name_of(error):
    return type(error).__name__


def describe(error):
    """(ename, evalue, traceback lines) of an exception raised by a statement."""
    return name_of(error), message_of(error), render(error)


def render(error, seen=None):
    seen = seen or {id(error)}
    lines = []
    earlier, joint = _earlier(error)
    if earlier is not None and id(earlier) not in seen:
        seen.add(id(earlier))
        lines += render(earlier, seen) + ["\n", joint + "\n", "\n"]
    frames = _frames(error)
    if frames:
        lines.append("Traceback (most recent call last):\n")
        lines += traceback.format_list(frames)
    return lines + _last_line(error)


def _earlier(error):
    if error.__cause__ is not None:
        return error.__cause__, "The above exception was the direct cause of the following exception:"
    context = error.__context__
    if context is None or error.__suppress_context__ or type(context).__module__.split(".")[0] == "grpc":
        return None, None
    return context, "During handling of the above exception, another exception occurred:"


def _frames(error):
    return [frame for frame in traceback.extract_tb(error.__traceback__) if is_user(frame.filename)]


def _last_line(error):
    if isinstance(error, SyntaxError):
        return traceback.format_exception_only(type(error), error)
    text = message_of(error)
    if hasattr(error, "getCondition"):  # Spark's messages go on with a plan, which `evalue` has
        text = text.split("\n", 1)[0].rstrip("; ")
    notes = "".join("%s\n" % note for note in getattr(error, "__notes__", ()))
    return [("%s: %s\n" % (name_of(error), text) if text else "%s\n" % name_of(error)) + notes]
