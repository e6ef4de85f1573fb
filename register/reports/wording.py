"""How a figure is said in a sentence: shares in per cent or tenths, numbers by their magnitude, days by the month."""

from __future__ import annotations

import calendar
import datetime as dt

from register.errors import Say, say

MONTHS = (
    say("1月"),
    say("2月"),
    say("3月"),
    say("4月"),
    say("5月"),
    say("6月"),
    say("7月"),
    say("8月"),
    say("9月"),
    say("10月"),
    say("11月"),
    say("12月"),
)


def about_percent(numerator: int, denominator: int) -> Say:
    """Word a share of something in per cent: 約90％, or 100％ where it is all."""
    share = 100 * numerator / denominator
    rounded = round(share)
    if numerator * 100 == rounded * denominator:
        return say("%(percent)d％", percent=rounded)
    return say("約%(percent)d％", percent=min(99, max(1, rounded)))


def tenths(numerator: int, denominator: int) -> Say:
    """Word a share of something in tenths: 7割, 8割強 (a little more), 8割弱 (a little less), 約1割 (very near)."""
    if numerator == denominator:
        return say("すべて")
    whole, rest = divmod(100 * numerator / denominator, 10)
    below, above = int(whole), int(whole) + 1
    if rest >= 9:
        return say("約%(tenths)d割", tenths=above)
    if rest >= 5:
        return say("%(tenths)d割弱", tenths=above)
    if below == 0:
        return say("なし") if numerator == 0 else say("1割未満")
    return say("%(tenths)d割", tenths=below) if rest < 1 else say("%(tenths)d割強", tenths=below)


def round_number(number: int) -> Say:
    """Word a number of cases: the exact one below 10, else 100件強, 150件強 by the half of its magnitude."""
    step = 10 ** (len(str(number)) - 1) // 2
    if step < 5 or number % step == 0:
        return say("%(count)d件", count=number)
    return say("%(count)d件強", count=number // step * step)


def month_end(as_of: dt.date) -> Say:
    """Word a day, by its month alone when it is the last one: 2025年9月末."""
    if as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]:
        return say("%(year)d年%(month)s末", year=as_of.year, month=MONTHS[as_of.month - 1])
    return say("%(year)d年%(month)s%(day)d日", year=as_of.year, month=MONTHS[as_of.month - 1], day=as_of.day)
