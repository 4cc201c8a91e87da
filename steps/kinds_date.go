package steps

import (
	"fmt"
	"time"

	"github.com/d24conform/d24conform/internal/merchant"
)

// dated sends another date, signed as it is sent.
func dated(name string, date func(now time.Time) string) fault {
	return tampered(name, merchant.Dated(date))
}

// dateForms are ways to write a date that no reading of the documents knows. Offsets and
// fractions are readings (AMB-16, AMB-17).
func dateForms() []fault {
	var list []fault
	for _, form := range []string{
		"in seconds since 1970", "in milliseconds since 1970", "as in an e-mail", "as HTTP writes it", "day first", "without its time", "without its Z",
		"with a space instead of T", "with a year of two digits", "without dashes and colons", "as a word",
	} {
		date, err := dateForm(form)
		if err != nil {
			panic(err) //nolint:forbidigo // a name in this very list
		}
		list = append(list, dated("X-Date "+form, date))
	}
	return list
}

// cities are whose wall clocks a client may send that forgets UTC.
func cities() []string {
	return []string{"São Paulo", "Mexico City", "Mumbai", "Tokyo", "Kathmandu", "Lagos", "Praia"}
}

func localTimes() []fault {
	var list []fault
	for _, city := range cities() {
		date, err := localTime(city)
		if err != nil {
			panic(err) //nolint:forbidigo // a name in this very list
		}
		list = append(list, dated("the local time of "+city, date))
	}
	return list
}

// staleDates are out of the window in either direction: near its edge, at round distances,
// and at those at which a part of the date is right again.
func staleDates() []fault {
	const day = 24 * time.Hour
	var list []fault
	for _, by := range []time.Duration{
		6 * time.Second, 7 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
		time.Hour, day, 7 * day, 31 * day, 365 * day,
	} {
		for _, past := range []bool{true, false} {
			direction := "future"
			if past {
				direction = "past"
			}
			list = append(list, fault{fmt.Sprintf("X-Date %.0f seconds into the %s", by.Seconds(), direction), func(w *world, st *stage) (spoilt, bool) {
				moved := by
				if past {
					moved = -by
				}
				date := movedBy(by, past, w.server.Clock().Error, st.control.Timing.Total)
				return spoilt{tampers: []merchant.Tamper{merchant.Dated(date)}, moved: &moved}, true
			}})
		}
	}
	// Differences so large that they overflow.
	for _, far := range []string{"9999-12-31T23:59:59Z", "2038-01-19T03:14:08Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"} {
		list = append(list, fault{"X-Date " + far, func(*world, *stage) (spoilt, bool) {
			return spoilt{tampers: []merchant.Tamper{merchant.Dated(func(time.Time) string { return far })}}, true
		}})
	}
	return list
}
