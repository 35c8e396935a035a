"""Arrow columns as the text that Spark's golden files hold.

Spark's SQLQueryTestSuite prints rows as Hive does (org.apache.spark.sql.execution.HiveResult): no quotes at the top level, JSON-like text inside of
collections, timestamps in the session's time zone. `texts(column, type)` gives one text a row, None for NULL.
"""

import ctypes
import datetime
import decimal
import re
import struct
import zoneinfo

import numpy
import pyarrow as pa

SECOND = 10**6  # microseconds
DAY = 86400 * SECOND
TO_MICROSECONDS = {"s": (SECOND, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# Java's old three-letter names, as java.time.ZoneId.SHORT_IDS has them
SHORT_ZONES = {
    "PST": "America/Los_Angeles",
    "CST": "America/Chicago",
    "EST": "-05:00",
    "MST": "-07:00",
    "JST": "Asia/Tokyo",
    "CTT": "Asia/Shanghai",
    "Z": "+00:00",
    "UTC": "+00:00",
    "GMT": "+00:00",
}


# ---- numbers ----


def float_text(value, kind=numpy.float64):
    """Java's Double.toString: plain from 1e-3 to 1e7, else with an exponent."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    mantissa, exponent = numpy.format_float_scientific(kind(value), unique=True, trim="-").split("e")
    sign = "-" if mantissa.startswith("-") else ""
    digits, exponent = mantissa.lstrip("-").replace(".", ""), int(exponent)
    if not -3 <= exponent < 7:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{sign}{whole}.{digits[exponent + 1 :] or '0'}"


def divide_to_zero(value, by):
    quotient = abs(value) // by
    return quotient if value >= 0 else -quotient


# ---- dates and times ----


def civil(days):
    """Year, month, day of a day number, of any size (Python's date ends at year 9999)."""
    shifted = days + 719468
    era, day_of_era = divmod(shifted, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


def date_text(days):
    year, month, day = civil(days)
    if year > 9999:
        return f"+{year}-{month:02}-{day:02}"
    sign = "-" if year < 0 else ""
    return f"{sign}{abs(year):04}-{month:02}-{day:02}"


def time_text(micros):
    seconds, fraction = divmod(micros, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + f".{fraction:06}".rstrip("0") if fraction else text


def timestamp_text(micros):
    days, rest = divmod(micros, DAY)
    return f"{date_text(days)} {time_text(rest)}"


def zone(name):
    """A time zone by a name that Spark takes; what is unknown is UTC."""
    name = SHORT_ZONES.get(name.strip(), name.strip())
    match = re.fullmatch(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?", name)
    if match:
        hours, minutes, seconds = int(match[2]), int(match[3] or 0), int(match[4] or 0)
        offset = datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return datetime.timezone(offset if match[1] == "+" else -offset)
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return datetime.timezone.utc


def offset_at(micros, tz):
    """The offset of a zone, in microseconds, also where Python's datetime does not reach: years repeat their calendar after 400."""
    least, most, cycle = -62135510400 * SECOND, 253402214400 * SECOND, 12622780800 * SECOND
    if micros > most:
        micros -= ((micros - most) // cycle + 1) * cycle
    moment = EPOCH + datetime.timedelta(microseconds=max(micros, least))
    return moment.astimezone(tz).utcoffset() // datetime.timedelta(microseconds=1)


# ---- intervals ----


def year_month_text(months):
    sign = "-" if months < 0 else ""
    return f"{sign}{abs(months) // 12}-{abs(months) % 12}"


def day_time_text(micros):
    seconds, fraction = divmod(abs(micros), SECOND)
    days, seconds = divmod(seconds, 86400)
    sign = "-" if micros < 0 else ""
    return f"{sign}{days} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction * 1000:09}"


def calendar_text(months, days, micros):
    years = divide_to_zero(months, 12)
    hours = divide_to_zero(micros, 3600 * SECOND)
    rest = micros - hours * 3600 * SECOND
    minutes = divide_to_zero(rest, 60 * SECOND)
    seconds = decimal.Decimal(rest - minutes * 60 * SECOND) / SECOND
    parts = [(years, "years"), (months - years * 12, "months"), (days, "days"), (hours, "hours"), (minutes, "minutes")]
    texts = [f"{value} {unit}" for value, unit in parts if value]
    if seconds:
        texts.append(f"{seconds.normalize():f} seconds")
    return " ".join(texts) or "0 seconds"


# ---- geometries ----

KINDS = {
    1: "POINT",
    2: "LINESTRING",
    3: "POLYGON",
    4: "MULTIPOINT",
    5: "MULTILINESTRING",
    6: "MULTIPOLYGON",
    7: "GEOMETRYCOLLECTION",
}
DIMENSIONS = {0: (2, ""), 1: (3, " Z"), 2: (3, " M"), 3: (4, " ZM")}


class WellKnown:
    """Reads well-known binary, writes well-known text."""

    def __init__(self, data):
        self.data, self.at, self.order = data, 0, "<"

    def take(self, layout):
        values = struct.unpack_from(self.order + layout, self.data, self.at)
        self.at += struct.calcsize(self.order + layout)
        return values

    def point(self, width):
        return " ".join(str(int(x)) if x == int(x) else repr(x) for x in self.take(f"{width}d"))

    def ring(self, width):
        points = [self.point(width) for _ in range(self.take("I")[0])]
        return "(" + ", ".join(points) + ")" if points else "EMPTY"

    def text(self):
        self.order = "<" if self.data[self.at] == 1 else ">"
        self.at += 1
        (code,) = self.take("I")
        (width, suffix), kind = DIMENSIONS[code // 1000], code % 1000
        name = KINDS[kind] + suffix
        if kind == 1:
            point = self.take(f"{width}d")
            if any(x != x for x in point):
                return f"{name} EMPTY"
            self.at -= 8 * width
            return f"{name}({self.point(width)})"
        if kind == 2:
            ring = self.ring(width)
            return f"{name} EMPTY" if ring == "EMPTY" else name + ring
        (count,) = self.take("I")
        parts = [self.ring(width) if kind == 3 else self.text() for _ in range(count)]
        if kind in (4, 5, 6):
            parts = [re.sub(r"^(POINT|LINESTRING|POLYGON)( ZM| Z| M)?", "", part) for part in parts]
        return f"{name}({', '.join(parts)})" if parts else f"{name} EMPTY"


def geometry_text(value):
    data, srid = (value["wkb"], value.get("srid")) if isinstance(value, dict) else (value, None)
    return (f"SRID={srid};" if srid else "") + WellKnown(data).text()


# ---- bytes ----


def binary_text(data, style):
    if style == "BASIC":
        return "[" + ", ".join(str(byte - 256 if byte > 127 else byte) for byte in data) + "]"
    if style == "BASE64":
        import base64

        return base64.b64encode(data).decode().rstrip("=")
    if style == "HEX":
        return data.hex().upper()
    if style == "HEX_DISCRETE":
        return "[" + " ".join(f"{byte:02X}" for byte in data) + "]"
    return data.decode("utf-8", "replace")


# ---- columns ----


def each(column, print_value):
    return [None if value is None else print_value(value) for value in column.to_pylist()]


def integers(column):
    """The integers behind a temporal column: pyarrow's own conversion loses what datetime cannot hold."""
    return column.view(pa.int32() if column.type.bit_width == 32 else pa.int64())


class HiveText:
    """How a session prints: its time zone and spark.sql.binaryOutputStyle."""

    def __init__(self, time_zone="America/Los_Angeles", binary_style="UTF-8"):
        self.time_zone, self.tz, self.binary_style = time_zone, zone(time_zone), binary_style.upper()

    def texts(self, column, kind=None, nested=False):
        """One text a row; `kind` is the column's Spark type, which says what Arrow's does not."""
        if isinstance(column, pa.ChunkedArray):
            return [text for chunk in column.chunks for text in self.texts(chunk, kind, nested)]
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if isinstance(column, pa.ExtensionArray):
            column = column.storage
        if pa.types.is_null(column.type):
            return [None] * len(column)
        named = getattr(self, f"of_{type(kind).__name__}", None)
        if named:
            return named(column, kind, nested)
        for matches, method in self.BY_ARROW:
            if matches(column.type):
                return method(self, column, kind, nested)
        return each(column, str)

    def of_YearMonthIntervalType(self, column, kind, nested):
        if kind.endField:
            return each(column, year_month_text)
        return each(column, lambda months: year_month_text(divide_to_zero(months, 12) * 12))

    def of_VariantType(self, column, kind, nested):
        from pyspark.sql.types import VariantVal

        values, metadata = (
            column.field(column.type.get_field_index(name)).to_pylist() for name in ("value", "metadata")
        )
        rows = zip(column.is_valid().to_pylist(), values, metadata)
        return [VariantVal(value, meta).toJson(self.time_zone) if valid else None for valid, value, meta in rows]

    def of_GeometryType(self, column, kind, nested):
        return each(column, lambda value: f'"{geometry_text(value)}"' if nested else geometry_text(value))

    of_GeographyType = of_GeometryType

    def struct(self, column, kind, nested):
        fields, names, children = getattr(kind, "fields", []), [], []
        for i in range(column.type.num_fields):
            field = fields[i] if i < len(fields) else None
            names.append(field.name if field else column.type.field(i).name)
            children.append(self.texts(column.field(i), field.dataType if field else None, nested=True))

        def row(i):
            return (
                "{"
                + ",".join(
                    f'"{name}":{"null" if child[i] is None else child[i]}' for name, child in zip(names, children)
                )
                + "}"
            )

        return [row(i) if valid else None for i, valid in enumerate(column.is_valid().to_pylist())]

    def map(self, column, kind, nested):
        keys = self.texts(column.keys, getattr(kind, "keyType", None), nested=True)
        values = self.texts(column.items, getattr(kind, "valueType", None), nested=True)
        entries = [
            f"{'null' if key is None else key}:{'null' if value is None else value}" for key, value in zip(keys, values)
        ]
        return self.spans(column, entries, lambda part: "{" + ",".join(sorted(part)) + "}")

    def list(self, column, kind, nested):
        values = self.texts(column.values, getattr(kind, "elementType", None), nested=True)
        return self.spans(
            column, ["null" if value is None else value for value in values], lambda part: "[" + ",".join(part) + "]"
        )

    @staticmethod
    def spans(column, entries, join):
        offsets = column.offsets.to_pylist()
        rows = enumerate(column.is_valid().to_pylist())
        return [join(entries[offsets[i] : offsets[i + 1]]) if valid else None for i, valid in rows]

    def timestamp(self, column, kind, nested):
        times, by = TO_MICROSECONDS[column.type.unit]
        local = type(kind).__name__ == "TimestampType" or (kind is None and column.type.tz)

        def text(value):
            micros = value * times // by
            return timestamp_text(micros + offset_at(micros, self.tz) if local else micros)

        return each(integers(column), text)

    def time(self, column, kind, nested):
        times, by = TO_MICROSECONDS[column.type.unit]
        return each(integers(column), lambda value: time_text(value * times // by))

    def duration(self, column, kind, nested):
        times, by = TO_MICROSECONDS[column.type.unit]
        unit = {0: DAY, 1: 3600 * SECOND, 2: 60 * SECOND}.get(getattr(kind, "endField", 3), 1)
        return each(integers(column), lambda value: day_time_text(divide_to_zero(value * times // by, unit) * unit))

    def string(self, column, kind, nested):
        return each(column, (lambda value: f'"{value}"') if nested else str)

    def date(self, column, kind, nested):
        per_day = 1 if column.type.bit_width == 32 else 86400000
        return each(integers(column), lambda value: date_text(value // per_day))

    BY_ARROW = (
        (pa.types.is_struct, struct),
        (pa.types.is_map, map),
        (lambda t: pa.types.is_list(t) or pa.types.is_large_list(t), list),
        (
            pa.types.is_boolean,
            lambda self, column, kind, nested: each(column, lambda value: "true" if value else "false"),
        ),
        (pa.types.is_float64, lambda self, column, kind, nested: each(column, float_text)),
        (
            pa.types.is_float32,
            lambda self, column, kind, nested: each(column, lambda value: float_text(value, numpy.float32)),
        ),
        (pa.types.is_decimal, lambda self, column, kind, nested: each(column, lambda value: format(value, "f"))),
        (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or str(t) == "string_view", string),
        (
            lambda t: "binary" in str(t),
            lambda self, column, kind, nested: each(column, lambda value: binary_text(value, self.binary_style)),
        ),
        (pa.types.is_date, date),
        (pa.types.is_timestamp, timestamp),
        (pa.types.is_time, time),
        (pa.types.is_duration, duration),
        (
            lambda t: "interval" in str(t),
            lambda self, column, kind, nested: each(
                column, lambda value: calendar_text(value[0], value[1], divide_to_zero(value[2], 1000))
            ),
        ),
    )


# ---- what pyarrow cannot hold ----


class ArrowSchema(ctypes.Structure):
    """The head of Arrow's C data interface, as far as a format is changed in it."""


ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


def relabel_months(table):
    """pyarrow cannot wrap Arrow's YEAR_MONTH interval (format tiM): the same bytes as int32."""

    def relabel(schema):
        if schema.format == b"tiM":
            schema.format = b"i"
        for i in range(schema.n_children):
            relabel(schema.children[i].contents)

    batches = []
    for batch in table.to_batches():
        schema, array = ctypes.create_string_buffer(72), ctypes.create_string_buffer(80)
        batch._export_to_c(ctypes.addressof(array), ctypes.addressof(schema))
        relabel(ArrowSchema.from_address(ctypes.addressof(schema)))
        batches.append(pa.RecordBatch._import_from_c(ctypes.addressof(array), ctypes.addressof(schema)))
    return pa.Table.from_batches(batches)
