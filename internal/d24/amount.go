package d24

import (
	"bytes"
	"fmt"
	"strconv"
)

// An Amount is money in hundredths of the currency's unit. The documents allow two
// decimals. It reads a JSON number as well as a quoted one, since the documents'
// own examples write both (reading AMB-29), and writes a number.
type Amount int64

// maxIntegerDigits keeps an Amount within int64, which holds any 18 digits: these and
// two decimals. The card page of the documents allows 18 integer digits; the mock and
// the suite need no such sum.
const maxIntegerDigits = 16

// ParseAmount reads a decimal number with at most two decimals, such as 12, 12.5
// or -0.01. Exponents are not read.
func ParseAmount(text string) (Amount, error) {
	digits, negative := text, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	cents, decimals, point := int64(0), 0, -1
	for i := range len(digits) {
		switch c := digits[i]; {
		case c == '.' && point < 0 && i > 0 && i < len(digits)-1:
			point = i
		case c < '0' || c > '9':
			return 0, fmt.Errorf("amount %q is not a decimal number", text)
		case point >= 0 && decimals == 2:
			if c != '0' {
				return 0, fmt.Errorf("amount %q has more than two decimals", text)
			}
		default:
			if point < 0 && i >= maxIntegerDigits {
				return 0, fmt.Errorf("amount %q has more than %d digits", text, maxIntegerDigits)
			}
			if point >= 0 {
				decimals++
			}
			cents = cents*10 + int64(c-'0')
		}
	}
	if digits == "" {
		return 0, fmt.Errorf("amount %q is not a decimal number", text)
	}
	for ; decimals < 2; decimals++ {
		cents *= 10
	}
	if negative {
		cents = -cents
	}
	return Amount(cents), nil
}

// String is the amount with as many decimals as it needs: 12, 12.5, 0.01.
func (a Amount) String() string {
	return string(a.append(nil))
}

func (a Amount) append(dst []byte) []byte {
	n := uint64(a) //nolint:gosec // its sign is dealt with below
	if a < 0 {
		dst = append(dst, '-')
		n = -n // right for the least int64 too, whose opposite is none
	}
	dst = strconv.AppendUint(dst, n/100, 10)
	switch rest := n % 100; {
	case rest == 0:
	case rest%10 == 0:
		dst = append(dst, '.', byte('0'+rest/10))
	default:
		dst = append(dst, '.', byte('0'+rest/10), byte('0'+rest%10))
	}
	return dst
}

// MarshalJSON writes a JSON number.
func (a Amount) MarshalJSON() ([]byte, error) {
	return a.append(nil), nil
}

// UnmarshalJSON reads a JSON number or a string that holds one.
func (a *Amount) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	if len(data) >= 2 && data[0] == '"' {
		data = data[1 : len(data)-1]
	}
	parsed, err := ParseAmount(string(data))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}
