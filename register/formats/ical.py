"""Calendars (iCalendar, RFC 5545): days that somebody keeps, as a feed that programs read again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from icalendar import Calendar, Event

PRODUCT = "-//AI case register//calendar 1.0//JA"
# How often a program should look again; what programs really do differs.
EVERY = dt.timedelta(hours=6)


@dataclass(frozen=True)
class Day:
    """One entry of a calendar, of a whole day. ``uid`` stays the same while the text and the day change."""

    uid: str
    day: dt.date
    title: str
    text: str
    url: str


def calendar(name: str, days: Iterable[Day], *, language: str, now: dt.datetime) -> bytes:
    """Return the feed called ``name``; the same days at the same moment give the same bytes."""
    feed = Calendar()
    feed.add("prodid", PRODUCT)
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    feed.add("name", _plain(name), parameters={"LANGUAGE": language})
    feed.add("x-wr-calname", _plain(name))
    feed.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    for one in sorted(days, key=lambda found: (found.day, found.uid)):
        feed.add_component(_event(one, language, now))
    return bytes(feed.to_ical())


def _event(one: Day, language: str, now: dt.datetime) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("dtstamp", now)
    event.add("dtstart", one.day)
    event.add("dtend", one.day + dt.timedelta(days=1))
    event.add("summary", _plain(one.title), parameters={"LANGUAGE": language})
    event.add("description", _plain(one.text), parameters={"LANGUAGE": language})
    event.add("url", one.url)
    event.add("class", "PRIVATE")
    # A deadline takes no time of the day.
    event.add("transp", "TRANSPARENT")
    return event


def _plain(text: str) -> str:
    """Return the text without the characters that RFC 5545 3.3.11 does not allow."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable() or c == "\u3000")
