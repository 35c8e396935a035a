"""A tabular dataset as a pandas DataFrame. Types of delimited text are found from all rows: whole numbers, decimals, true and false, ISO dates, else
text; an empty field is null."""

import io
import json
import re

from headrace.azureml import blobs
from headrace.azureml.exceptions import DatasetExecutionError
from headrace.azureml.tabular import ENCODINGS, conversions, steps_of

WHOLE = re.compile(r"^[+-]?\d{1,18}$")
DECIMAL = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(inf|infinity|nan)$", re.I)
DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$")
TRUTH = {"true": True, "false": False}


def read(dataset, on_error):
    import pandas

    kind, options, steps = steps_of(dataset)
    files = dataset._manifest()["files"]
    storage = dataset._storage()
    limit = _bytes_are_enough(steps)
    parts, rows = [], 0
    batch = 1 if limit is not None else blobs.PARALLEL * 2
    for at in range(0, len(files), batch):
        bodies = dataset._try(lambda: blobs.parallel(lambda item: storage.read(item["url"], item["etag"]), files[at : at + batch]))
        for item, body in zip(files[at : at + batch], bodies):
            parts.append(_parse(kind, options, item, body, parts))
            rows += len(parts[-1])
        if limit is not None and rows >= limit:
            break
    frame = pandas.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0] if parts else pandas.DataFrame()
    if kind == "read_delimited":
        typed = {name for step, argument in steps if step == "convert_column_types" for name, _, _ in conversions(argument)}
        frame = _inferred(frame, options, typed)
    for step, argument in steps:
        frame = STEPS[step](frame, argument, on_error)
    return frame.reset_index(drop=True)


def _bytes_are_enough(steps):
    """How many rows are needed, when the first thing done with them is to take so many."""
    skipped = 0
    for step, argument in steps:
        if step == "skip":
            skipped += argument
        elif step == "take":
            return skipped + argument
        elif step != "keep_columns":
            return None
    return None


# readers: every column of delimited text is text at first


def _parse(kind, options, item, body, before):
    try:
        frame = READERS[kind](options, body, before[0] if before else None)
    except (ValueError, UnicodeError, OSError) as err:
        raise DatasetExecutionError("'%s' cannot be read as %s: %s" % (item["url"], kind[5:].replace("_", " "), err)) from None
    if options.get("include_path_column"):
        frame.insert(0, "Path", "/" + item["path"])
    return frame


def _delimited(options, body, first):
    import pandas
    from pyarrow import csv

    python = ENCODINGS[options.get("encoding", "utf8")][0]
    body = body.decode(python).encode() if python not in ("utf-8", "ascii") else body
    if python == "ascii":
        body.decode(python)
    headed = options.get("header", "all_files_same_headers") != "no_header"
    if not body.strip():
        return pandas.DataFrame(columns=[name for name in first.columns if name != "Path"] if first is not None else [])
    reading = csv.ReadOptions(autogenerate_column_names=not headed, block_size=max(len(body) + 1, 1 << 20))
    parsing = csv.ParseOptions(delimiter=options.get("delimiter", ","), newlines_in_values=options.get("support_multi_line", False))
    names = csv.read_csv(
        io.BytesIO(body.split(b"\n", 1)[0] + b"\n") if not options.get("support_multi_line") else io.BytesIO(body), reading, parsing
    ).column_names
    types = csv.ConvertOptions(column_types={name: "string" for name in names}, strings_can_be_null=False)
    frame = csv.read_csv(io.BytesIO(body), reading, parsing, types).to_pandas()
    if not options.get("support_multi_line") and any(frame[name].str.contains("\n", regex=False).any() for name in names):
        raise ValueError("a quoted value holds a line break: from_delimited_files(support_multi_line=True) reads such files")
    if not headed:
        frame.columns = ["Column%d" % (i + 1) for i in range(len(frame.columns))]
    if first is not None:
        expected = [name for name in first.columns if name != "Path"]
        if headed and list(frame.columns) != expected:
            raise ValueError("its header is %s, the first file's %s" % (list(frame.columns), expected))
    return frame


def _json_lines(options, body, first):
    import pandas

    records = []
    for number, line in enumerate(body.decode(ENCODINGS[options.get("encoding", "utf8")][0]).splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("not an object")
            records.append(record)
        except ValueError as err:
            if options.get("invalid_lines", "error") != "drop":
                raise ValueError("line %d: %s" % (number, err)) from None
    return pandas.DataFrame(records)


def _parquet(options, body, first):
    from pyarrow import parquet

    return parquet.read_table(io.BytesIO(body)).to_pandas()


READERS = {"read_delimited": _delimited, "read_json_lines": _json_lines, "read_parquet": _parquet}


# types of text


def _inferred(frame, options, typed):
    keep_empty, infer = options.get("empty_as_string", False), options.get("infer_column_types", True)
    made = {}
    for at, name in enumerate(frame.columns):
        column = frame.iloc[:, at]
        made[at] = column if name == "Path" and at == 0 else _column(column, keep_empty, infer and name not in typed)
    if not made:
        return frame
    import pandas

    result = pandas.concat(made.values(), axis=1)
    result.columns = frame.columns
    return result


def _column(column, keep_empty, infer):
    import pandas

    empty = column == ""
    some = column[~empty]
    if infer and len(some):
        if some.str.match(WHOLE).all():
            return pandas.to_numeric(column.where(~empty)) if empty.any() else column.astype("int64")
        if some.str.match(DECIMAL).all():
            return column.where(~empty).astype("float64")
        lower = some.str.lower()
        if lower.isin(list(TRUTH)).all():
            truth = column.str.lower().map(TRUTH)
            return truth.astype("bool") if not empty.any() else truth.astype("object").where(~empty, None)
        if some.str.match(DATE).all():
            try:
                return pandas.to_datetime(column.where(~empty), format="ISO8601", utc=True).dt.tz_localize(None)
            except (ValueError, OverflowError):
                pass
    return column if keep_empty else column.astype("object").where(~empty, None)


# steps


def _convert(frame, argument, on_error):
    frame = frame.copy()
    for name, kind, formats in conversions(argument):
        _must_have(frame, [name])
        frame[name] = _converted(frame[name], name, kind, formats, on_error)
    return frame


def _converted(column, name, kind, formats, on_error):
    import pandas

    given = column.notna() & (column.astype("object") != "")
    if kind == "string":
        return column.astype("object").where(column.isna(), column.astype("str"))
    if kind == "boolean":
        made = column.map(_truth).astype("object")
        good = made.notna()
        made = made.astype("bool") if good.all() else made.where(good, None)
    elif kind == "datetime":
        made = _dates(column, formats)
        good = made.notna()
    else:
        made = pandas.to_numeric(column.where(given), errors="coerce")
        if kind == "int":
            made = made.where(made.isna() | (made % 1 == 0))
        good = made.notna()
        made = made.astype("int64" if kind == "int" and good.all() else "float64")
    bad = given & ~good
    if on_error == "fail" and bad.any():
        raise DatasetExecutionError("%r in column '%s' is not a %s" % (column[bad].iloc[0], name, kind))
    return made


def _truth(value):
    if isinstance(value, bool) or value is None:
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(str(value).strip().lower())


def _dates(column, formats):
    import pandas

    if not formats:
        return pandas.to_datetime(column, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    made = None
    for text in formats:
        tried = pandas.to_datetime(column, format=text, errors="coerce")
        made = tried if made is None else made.fillna(tried)
    return made


def _must_have(frame, names):
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DatasetExecutionError("the dataset has no column '%s'; it has %s" % (missing[0], ", ".join(map(str, frame.columns))))


def _keep(frame, names, on_error):
    _must_have(frame, names)
    return frame[names]


def _drop(frame, names, on_error):
    _must_have(frame, names)
    return frame.drop(columns=names)


STEPS = {
    "convert_column_types": _convert,
    "take": lambda frame, count, on_error: frame.iloc[:count],
    "skip": lambda frame, count, on_error: frame.iloc[count:],
    "keep_columns": _keep,
    "drop_columns": _drop,
}
