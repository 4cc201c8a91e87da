"""X-Date: yyyy-MM-dd'T'HH:mm:ss'Z' in UTC, and the window of five seconds around the server's clock.

Three kinds: `parse` (a string is an X-Date or it is not), `format` (an instant becomes an X-Date) and
`window` (an X-Date is near enough to the server's clock or it is not).
"""

import calendar
import datetime

WINDOW_MS = 5000
EXAMPLE = "2020-06-21T12:33:20Z"

# The same interface as the names of signature mistakes; the first three are in both lists.
MISTAKES = {
    "milliseconds": "the date carries milliseconds",
    "local-time": "local time is written as if it were UTC",
    "offset": "the date ends in an offset instead of Z",
    "no-zone": "the Z is missing",
    "epoch-seconds": "seconds since 1970 instead of a date",
    "space-for-t": "a space between day and time instead of T",
    "pattern-quotes": "the quotes of the pattern are in the date",
    "unpadded": "leading zeros are missing",
    "week-year": "the year of the week (YYYY) instead of the calendar year (yyyy)",
    "twelve-hour": "hours of a twelve-hour clock (hh) instead of HH",
    "hour-24": "midnight as hour 24 (kk) instead of HH",
    "month-for-minute": "month and minute changed places (mm and MM)",
    "day-of-year": "the day of the year (DD) instead of the day of the month (dd)",
    "local-digits": "the digits of the locale instead of 0 to 9",
    "buddhist-year": "the year of the locale's Buddhist calendar",
    "whole-second-clock": "the server's clock was cut to whole seconds before comparing",
    "exclusive-bound": "a difference of exactly five seconds was refused",
    "past-only": "dates in the future were never refused",
    "five-minutes": "a window of five minutes instead of five seconds",
}


def cases():
    return [*accepted(), *refused(), *formats(), *windows()]


def unix_seconds(x_date):
    return calendar.timegm(datetime.datetime.strptime(x_date, "%Y-%m-%dT%H:%M:%SZ").timetuple())


def accepted():
    for name, about, x_date in (
            ("example", "the documents' own example", EXAMPLE),
            ("epoch", "the first second of 1970", "1970-01-01T00:00:00Z"),
            ("before-epoch", "a second before 1970", "1969-12-31T23:59:59Z"),
            ("leap-day-2024", "29 February of a year that four divides", "2024-02-29T23:59:59Z"),
            ("leap-day-2000", "29 February of a year that 400 divides", "2000-02-29T00:00:00Z"),
            ("end-of-year", "the last second of a year", "2026-12-31T23:59:59Z"),
            ("start-of-year", "the first second of a year", "2027-01-01T00:00:00Z"),
            ("last-32-bit-second", "the last second that a signed 32-bit clock knows", "2038-01-19T03:14:07Z"),
            ("beyond-32-bits", "the second after it", "2038-01-19T03:14:08Z"),
            ("year-9999", "the last second of the pattern", "9999-12-31T23:59:59Z"),
            ("noon", "noon is hour 12", "2026-11-02T12:00:00Z"),
            ("midnight", "midnight is hour 00", "2026-11-02T00:00:00Z")):
        yield {"id": f"xdate/{name}", "kind": "parse", "description": about, "expect": "accept",
               "x_date": x_date, "unix_seconds": unix_seconds(x_date)}


def refused():
    arabic = EXAMPLE.translate({ord("0") + i: 0x660 + i for i in range(10)})
    wide = EXAMPLE.translate({ord("0") + i: 0xFF10 + i for i in range(10)})
    for reason, rows in {
            "offset": (
                ("offset-0000", "+0000, which an unquoted Z of a Java pattern writes", "2020-06-21T12:33:20+0000"),
                ("offset-00-00", "+00:00 instead of Z", "2020-06-21T12:33:20+00:00"),
                ("offset-minus-03-00", "the same instant in local time with its offset", "2020-06-21T09:33:20-03:00"),
                ("offset-plus-05-30", "the same instant in a zone ahead by hours and a half", "2020-06-21T18:03:20+05:30"),
                ("offset-hours-only", "an offset of hours only", "2020-06-21T12:33:20+00")),
            "fraction": (
                ("milliseconds", "three digits of milliseconds, as in newer samples of the documents", "2020-06-21T12:33:20.442Z"),
                ("zero-milliseconds", "milliseconds of zero, as toISOString writes them", "2020-06-21T12:33:20.000Z"),
                ("one-digit-fraction", "one digit of fraction", "2020-06-21T12:33:20.4Z"),
                ("nanoseconds", "nine digits of fraction", "2020-06-21T12:33:20.442000001Z"),
                ("comma-fraction", "a fraction after a comma, which ISO 8601 allows", "2020-06-21T12:33:20,442Z"),
                ("empty-fraction", "a decimal point without digits", "2020-06-21T12:33:20.Z")),
            "no_zone": (("no-zone", "no Z at the end", "2020-06-21T12:33:20"),),
            "zone_name": (
                ("zone-utc", "UTC instead of Z", "2020-06-21T12:33:20UTC"),
                ("zone-gmt", "GMT after a space instead of Z", "2020-06-21T12:33:20 GMT"),
                ("zone-region", "the name of a region after Z, as ZonedDateTime writes it", "2020-06-21T12:33:20Z[UTC]"),
                ("zone-other-letter", "another military letter instead of Z", "2020-06-21T12:33:20A")),
            "letter_case": (
                ("lower-case-t", "a lower-case t", "2020-06-21t12:33:20Z"),
                ("lower-case-z", "a lower-case z", "2020-06-21T12:33:20z")),
            "separator": (
                ("space-for-t", "a space between day and time instead of T", "2020-06-21 12:33:20Z"),
                ("underscore-for-t", "an underscore between day and time instead of T", "2020-06-21_12:33:20Z"),
                ("no-t", "nothing between day and time", "2020-06-2112:33:20Z"),
                ("date-slashes", "slashes in the day", "2020/06/21T12:33:20Z"),
                ("time-dots", "dots in the time", "2020-06-21T12.33.20Z"),
                ("basic-format", "the basic format of ISO 8601", "20200621T123320Z"),
                ("long-dash", "a non-breaking hyphen in the day", "2020\u201106\u201121T12:33:20Z")),
            "range": (
                ("month-13", "a thirteenth month", "2020-13-21T12:33:20Z"),
                ("month-00", "month 00", "2020-00-21T12:33:20Z"),
                ("day-00", "day 00", "2020-06-00T12:33:20Z"),
                ("day-31-of-june", "the 31st of June", "2020-06-31T12:33:20Z"),
                ("february-30", "30 February of a leap year", "2020-02-30T12:33:20Z"),
                ("february-29-2023", "29 February of a year that four does not divide", "2023-02-29T12:33:20Z"),
                ("february-29-1900", "29 February of a century that 400 does not divide", "1900-02-29T12:33:20Z"),
                ("hour-24", "hour 24, even at midnight", "2020-06-21T24:00:00Z"),
                ("hour-25", "hour 25", "2020-06-21T25:33:20Z"),
                ("minute-60", "minute 60", "2020-06-21T12:60:20Z"),
                ("second-61", "second 61", "2020-06-21T12:33:61Z")),
            "leap_second": (
                ("leap-second", "a leap second that there was: clocks of computers do not show it", "2016-12-31T23:59:60Z"),),
            "padding": (
                ("month-one-digit", "a month without its leading zero", "2020-6-21T12:33:20Z"),
                ("day-one-digit", "a day without its leading zero", "2020-06-1T12:33:20Z"),
                ("hour-one-digit", "an hour without its leading zero", "2020-06-21T9:33:20Z"),
                ("second-one-digit", "a second without its leading zero", "2020-06-21T12:33:5Z")),
            "year_digits": (
                ("year-two-digits", "a year of two digits", "20-06-21T12:33:20Z"),
                ("year-five-digits", "a year of five digits", "12020-06-21T12:33:20Z"),
                ("year-signed", "a year with a sign", "+2020-06-21T12:33:20Z")),
            "digits": (
                ("arabic-digits", "Arabic digits, which a formatter with the locale's digits writes", arabic),
                ("full-width-digits", "full-width digits", wide)),
            "white_space": (
                ("space-before", "a space before the date", " 2020-06-21T12:33:20Z"),
                ("space-after", "a space after the date", "2020-06-21T12:33:20Z "),
                ("newline-after", "a newline after the date", "2020-06-21T12:33:20Z\n"),
                ("tab-before-z", "a tab before the Z", "2020-06-21T12:33:20\tZ")),
            "quotes": (
                ("quoted", "the date in quotes, as a JSON serialiser writes it", '"2020-06-21T12:33:20Z"'),
                ("pattern-quotes", "the quotes of the pattern in the date", "2020-06-21'T'12:33:20'Z'")),
            "missing_part": (
                ("no-seconds", "hours and minutes only", "2020-06-21T12:33Z"),
                ("day-only", "a day without a time", "2020-06-21"),
                ("time-only", "a time without a day", "12:33:20Z"),
                ("cut", "the last digit of the seconds is missing, and the Z", "2020-06-21T12:33:2")),
            "trailing_text": (
                ("two-zs", "two Zs", "2020-06-21T12:33:20ZZ"),
                ("two-dates", "two dates, as a proxy joins repeated headers", "2020-06-21T12:33:20Z, 2020-06-21T12:33:20Z"),
                ("nul-after", "a NUL after the date", "2020-06-21T12:33:20Z\0")),
            "other_format": (
                ("epoch-seconds", "seconds since 1970", "1592742800"),
                ("epoch-milliseconds", "milliseconds since 1970", "1592742800000"),
                ("rfc-1123", "the format of the Date header", "Sun, 21 Jun 2020 12:33:20 GMT"),
                ("rfc-850", "the older format of HTTP", "Sunday, 21-Jun-20 12:33:20 GMT"),
                ("asctime", "the format of C's asctime", "Sun Jun 21 12:33:20 2020"),
                ("week-date", "a week date of ISO 8601", "2020-W25-7T12:33:20Z"),
                ("ordinal-date", "a day of the year", "2020-173T12:33:20Z"),
                ("twelve-hour", "a twelve-hour clock", "2020-06-21T12:33:20 PM"),
                ("day-first", "day, month and year in Latin American order", "21/06/2020 12:33:20")),
            "empty": (("empty", "an empty string", ""),)}.items():
        for name, about, x_date in rows:
            case = {"id": f"xdate/refused-{name}", "kind": "parse", "description": about, "expect": "refuse", "reason": reason}
            if reason in ("offset", "fraction"):
                case["ambiguities"] = ["AMB-16" if reason == "offset" else "AMB-17"]
            yield {**case, "x_date": x_date}


def formats():
    def case(name, about, instant, x_date, **wrong):
        ms = round(datetime.datetime.fromisoformat(instant).timestamp() * 1000)
        return {"id": f"xdate/format-{name}", "kind": "format", "description": about, "expect": "accept",
                "instant": instant, "unix_ms": ms, "x_date": x_date, "mistakes": named(wrong)}
    arabic = EXAMPLE.translate({ord("0") + i: 0x660 + i for i in range(10)})
    yield case("whole-second", "the documents' own example", "2020-06-21T12:33:20+00:00", EXAMPLE,
               milliseconds="2020-06-21T12:33:20.000Z", offset="2020-06-21T12:33:20+0000", no_zone="2020-06-21T12:33:20",
               epoch_seconds="1592742800", space_for_t="2020-06-21 12:33:20Z", pattern_quotes="2020-06-21'T'12:33:20'Z'",
               month_for_minute="2020-33-21T12:06:20Z", day_of_year="2020-06-173T12:33:20Z", local_digits=arabic,
               buddhist_year="2563-06-21T12:33:20Z")
    yield case("fraction-is-cut", "a fraction is cut, never rounded up", "2020-06-21T12:33:20.999+00:00", EXAMPLE,
               milliseconds="2020-06-21T12:33:20.999Z")
    yield case("behind-utc", "local time behind UTC, the next day in UTC", "2020-06-20T22:15:00-03:00", "2020-06-21T01:15:00Z",
               local_time="2020-06-20T22:15:00Z", offset="2020-06-20T22:15:00-0300")
    yield case("ahead-of-utc", "local time ahead of UTC by hours and a half", "2026-01-01T03:00:00+05:30", "2025-12-31T21:30:00Z",
               local_time="2026-01-01T03:00:00Z", offset="2026-01-01T03:00:00+0530")
    yield case("last-days-of-year", "a day that belongs to the first week of the next year", "2019-12-30T10:00:00+00:00",
               "2019-12-30T10:00:00Z", week_year="2020-12-30T10:00:00Z")
    yield case("afternoon", "an hour after noon", "2026-11-02T13:05:09+00:00", "2026-11-02T13:05:09Z",
               twelve_hour="2026-11-02T01:05:09Z")
    yield case("midnight", "midnight is hour 00 of the day that begins", "2026-11-02T00:00:00+00:00", "2026-11-02T00:00:00Z",
               twelve_hour="2026-11-02T12:00:00Z", hour_24="2026-11-02T24:00:00Z")
    yield case("single-digits", "every part keeps its leading zero", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z",
               unpadded="2026-1-2T3:4:5Z")


def named(wrong):
    return [{"name": k.replace("_", "-"), "what": MISTAKES[k.replace("_", "-")], "answer": v} for k, v in wrong.items()]


def windows():
    base = "2020-06-21T12:33:2{}Z"

    def case(name, about, server_time, x_date, **wrong):
        stamp, _, ms = server_time.removesuffix("Z").partition(".")
        difference = (unix_seconds(stamp + "Z") - unix_seconds(x_date)) * 1000 + int(ms)
        size = abs(difference)
        out = {"id": f"xdate/window-{name}", "kind": "window", "description": about,
               "expect": "accept" if size <= WINDOW_MS else "refuse"}
        if size > WINDOW_MS:
            out["reason"] = "too_old" if difference > 0 else "in_future"
        # Rounding of the server's own clock is nowhere stated, nor is the future in so many words.
        if 4000 < size < 6000:
            out["ambiguities"] = ["AMB-14"]
        elif size >= 6000 and difference < 0:
            out["ambiguities"] = ["AMB-15"]
        out.update({"server_time": server_time, "x_date": x_date, "difference_ms": difference})
        if wrong:
            out["mistakes"] = named(wrong)
        return out

    yield case("same-instant", "no difference", base.format("0.000"), EXAMPLE)
    yield case("same-second", "the server is 999 ms into the same second", base.format("0.999"), EXAMPLE)
    yield case("past-1s", "one second old", base.format("1.000"), EXAMPLE)
    yield case("past-4s", "four seconds old: every target must accept", base.format("4.000"), EXAMPLE)
    yield case("past-4999ms", "a millisecond inside the window", base.format("4.999"), EXAMPLE)
    yield case("past-5000ms", "exactly five seconds old is not more than five", base.format("5.000"), EXAMPLE, exclusive_bound="refuse")
    yield case("past-5001ms", "a millisecond outside the window", base.format("5.001"), EXAMPLE,
               whole_second_clock="accept", five_minutes="accept")
    yield case("past-5999ms", "almost six seconds old", base.format("5.999"), EXAMPLE, whole_second_clock="accept")
    yield case("past-6s", "six seconds old: every target must refuse", base.format("6.000"), EXAMPLE, five_minutes="accept")
    yield case("past-60s", "a minute old", "2020-06-21T12:34:20.000Z", EXAMPLE, five_minutes="accept")
    yield case("past-5min", "five minutes old", "2020-06-21T12:38:20.000Z", EXAMPLE, five_minutes="accept")
    yield case("past-3h", "local time of Brazil or Argentina written as UTC", "2020-06-21T15:33:20.000Z", EXAMPLE)
    yield case("past-1d", "a day old, at the same time of day", "2020-06-22T12:33:20.000Z", EXAMPLE)
    yield case("past-1y", "a year old, on the same day", "2021-06-21T12:33:20.000Z", EXAMPLE)
    future = "2020-06-21T12:33:25Z"
    yield case("future-1ms", "a millisecond in the future", base.format("4.999"), future)
    yield case("future-1s", "one second in the future", base.format("4.000"), future)
    yield case("future-4s", "four seconds in the future: every target must accept", base.format("1.000"), future)
    yield case("future-4999ms", "a millisecond inside the window", base.format("0.001"), future)
    yield case("future-5000ms", "exactly five seconds in the future", base.format("0.000"), future, exclusive_bound="refuse")
    yield case("future-5001ms", "a millisecond outside the window", "2020-06-21T12:33:19.999Z", future, past_only="accept")
    yield case("future-6s", "six seconds in the future", "2020-06-21T12:33:19.000Z", future, past_only="accept", five_minutes="accept")
    yield case("future-1h", "an hour in the future, as after a change to summer time", "2020-06-21T11:33:25.000Z", future, past_only="accept")
    yield case("future-543y", "a year of the Buddhist calendar", "2020-06-21T12:33:20.000Z", "2563-06-21T12:33:20Z", past_only="accept")
    yield case("over-midnight", "five seconds across midnight", "2020-06-22T00:00:02.000Z", "2020-06-21T23:59:57Z")
    yield case("over-new-year", "four seconds across a year", "2027-01-01T00:00:03.000Z", "2026-12-31T23:59:59Z")
    yield case("over-leap-day", "three seconds from a leap day into March", "2024-03-01T00:00:01.000Z", "2024-02-29T23:59:58Z")
    yield case("over-february", "three seconds from February into March", "2023-03-01T00:00:01.000Z", "2023-02-28T23:59:58Z")
    yield case("over-midnight-6s", "six seconds across midnight", "2020-06-22T00:00:03.000Z", "2020-06-21T23:59:57Z")
