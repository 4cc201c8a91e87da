// Amounts are whole cents in a BigInt: eighteen digits before the point are allowed,
// which is more than a double holds.

const decimal = /^(\d{1,18})(?:\.(\d{1,2}))?$/;

// cents reads an amount that is a number or, as in the documents' examples, text;
// null where it is neither, is not positive, or has more than two decimals.
export function cents(value) {
  if (typeof value !== 'number' && typeof value !== 'string') {
    return null;
  }
  const parts = decimal.exec(String(value));
  if (!parts) {
    return null;
  }
  const sum = BigInt(parts[1]) * 100n + BigInt((parts[2] ?? '').padEnd(2, '0'));
  return sum > 0n ? sum : null;
}

// plain is an amount for JSON.
export function plain(sum) {
  return Number(sum) / 100;
}

// fromPanel reads the balance that the panel sets, which may be 0.
export function fromPanel(text) {
  return text === '0' ? 0n : cents(text);
}
