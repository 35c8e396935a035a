"""sample.py OUT.c: the sample data of a fresh home as a C table: Titanic.csv, 891 rows of the Titanic table's columns, with names and numbers that are
made up here. The same bytes each time."""

import csv
import io
import pathlib
import random
import sys

from studio_table import literal

ROWS = 891
COLUMNS = [
    "PassengerId",
    "Survived",
    "Pclass",
    "Name",
    "Sex",
    "Age",
    "SibSp",
    "Parch",
    "Ticket",
    "Fare",
    "Cabin",
    "Embarked",
]
FAMILIES = """
Alderwick Brannoch Corvane Dunmarrow Elsbury Fennimoor Garrowby Hathersedge Ilverton
Jessamy Kelderwood Lathbury Marrowdale Netherfold Osmotherly Penhallick Quarrington Rothersway
Silverdene Tamblyn Ullathorne Venterwood Wexcombe Yarrowby Zellbrook
""".split()
MEN = """
Abel Bertram Caspar Dorian Emmerich Florian Gideon Horace Ivor
Jasper Konrad Leopold Magnus Nestor Oswin Piers Rufus Silas
Tobias Walter
""".split()
WOMEN = """
Adela Beatrix Cordelia Drusilla Elspeth Frieda Greta Honora Isolde
Jemima Klara Lavinia Matilda Nerys Ottilie Petra Rosalind Sidonie
Thea Winifred
""".split()
PLAIN = random.Random(1912).random  # the one generator whose numbers are the same in every version of Python


def pick(choices):
    return choices[int(PLAIN() * len(choices))]


def weighted(shares):
    """A key of {key: share}; shares add up to 1."""
    at = PLAIN()
    for key, share in shares.items():
        at -= share
        if at < 0:
            return key
    return key


def name(sex, age):
    if sex == "male":
        title = "Master." if age is not None and age < 13 else "Mr."
        return f"{pick(FAMILIES)}, {title} {pick(MEN)} {pick(MEN)}"
    if age is not None and age >= 25 and PLAIN() < 0.7:
        return f"{pick(FAMILIES)}, Mrs. {pick(MEN)} ({pick(WOMEN)} {pick(FAMILIES)})"
    return f"{pick(FAMILIES)}, Miss. {pick(WOMEN)}"


def age_of():
    if PLAIN() < 0.2:
        return None  # not known
    if PLAIN() < 0.01:
        return 0.5
    return int(1 + 30 * (PLAIN() + PLAIN()) + 12 * PLAIN())


def row(number):
    klass = weighted({3: 0.55, 1: 0.24, 2: 0.21})
    sex = weighted({"male": 0.65, "female": 0.35})
    age = age_of()
    chance = (
        {1: 0.42, 2: 0.26, 3: 0.14}[klass]
        + (0.5 if sex == "female" else 0)
        + (0.2 if age is not None and age < 13 else 0)
    )
    fare = {1: 25 + 90 * PLAIN() ** 2, 2: 10.5 + 20 * PLAIN(), 3: 6.75 + 14 * PLAIN() ** 2}[klass]
    cabin = f"{pick('ABCDE')}{int(1 + 120 * PLAIN())}" if PLAIN() < {1: 0.8, 2: 0.1, 3: 0.03}[klass] else ""
    ticket = weighted({"": 0.75, "PC ": 0.07, "A/5 ": 0.06, "CA. ": 0.06, "SOTON/O.Q. ": 0.06}) + str(
        int(1000 + 398000 * PLAIN())
    )
    port = "" if number in (62, 830) else weighted({"S": 0.72, "C": 0.19, "Q": 0.09})
    return [
        number,
        int(PLAIN() < chance),
        klass,
        name(sex, age),
        sex,
        "" if age is None else f"{age:g}",
        weighted({0: 0.68, 1: 0.23, 2: 0.05, 3: 0.04}),
        weighted({0: 0.76, 1: 0.13, 2: 0.11}),
        ticket,
        f"{fare:.4f}".rstrip("0").rstrip("."),
        cabin,
        port,
    ]


def titanic():
    """The file's bytes."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(row(number) for number in range(1, ROWS + 1))
    return out.getvalue().encode()


def main(out):
    data = titanic()
    pathlib.Path(out).write_text(
        '/* made by tools/sample.py */\n#include "daemon/sample.h"\n\n'
        f"const char hr_sample_titanic[] =\n    {literal(data)};\nconst size_t hr_sample_titanic_len = {len(data)};\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
