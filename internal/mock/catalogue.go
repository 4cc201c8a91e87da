package mock

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/d24conform/d24conform/internal/d24"
)

// A country is what the read-only endpoints know of one. Rates and names are made
// up, round, and do not change.
type country struct {
	code, currency string
	rate           int64 // units of currency for a dollar, in ten-thousandths
	methods        []d24.PaymentMethod
	banks          []d24.Bank
	states         []d24.State
}

// rateUnit is one in a country's rate.
const rateUnit = 10_000

// countries is the mock's small world. A country that is not here can still have
// deposits and cashouts; the read-only endpoints refuse it.
var countries = [...]country{
	{
		"AR", "ARS", 1_000 * rateUnit,
		[]d24.PaymentMethod{{Code: "BL", Name: "Mock Transfer AR", Type: "BANK_TRANSFER"}, {Code: "PF", Name: "Mock Cash AR", Type: "VOUCHER"}},
		[]d24.Bank{{Code: 11, Name: "Mock Bank of the Nation"}, {Code: 72, Name: "Mock Bank AR"}},
		[]d24.State{{ISO: "AR-B", Name: "Buenos Aires"}, {ISO: "AR-X", Name: "Córdoba"}},
	},
	{
		"BR", "BRL", 5 * rateUnit,
		[]d24.PaymentMethod{{Code: "IX", Name: "Mock Pix", Type: "BANK_TRANSFER"}, {Code: "BB", Name: "Mock Bank BR", Type: "BANK_TRANSFER"}, {Code: "BL", Name: "Mock Boleto", Type: "VOUCHER"}, {Code: "CC", Name: "Mock Card", Type: "CREDIT_CARD"}},
		[]d24.Bank{{Code: 1, Name: "Mock Bank of Brazil"}, {Code: 341, Name: "Mock Bank BR"}},
		[]d24.State{{ISO: "BR-RJ", Name: "Rio de Janeiro"}, {ISO: "BR-SP", Name: "São Paulo"}},
	},
	{
		"CL", "CLP", 900 * rateUnit,
		[]d24.PaymentMethod{{Code: "WP", Name: "Mock Webpay", Type: "BANK_TRANSFER"}},
		[]d24.Bank{{Code: 1, Name: "Mock Bank of Chile"}},
		[]d24.State{{ISO: "CL-RM", Name: "Santiago"}},
	},
	{
		"CO", "COP", 4_000 * rateUnit,
		[]d24.PaymentMethod{{Code: "PC", Name: "Mock PSE", Type: "BANK_TRANSFER"}},
		[]d24.Bank{{Code: 7, Name: "Mock Bank CO"}},
		[]d24.State{{ISO: "CO-DC", Name: "Bogotá"}},
	},
	{
		"MX", "MXN", 20 * rateUnit,
		[]d24.PaymentMethod{{Code: "SE", Name: "Mock SPEI", Type: "BANK_TRANSFER"}, {Code: "ME", Name: "Mock Cash MX", Type: "VOUCHER"}},
		[]d24.Bank{{Code: 2, Name: "Mock Bank MX"}},
		[]d24.State{{ISO: "MX-CMX", Name: "Ciudad de México"}, {ISO: "MX-JAL", Name: "Jalisco"}},
	},
	{
		"PE", "PEN", 4 * rateUnit,
		[]d24.PaymentMethod{{Code: "BC", Name: "Mock Bank PE", Type: "BANK_DEPOSIT"}},
		[]d24.Bank{{Code: 2, Name: "Mock Bank PE"}},
		[]d24.State{{ISO: "PE-LMA", Name: "Lima"}},
	},
	{
		"UY", "UYU", 40 * rateUnit,
		[]d24.PaymentMethod{{Code: "RP", Name: "Mock Cash UY", Type: "VOUCHER"}},
		[]d24.Bank{{Code: 1, Name: "Mock Bank UY"}},
		[]d24.State{{ISO: "UY-MO", Name: "Montevideo"}},
	},
}

// codes are the catalogue's.
var codes = func() map[string]string {
	all := map[string]string{}
	for _, c := range countries {
		all[c.code], all[c.currency] = c.code, c.currency
		for _, method := range c.methods {
			all[method.Code] = method.Code
		}
	}
	return all
}()

// familiar is a code as the catalogue has it: 50,000 deposits need not each keep a
// "BRL" of their own.
func familiar(code string) string {
	if known, ok := codes[code]; ok {
		return known
	}
	return code
}

func findCountry(code string) *country {
	for i := range countries {
		if countries[i].code == code {
			return &countries[i]
		}
	}
	return nil
}

// listed is the country's methods as the endpoint lists them.
func (c *country) listed() []d24.PaymentMethod {
	list := make([]d24.PaymentMethod, len(c.methods))
	for i, method := range c.methods {
		method.Country, method.Status = c.code, "OK"
		method.Logo = "https://static.mock.invalid/" + method.Code + ".svg"
		method.DailyAverage, method.MonthlyAverage = 100_00, 3_000_00
		list[i] = method
	}
	return list
}

// paymentMethodOf is a method by its code. One that the catalogue lacks is taken
// for a bank transfer: the provider's own list is longer than any page shows.
func paymentMethodOf(countryCode, code string) d24.PaymentMethod {
	if c := findCountry(countryCode); c != nil {
		for _, method := range c.methods {
			if method.Code == code {
				return method
			}
		}
	}
	return d24.PaymentMethod{Code: code, Name: "Mock " + code, Type: "BANK_TRANSFER"}
}

// usdOf is an amount in dollars; a currency that is not in the catalogue counts as
// dollars.
func usdOf(currency string, amount d24.Amount) d24.Amount {
	for i := range countries {
		if countries[i].currency == currency {
			// whole and rest apart, so that 16 digits do not overflow
			rate := d24.Amount(countries[i].rate)
			return amount/rate*rateUnit + amount%rate*rateUnit/rate
		}
	}
	return amount
}

// paymentMethods is GET /v3/payment_methods. Without a country it lists all of
// them, as the official SDK expects.
func paymentMethods(c *call) answer {
	list := []d24.PaymentMethod{}
	code := c.request.URL.Query().Get("country")
	if code != "" && !countryCode(code) {
		return *beanValidation("country: must be an ISO 3166-1 alpha-2 code")
	}
	for i := range countries {
		if code == "" || countries[i].code == code {
			list = append(list, countries[i].listed()...)
		}
	}
	return respond(http.StatusOK, list)
}

// exchangeRate is GET /v3/exchange_rates: what an amount of dollars, by default
// one, is in the country's currency.
func exchangeRate(c *call) answer {
	place, refusal := c.country()
	if refusal != nil {
		return *refusal
	}
	amount, refusal := c.amount()
	if refusal != nil {
		return *refusal
	}
	return respond(http.StatusOK, d24.ExchangeRate{
		FXRate:          json.Number(strconv.FormatFloat(float64(place.rate)/rateUnit, 'f', -1, 64)),
		Currency:        place.currency,
		ConvertedAmount: amount/rateUnit*d24.Amount(place.rate) + amount%rateUnit*d24.Amount(place.rate)/rateUnit,
	})
}

// cryptoPrice is what a unit costs in dollars.
func cryptoPrice(crypto string) (dollars float64, ok bool) {
	switch crypto {
	case "BTC":
		return 50_000, true
	case "ETH":
		return 2_500, true
	case "USDT", "USDC":
		return 1, true
	}
	return 0, false
}

// cryptoExchangeRate is GET /v3/exchange_rates/crypto: how much of a crypto
// currency an amount of another one buys.
func cryptoExchangeRate(c *call) answer {
	query := c.request.URL.Query()
	price, ok := cryptoPrice(query.Get("crypto"))
	if !ok {
		return *beanValidation("crypto: must be one of BTC, ETH, USDC, USDT")
	}
	if !currencyCode(query.Get("currency")) {
		return *beanValidation("currency: must be an ISO 4217 code")
	}
	amount, refusal := c.amount()
	if refusal != nil {
		return *refusal
	}
	rate := float64(usdOf(query.Get("currency"), rateUnit)) / rateUnit / price
	decimal := func(x float64) json.Number { return json.Number(strconv.FormatFloat(x, 'f', 8, 64)) }
	return respond(http.StatusOK, d24.CryptoExchangeRate{FXRate: decimal(rate), ConvertedAmount: decimal(float64(amount) / 100 * rate)})
}

// banks is GET /v3/banks.
func banks(c *call) answer {
	place, refusal := c.country()
	if refusal != nil {
		return *refusal
	}
	return respond(http.StatusOK, place.banks)
}

// states is GET /v3/states.
func states(c *call) answer {
	place, refusal := c.country()
	if refusal != nil {
		return *refusal
	}
	return respond(http.StatusOK, place.states)
}

// country is the one that the query names; a wrong one is a 400.
func (c *call) country() (*country, *answer) {
	place := findCountry(c.request.URL.Query().Get("country"))
	if place == nil {
		return nil, beanValidation("country: must be the ISO 3166-1 alpha-2 code of a supported country")
	}
	return place, nil
}

// amount is the one that the query names, by default 1.
func (c *call) amount() (d24.Amount, *answer) {
	text := c.request.URL.Query().Get("amount")
	if text == "" {
		return 1_00, nil
	}
	amount, err := d24.ParseAmount(text)
	// A million millions keeps the product with the largest rate within 64 bits.
	if err != nil || amount <= 0 || amount > 1_000_000_000_000_00 {
		return 0, beanValidation("amount: must be a positive number with at most two decimals")
	}
	return amount, nil
}
