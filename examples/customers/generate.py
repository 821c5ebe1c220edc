#!/usr/bin/env python3
"""Writes customers.csv: made-up rows with the columns of the Chinook sample database's Customer table."""

import csv
import pathlib

COLUMNS = (
    "CustomerId FirstName LastName Company Address City State Country PostalCode Phone Fax Email SupportRepId".split()
)
CITIES = [
    ("Zürich", "", "Switzerland"),
    ("São Paulo", "SP", "Brazil"),
    ("Łódź", "", "Poland"),
    ("Springfield", "IL", "USA"),
    ("京都市", "", "Japan"),
    # The same word in an encrypted and in a plain column: a scan has to tell them apart.
    ("Dublin", "Dublin", "Ireland"),
]


def row(n):
    city, state, country = CITIES[n % len(CITIES)]
    return [
        n,
        f"Given{n}",
        f'Family "{n}"' if n % 10 == 0 else f"Family{n}",
        f"Company {n}, Inc." if n % 3 == 0 else "",
        f"{n} Example Street, Floor {n % 7}",
        city,
        state,
        country,
        f"{10_000 + 97 * n}" if n % 5 else "",
        f"+1 (555) 010-{n:04}",
        f"+1 (555) 011-{n:04}" if n % 2 else "",
        f"customer{n}@example.com",
        n % 3 + 3,
    ]


path = pathlib.Path(__file__).with_name("customers.csv")
with path.open("w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(row, range(1, 41)))
