// What the read-only endpoints list. They create nothing and have no state.

const methods = {
  BR: [
    { name: 'Banco do Brasil', code: 'BB', type: 'BANK_TRANSFER', country: 'BR', status: 'OK' },
    { name: 'Boleto', code: 'BL', type: 'VOUCHER', country: 'BR', status: 'OK' },
  ],
  MX: [{ name: 'SPEI', code: 'SE', type: 'BANK_TRANSFER', country: 'MX', status: 'OK' }],
};
const banks = { BR: [{ name: 'BANCO DO BRASIL S.A.', code: 1 }, { name: 'CAIXA', code: 104 }], MX: [{ name: 'BANAMEX', code: 2 }] };
const states = { BR: [{ name: 'São Paulo', iso: 'SP' }, { name: 'Rio de Janeiro', iso: 'RJ' }], MX: [] };
const rates = { BR: ['BRL', 5.25], MX: ['MXN', 18.5] };

// lookUp is the answer to a question; undefined where there is no such endpoint, null
// where there is no such country.
export function lookUp(path, query) {
  const country = query.get('country');
  switch (path) {
    case '/v3/payment_methods': // without a country it lists those of all
      return country === null ? Object.values(methods).flat() : methods[country] ?? [];
    case '/v3/banks':
      return banks[country] ?? null;
    case '/v3/states':
      return states[country] ?? null;
    case '/v3/exchange_rates':
      return rates[country] ? converted(rates[country], query) : null;
    case '/v3/exchange_rates/crypto':
      return { fee: 0.1, converted_amount: amountOf(query) / 250_000, fx_rate: 250_000 };
    default:
      return undefined;
  }
}

function converted([currency, rate], query) {
  return { converted_amount: amountOf(query) * rate, currency, fx_rate: rate };
}

function amountOf(query) {
  const amount = Number(query.get('amount') ?? 1);
  return Number.isFinite(amount) ? amount : 1;
}
