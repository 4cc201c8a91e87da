// Everything that a client does, for people whose names are easily spoilt. The answer to
// the first creation is lost.
let deposit_id, cashout_id;
for (const name of ["José Ñuñez 李", "Zoë / Ana-María", "Zoë / Ana", "😀 Maria 🇧🇷", "<Smith & Sons>", "D'Ávila \\ Filhos", "100 % Ação + João"]) {
  ({ deposit_id } = await create(deposit(crypto.randomUUID(), name)));
  ({ cashout_id } = await cashouts("/v3/cashout", {
    external_id: crypto.randomUUID(), country: "BR", amount: 10, currency: "BRL", document_id: "11111111111", beneficiary_name: name,
    notification_url: "https://shop.example/paid",
  }));
}
await deposits("GET", "/v3/deposits/" + deposit_id);
await cashouts("/v3/cashout/status", { cashout_id: Number(cashout_id) });
await lookup("/v3/payment_methods?country=BR");
