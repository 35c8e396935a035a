"""pyspark.pandas, unmodified: what is asked of it most, on our frame and on pandas' own, which is the answer."""

import warnings

import numpy as np
import pandas as pd
import pytest

PEOPLE = pd.DataFrame(
    {
        "a": [3, 1, 2, 4, None, 6],
        "b": ["x", "y", "x", "z", None, "y"],
        "c": [1.5, 2.5, None, 4.25, 5.0, 0.5],
        "d": pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-10", None, "2024-07-04", "2023-12-31"]),
        "i": [1, 2, 3, 4, 5, 6],
    }
)
OTHER = pd.DataFrame({"b": ["x", "y", "w"], "v": [10, 20, 30]})

# df, other and lib (pandas or pyspark.pandas) stand for themselves
LINES = """
df
df.head(3)
df.shape
df[["a", "b"]]
df[df.i > 2]
df.assign(e=df.a * 2)
df.sort_values("i", ascending=False)
df.sort_values(["b", "i"], ascending=[True, False])
df.b.value_counts().sort_index()
df.nunique()
df[["a", "c", "i"]].mean()
df[["a", "c", "i"]].sum()
df[["a", "c", "i"]].std()
df[["a", "c", "i"]].var(ddof=0)
df[["a", "c", "i"]].prod()
df[["a", "c", "i"]].cov()
df[["a", "c", "i"]].corr()
df.i.skew()
df.i.kurt()
df.i.prod()
df.i.sem()
df.b.mode().sort_values()
df.a.cov(df.c)
df.groupby("b").i.sum().sort_index()
df.groupby("b")[["a", "c"]].mean().sort_index()
df.groupby("b").agg({"i": ["min", "max"], "c": "sum"}).sort_index()
df.groupby("b").i.std().sort_index()
df[df.b.notna()].groupby("b").i.rank().sort_index()
df[df.b.notna()].groupby("b").i.cumsum().sort_index()
df.merge(other, on="b").sort_values("i").reset_index(drop=True)
lib.concat([df[["a"]], df[["a"]]], ignore_index=True)
df.dropna()
df[["a", "c"]].fillna(0)
df.isnull().sum()
df.rename(columns={"a": "A"}).set_index("i")
df.loc[1:3, ["a", "b"]]
df.iloc[1:4, 0:2]
df.drop_duplicates("b").sort_index()
df.i.cumsum()
df.i.diff()
df.i.rank().sort_index()
df.i.rolling(2).mean()
df.nlargest(2, "i")
df.query("i > 3")
df.d.dt.year
df.b.isin(["x"])
lib.get_dummies(df[["b"]])
df.i.tolist()
""".strip().splitlines()


@pytest.fixture(scope="module")
def library(host):
    session = host.session()
    warnings.simplefilter("ignore")
    import pyspark.pandas as ps

    yield ps
    session.stop()


def same(mine, right):
    mine = mine.to_pandas() if hasattr(mine, "to_pandas") else mine
    if isinstance(right, pd.DataFrame):
        pd.testing.assert_frame_equal(mine, right, check_dtype=False, check_names=False)
    elif isinstance(right, pd.Series):
        pd.testing.assert_series_equal(mine, right, check_dtype=False, check_names=False)
    elif isinstance(right, float):
        assert np.isclose(mine, right)
    else:
        assert mine == right


@pytest.mark.parametrize("line", LINES)
def test_a_line(library, line):
    right = eval(line, {"df": PEOPLE, "other": OTHER, "lib": pd})
    with library.option_context("compute.ops_on_diff_frames", True):
        same(
            eval(line, {"df": library.from_pandas(PEOPLE), "other": library.from_pandas(OTHER), "lib": library}), right
        )


def test_a_file_has_an_index(library, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,x\n2,y\n")
    frame = library.read_csv(str(file))
    assert frame.a.tolist() == [1, 2] and frame.index.to_pandas().tolist() == [0, 1]


def test_functions_that_are_internal_are_unknown_to_text(spark):
    from pyspark.errors import AnalysisException

    for text in ("distributed_sequence_id()", "pandas_var(id, 1)", "product(id)"):
        with pytest.raises(AnalysisException) as unknown:
            spark.range(1).selectExpr(text).collect()
        assert unknown.value.getCondition() == "UNRESOLVED_ROUTINE"
