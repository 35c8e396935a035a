"""A tabular dataset as a pandas DataFrame. What delimited text means, and how its columns get their types, is delimited.py's."""

import functools
import io
import json
import re

from headrace.azureml import blobs, delimited
from headrace.azureml.exceptions import DatasetExecutionError
from headrace.azureml.steps import ENCODINGS, conversions, steps_of


def read(dataset, on_error):
    import pyarrow

    kind, options, steps = steps_of(dataset)
    parts = _parts(dataset, kind, options, _rows_needed(steps))
    table = pyarrow.concat_tables(parts, promote_options="permissive") if parts else pyarrow.table({})
    if kind == "read_delimited":
        typed = {
            name for step, argument in steps if step == "convert_column_types" for name, _, _ in conversions(argument)
        }
        frame = _inferred(table, options, typed)
    else:
        frame = table.to_pandas()
    for step, argument in steps:
        frame = STEPS[step](frame, argument, on_error)
    return frame.reset_index(drop=True)


def _parts(dataset, kind, options, limit):
    """The files as Arrow tables, in order; no more of them than `limit` rows need."""
    files, storage = dataset._manifest()["files"], dataset._storage()

    def read(item):
        return storage.read(item["url"], item["etag"])

    parts, rows = [], 0
    batch = 1 if limit is not None else blobs.PARALLEL * 2
    for at in range(0, len(files), batch):
        some = files[at : at + batch]
        bodies = dataset._try(functools.partial(blobs.parallel, read, some))
        for item, body in zip(some, bodies):
            parts.append(_parse(kind, options, item, body, next((part for part in parts if part.num_columns), None)))
            rows += parts[-1].num_rows
        if limit is not None and rows >= limit:
            break
    return parts


def _rows_needed(steps):
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


# readers: each gives an Arrow table; every column of delimited text is text at first


def _parse(kind, options, item, body, first):
    import pyarrow

    try:
        if kind == "read_delimited":
            body = delimited.unpacked(item, body)
        table = READERS[kind](options, body, first)
    except (ValueError, UnicodeError, OSError) as err:
        raise DatasetExecutionError(
            "'%s' cannot be read as %s: %s" % (item["url"], kind[5:].replace("_", " "), err)
        ) from None
    if options.get("include_path_column"):
        table = table.add_column(0, "Path", pyarrow.array(["/" + item["path"]] * table.num_rows, pyarrow.string()))
    return table


def _delimited(options, body, first):
    import pyarrow
    from pyarrow import compute, csv

    delimited.check_start(body)
    encoding = ENCODINGS[options.get("encoding", "utf8")][0]
    try:
        text = body.decode(encoding)
    except UnicodeError:
        raise ValueError(delimited.NOT_TEXT % encoding) from None
    if "\ufffd" in text:
        raise ValueError(delimited.NOT_TEXT % encoding)
    body = delimited.without_blank_lines(options, text.removeprefix("\ufeff").encode()).lstrip(b"\r\n")
    multiple, expected = (
        delimited.is_multiple(options),
        None if first is None else [name for name in first.column_names if name != "Path"],
    )
    delimited.check_quotes(options, body)
    names = delimited.names(options, body)
    if names is None:
        return pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in expected or ()})
    delimited.check_header(options, names, expected)
    reading = csv.ReadOptions(
        column_names=names,
        skip_rows=0,
        skip_rows_after_names=1 if delimited.is_headed(options) else 0,
        block_size=len(body) + 1,
    )
    parsing = csv.ParseOptions(delimiter=options.get("delimiter", ","), newlines_in_values=multiple)
    types = csv.ConvertOptions(column_types={name: pyarrow.string() for name in names}, strings_can_be_null=False)
    table = csv.read_csv(io.BytesIO(body), reading, parsing, types)
    if multiple:
        for at, name in enumerate(table.column_names):
            table = table.set_column(at, name, compute.replace_substring_regex(table.column(at), "\r\n?", "\n"))
    return table


def _json_lines(options, body, first):
    import pyarrow

    records = []
    for number, line in enumerate(body.decode(ENCODINGS[options.get("encoding", "utf8")][0]).split("\n"), 1):
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
    names = {name: None for record in records for name in record}
    return pyarrow.table({name: pyarrow.array([record.get(name) for record in records]) for name in names})


def _parquet(options, body, first):
    from pyarrow import parquet

    return parquet.read_table(io.BytesIO(body))


READERS = {"read_delimited": _delimited, "read_json_lines": _json_lines, "read_parquet": _parquet}


# types of text


def _inferred(table, options, typed):
    import pandas

    keep_empty, infer = options.get("empty_as_string", False), options.get("infer_column_types", True)
    made = []
    for at, name in enumerate(table.column_names):
        is_path = name == "Path" and at == 0 and options.get("include_path_column")
        column = table.column(at)
        made.append(column.to_pandas() if is_path else _column(column, keep_empty, infer and name not in typed))
    frame = pandas.concat(made, axis=1) if made else pandas.DataFrame()
    frame.columns = table.column_names
    return frame


def _column(column, keep_empty, infer):
    """One column of text as what all of its values are."""
    import pyarrow
    from pyarrow import compute

    some = compute.if_else(compute.equal(column, ""), pyarrow.scalar(None, pyarrow.string()), column)
    if infer and some.null_count < len(some):
        for is_such, make in (
            (delimited.WHOLE, _whole),
            (delimited.DECIMAL, _decimal),
            (delimited.TRUTH, _truth_column),
            (delimited.MOMENT, _date),
        ):
            if compute.all(compute.match_substring_regex(some, is_such)).as_py():
                made = make(some)
                if made is not None:
                    return made
    return column.to_pandas() if keep_empty else some.to_pandas()


def _without_plus(some):
    from pyarrow import compute

    return compute.replace_substring_regex(some, "^[+]", "")


def _whole(some):
    """int64; with empty fields float64 where that is exact, else pandas' Int64; numbers beyond 64 bits are none."""
    import pandas
    import pyarrow
    from pyarrow import compute

    try:
        numbers = compute.cast(_without_plus(some), pyarrow.int64())
    except pyarrow.ArrowInvalid:
        return some.to_pandas()
    if numbers.null_count and compute.max(compute.abs(numbers)).as_py() > 2**53:
        return numbers.to_pandas(types_mapper={pyarrow.int64(): pandas.Int64Dtype()}.get)
    return numbers.to_pandas()


def _decimal(some):
    import pyarrow
    from pyarrow import compute

    return compute.cast(_without_plus(some), pyarrow.float64()).to_pandas()


def _truth_column(some):
    from pyarrow import compute

    return compute.equal(compute.utf8_lower(some), "true").to_pandas()


def _date(some):
    import pandas

    try:
        return pandas.to_datetime(some.to_pandas(), format="ISO8601", utc=True).dt.tz_localize(None)
    except (ValueError, OverflowError):
        return None


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
    original = column
    if column.dtype == object and not formats:
        fits = column.map(
            lambda value: not isinstance(value, str) or re.match(delimited.CONVERTED[kind], value) is not None
        )
        column = column.where(fits, None)
    if kind == "boolean":
        made = column.map(_truth).astype("object")
        good = made.notna()
        made = made.astype("bool") if good.all() else made.where(good, None)
    elif kind == "datetime":
        made = _dates(column, formats)
        good = made.notna()
    elif kind == "int" and column.dtype == object:
        made = _wholes(column)
        good = made.notna()
    else:
        # to_numeric rounds long texts otherwise than Python, Arrow and Spark do
        exact = (
            column.map(lambda value: float(value) if isinstance(value, str) and value else value)
            if column.dtype == object
            else column
        )
        made = pandas.to_numeric(exact.where(given), errors="coerce")
        if kind == "int":
            made = made.where(made.isna() | (made % 1 == 0))
        good = made.notna()
        made = made.astype("int64" if kind == "int" and good.all() else "float64")
    bad = given & ~good
    if on_error == "fail" and bad.any():
        raise DatasetExecutionError("%r in column '%s' is not a %s" % (original[bad].iloc[0], name, kind))
    return made


def _wholes(column):
    """Texts of whole numbers of 64 bits, as exactly as a column found to be whole has them."""
    import pandas

    numbers = [None if value is None or value != value else int(str(value).split(".")[0]) for value in column]
    numbers = [value if value is not None and -(2**63) <= value < 2**63 else None for value in numbers]
    made = pandas.Series(numbers, index=column.index, dtype="Int64")
    if made.notna().all():
        return made.astype("int64")
    return made if made.abs().max() > 2**53 else made.astype("float64")


def _truth(value):
    if isinstance(value, bool) or value is None:
        return value
    text = str(value).strip().lower()
    return True if text in ("true", "t", "1", "yes", "y") else False if text in ("false", "f", "0", "no", "n") else None


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
        raise DatasetExecutionError(
            "the dataset has no column '%s'; it has %s" % (missing[0], ", ".join(map(str, frame.columns)))
        )


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
