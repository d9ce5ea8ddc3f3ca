"""The same deadlines and scores with chinese_calendar, numpy and pandas, as a good engineer
would vectorise them. Called by core/benches/scoring.rs:

    scoring.py calendar DIR     writes YEAR.json in the holiday-cn form, 2024 to 2026
    scoring.py deadlines DIR    reads deadlines.csv, writes due.bin (int64 milliseconds)
    scoring.py loop DIR COUNT   the first COUNT of them, day by day with is_workday
    scoring.py scores DIR       reads scores.csv, writes scores.bin (int64 hundredths, -1 none)

Prints one line `seconds=…` of the work itself, without reading and writing files.
"""

import datetime
import json
import sys
import time
from pathlib import Path

import chinese_calendar
import numpy as np
import pandas as pd

YEARS = range(2024, 2027)
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
OFFSET_MS = 8 * HOUR_MS
FIRST = datetime.date(YEARS[0], 1, 1)
LAST = datetime.date(YEARS[-1], 12, 31)


def is_plain(day):
    return day.weekday() < 5


def days():
    return [FIRST + datetime.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def calendar(folder):
    for year in YEARS:
        marked = []
        for day in days():
            worked = chinese_calendar.is_workday(day)
            if day.year == year and worked != is_plain(day):
                marked.append({"name": "x", "date": day.isoformat(), "isOffDay": not worked})
        text = json.dumps({"year": year, "papers": ["chinese_calendar"], "days": marked})
        (folder / f"{year}.json").write_text(text)


def worked_before(of_day):
    """Working milliseconds of a day before a moment of it."""
    morning = np.clip(of_day, 8 * HOUR_MS, 12 * HOUR_MS) - 8 * HOUR_MS
    return morning + np.clip(of_day, 14 * HOUR_MS, 18 * HOUR_MS) - 14 * HOUR_MS


def deadlines(folder):
    asked = pd.read_csv(folder / "deadlines.csv")
    start = asked["start_ms"].to_numpy()
    limit = asked["limit_ms"].to_numpy()
    urgent = asked["urgent"].to_numpy() == 1
    began = time.perf_counter()
    worked = np.array([chinese_calendar.is_workday(day) for day in days()])
    before = np.concatenate(([0], np.cumsum(worked) * 8 * HOUR_MS))
    number = (FIRST - datetime.date(1970, 1, 1)).days
    local = start + OFFSET_MS
    day = local // DAY_MS - number
    used = before[day] + np.where(worked[day], worked_before(local % DAY_MS), 0)
    target = used + limit
    found = np.searchsorted(before, target, side="left") - 1
    rest = target - before[found]
    moment = rest + np.where(rest <= 4 * HOUR_MS, 8 * HOUR_MS, 10 * HOUR_MS)
    due = (found + number) * DAY_MS + moment - OFFSET_MS
    due = np.where(urgent, start + limit, due)
    seconds = time.perf_counter() - began
    due.astype("<i8").tofile(folder / "due.bin")
    return seconds


def loop(folder, count):
    asked = pd.read_csv(folder / "deadlines.csv").head(count)
    rows = list(zip(asked["start_ms"], asked["limit_ms"], asked["urgent"]))
    zone = datetime.timezone(datetime.timedelta(hours=8))
    periods = [(8, 12), (14, 18)]
    began = time.perf_counter()
    for start, limit, urgent in rows:
        at = datetime.datetime.fromtimestamp(start / 1000, zone)
        left = datetime.timedelta(milliseconds=int(limit))
        if urgent:
            at += left
            continue
        day = at.date()
        while True:
            if chinese_calendar.is_workday(day):
                done = False
                for first, last in periods:
                    midnight = datetime.datetime.combine(day, datetime.time(), zone)
                    begin = max(at, midnight + datetime.timedelta(hours=first))
                    end = midnight + datetime.timedelta(hours=last)
                    if begin >= end:
                        continue
                    if left <= end - begin:
                        at = begin + left
                        done = True
                        break
                    left -= end - begin
                if done:
                    break
            day += datetime.timedelta(days=1)
    return time.perf_counter() - began


def rounded(share):
    """Hundredths of a point, half up."""
    return np.floor(share * 10_000 + 0.5)


def weighted(parts):
    """The weighted mean of shares; what is nan leaves its weight to the rest."""
    total = np.zeros(len(parts[0][0]))
    weights = np.zeros(len(parts[0][0]))
    for share, weight in parts:
        applies = ~np.isnan(share)
        total += np.where(applies, share, 0) * weight
        weights += applies * weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / weights


def scores(folder):
    day = pd.read_csv(folder / "scores.csv")
    began = time.perf_counter()

    def share(part, whole):
        # Of nothing is not applicable, whatever was done.
        of = day[whole].to_numpy()
        return day[part].to_numpy() / np.where(of > 0, of, np.nan)

    def capped(part, whole):
        return np.minimum(share(part, whole), 1.0)

    coverage = rounded(share("covered", "planned"))
    attended = (day["in_grid"] + day["excused"]).to_numpy()
    attendance = rounded(attended / day["scheduled"].to_numpy())
    quantity = rounded(
        weighted(
            [
                (capped("reports", "reports_quota"), 400),
                (capped("km", "km_quota"), 200),
                (capped("loops", "loops_quota"), 200),
                (capped("tasks", "tasks_quota"), 200),
            ]
        )
    )
    quality = rounded(
        weighted(
            [
                (share("valid", "valid_of"), 400),
                (1 - share("missed", "missed_of"), 200),
                (share("verified", "verified_of"), 200),
                (share("checked", "checked_of"), 200),
            ]
        )
    )
    parts = [(coverage, 250), (attendance, 150), (quantity, 250), (quality, 350)]
    verdict = rounded(weighted([(part / 10_000, weight) for part, weight in parts]))
    pd.cut(verdict, [-1, 4_000, 6_000, 7_500, 9_000, 10_001], right=False, labels=list("EDCBA"))
    seconds = time.perf_counter() - began
    np.nan_to_num(verdict, nan=-1).astype("<i8").tofile(folder / "scores.bin")
    return seconds


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "calendar":
        calendar(where)
    else:
        rest = [int(text) for text in sys.argv[3:]]
        done = {"deadlines": deadlines, "loop": loop, "scores": scores}[what](where, *rest)
        print(f"seconds={done:.6f}")
