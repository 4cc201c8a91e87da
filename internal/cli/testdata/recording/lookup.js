// Nothing but a lookup: three rules of deposits.
await lookup("/v3/payment_methods?country=BR");
