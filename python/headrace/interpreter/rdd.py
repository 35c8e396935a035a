"""The small RDD: a lazy sequence of Python values that lives in the session's interpreter.

For the idioms that session code is full of (`sc.parallelize(list)`, `df.rdd.map(…).collect()`, `df.toJSON().take(n)`), not for
data at scale:
it computes in one process, and refuses above MAX_VALUES. An RDD of a DataFrame leaves take, count and sample to Spark.
"""

import functools
import itertools
import json
import random

from headrace.interpreter.unsupported import Unsupported

MAX_VALUES = 1_000_000


class RDD:
    def __init__(self, context, parts, frame=None, value=None):
        """`parts()` gives a list of iterables, one a partition. With `frame`, the values are `value(row)` of its rows."""
        self.ctx = self.context = context
        self._parts = parts
        self._frame = frame
        self._value = value
        self._name = None

    @classmethod
    def of_list(cls, context, values, slices):
        values = list(values)
        slices = max(1, slices)
        edges = [len(values) * i // slices for i in range(slices + 1)]
        return cls(context, lambda: [values[a:b] for a, b in zip(edges, edges[1:])])

    def __getattr__(self, name):
        if name.startswith("__") or name in ("_repr_html_", "_repr_png_"):
            raise AttributeError(name)
        raise Unsupported("RDD.%s is not supported in this session, which has no JVM: use a DataFrame" % name)

    def __repr__(self):
        return "%s of %s" % (self._name or "RDD", "a DataFrame" if self._frame is not None else "Python values")

    def _all(self):
        return itertools.chain.from_iterable(self._parts())

    def _list(self):
        values = list(itertools.islice(self._all(), MAX_VALUES + 1))
        if len(values) > MAX_VALUES:
            raise Unsupported(
                "an RDD of more than %d values is not supported in this session: use a DataFrame" % MAX_VALUES
            )
        return values

    def _by_part(self, function):
        """A new RDD with `function` applied to each partition's iterator."""
        return RDD(self.ctx, lambda: [function(part) for part in self._parts()])

    def _made(self, values, slices=None):
        """A new RDD of `values()`, computed when it is needed."""

        def parts():
            return RDD.of_list(self.ctx, values(), slices or self.getNumPartitions())._parts()

        return RDD(self.ctx, parts)

    # transformations

    def map(self, f, preservesPartitioning=False):
        return self._by_part(lambda part: map(f, part))

    def flatMap(self, f, preservesPartitioning=False):
        return self._by_part(lambda part: itertools.chain.from_iterable(map(f, part)))

    def filter(self, f):
        return self._by_part(lambda part: filter(f, part))

    def mapPartitions(self, f, preservesPartitioning=False):
        return self._by_part(lambda part: f(iter(part)))

    def mapPartitionsWithIndex(self, f, preservesPartitioning=False):
        return RDD(self.ctx, lambda: [f(i, iter(part)) for i, part in enumerate(self._parts())])

    def glom(self):
        return self._by_part(lambda part: [list(part)])

    def keyBy(self, f):
        return self.map(lambda x: (f(x), x))

    def keys(self):
        return self.map(lambda pair: pair[0])

    def values(self):
        return self.map(lambda pair: pair[1])

    def mapValues(self, f):
        return self.map(lambda pair: (pair[0], f(pair[1])))

    def flatMapValues(self, f):
        return self.flatMap(lambda pair: [(pair[0], value) for value in f(pair[1])])

    def union(self, *others):
        rdds = (self,) + others
        return RDD(self.ctx, lambda: [part for rdd in rdds for part in rdd._parts()])

    __add__ = union

    def distinct(self, numPartitions=None):
        return self._made(lambda: list(dict.fromkeys(self._list())), numPartitions)

    def sortBy(self, keyfunc, ascending=True, numPartitions=None):
        return self._made(lambda: sorted(self._list(), key=keyfunc, reverse=not ascending), numPartitions)

    def sortByKey(self, ascending=True, numPartitions=None, keyfunc=lambda x: x):
        return self.sortBy(lambda pair: keyfunc(pair[0]), ascending, numPartitions)

    def groupByKey(self, numPartitions=None):
        def grouped():
            groups = {}
            for key, value in self._list():
                groups.setdefault(key, []).append(value)
            return list(groups.items())

        return self._made(grouped, numPartitions)

    def groupBy(self, f, numPartitions=None):
        return self.keyBy(f).groupByKey(numPartitions)

    def reduceByKey(self, func, numPartitions=None):
        return self.groupByKey(numPartitions).mapValues(lambda values: functools.reduce(func, values))

    def join(self, other, numPartitions=None):
        def joined():
            right = dict(other.groupByKey().collect())
            return [(key, (value, match)) for key, value in self._list() for match in right.get(key, ())]

        return self._made(joined, numPartitions)

    def zip(self, other):
        return self._made(lambda: list(zip(self._list(), other._list())))

    def zipWithIndex(self):
        return self._made(lambda: [(value, i) for i, value in enumerate(self._list())])

    def repartition(self, numPartitions):
        return self._made(self._list, numPartitions)

    def coalesce(self, numPartitions, shuffle=False):
        return self._made(self._list, min(numPartitions, self.getNumPartitions()))

    def sample(self, withReplacement, fraction, seed=None):
        if self._frame is not None:
            return _of_rows(self.ctx, self._frame.sample(withReplacement, fraction, seed), self._value)
        if withReplacement:
            raise Unsupported("RDD.sample with replacement is not supported in this session: use a DataFrame")
        return self._made(
            lambda: [x for x, r in zip(self._list(), iter(random.Random(seed).random, None)) if r < fraction]
        )

    def cache(self):
        values = []

        def kept():
            if not values:
                values.append([list(part) for part in self._parts()])
            return values[0]

        return RDD(self.ctx, kept)

    def persist(self, storageLevel=None):
        return self.cache()

    def unpersist(self, blocking=False):
        return self

    def setName(self, name):
        self._name = name
        return self

    def name(self):
        return self._name

    # actions

    def collect(self):
        return self._list()

    def take(self, num):
        if self._frame is not None:
            return [self._value(row) for row in self._frame.take(num)]
        return list(itertools.islice(self._all(), num))

    def first(self):
        found = self.take(1)
        if not found:
            raise ValueError("RDD is empty")
        return found[0]

    def isEmpty(self):
        return not self.take(1)

    def count(self):
        return self._frame.count() if self._frame is not None else sum(1 for _ in self._all())

    def toLocalIterator(self, prefetchPartitions=False):
        return iter(self._all())

    def foreach(self, f):
        for value in self._all():
            f(value)

    def foreachPartition(self, f):
        for part in self._parts():
            f(iter(part))

    def reduce(self, f):
        values = self._list()
        if not values:
            raise ValueError("Can not reduce() empty RDD")
        return functools.reduce(f, values)

    def fold(self, zeroValue, op):
        return functools.reduce(op, self._list(), zeroValue)

    def aggregate(self, zeroValue, seqOp, combOp):
        import copy

        parts = [functools.reduce(seqOp, part, copy.deepcopy(zeroValue)) for part in self._parts()]
        return functools.reduce(combOp, parts, zeroValue)

    def sum(self):
        return sum(self._all())

    def max(self, key=None):
        return max(self._all(), key=key)

    def min(self, key=None):
        return min(self._all(), key=key)

    def mean(self):
        values = self._list()
        return sum(values) / len(values)

    def top(self, num, key=None):
        import heapq

        return heapq.nlargest(num, self._all(), key=key)

    def takeOrdered(self, num, key=None):
        import heapq

        return heapq.nsmallest(num, self._all(), key=key)

    def countByValue(self):
        from collections import defaultdict

        counts = defaultdict(int)
        for value in self._all():
            counts[value] += 1
        return counts

    def countByKey(self):
        return self.keys().countByValue()

    def collectAsMap(self):
        return dict(self._all())

    def lookup(self, key):
        return [value for found, value in self._all() if found == key]

    def getNumPartitions(self):
        return 1 if self._frame is not None else len(self._parts())

    def toDF(self, schema=None, sampleRatio=None):
        return self.ctx._spark.createDataFrame(self.collect(), schema, sampleRatio)


def _of_rows(context, frame, value):
    return RDD(context, lambda: [map(value, frame.toLocalIterator())], frame, value)


def of_frame(frame):
    """`df.rdd`"""
    return _of_rows(frame.sparkSession.sparkContext, frame, lambda row: row)


def json_of_frame(frame, use_unicode=True):
    """`df.toJSON()` as a driver has it: an RDD of strings."""
    from pyspark.sql.connect.functions import builtin as F

    value = (lambda row: row[0]) if use_unicode else (lambda row: row[0].encode("utf-8"))
    return _of_rows(
        frame.sparkSession.sparkContext, frame.select(F.to_json(F.struct(F.col("*"))).alias("value")), value
    )


def reading(method):
    """`spark.read.json` and `csv`, which take an RDD of strings too; values that are not strings are read as their JSON."""

    @functools.wraps(method)
    def read(self, path, *args, **kwargs):
        if isinstance(path, RDD):
            lines = [
                (
                    x
                    if isinstance(x, str)
                    else x.decode("utf-8")
                    if isinstance(x, bytes)
                    else json.dumps(x, default=str),
                )
                for x in path.collect()
            ]
            path = self._client.createDataFrame(lines, "value string")
        return method(self, path, *args, **kwargs)

    return read


def creating(method):
    """`spark.createDataFrame`, which takes an RDD too."""

    @functools.wraps(method)
    def create(self, data, *args, **kwargs):
        return method(self, data.collect() if isinstance(data, RDD) else data, *args, **kwargs)

    return create
