// Everything that a client does, for people whose names are easily spoilt. The answer to
// the first creation is lost. One name has its accents apart. No deposit is paid, so no refund
// is granted; they are signed all the same.
const people = ["José Ñuñez 李", "Zoë Ação João", "Ægir Łukasz Ööbik", "Jose\u0301 Nun\u0303ez", "Владимир 山田太郎"];
let invoice_id, deposit_id, cashout_id;
for (const name of [...people, "Zoë / Ana-María", "Zoë / Ana", "😀 Maria 🇧🇷", "<Smith & Sons>", "D'Ávila \\ Filhos", "100 % Ação + João"]) {
  invoice_id = crypto.randomUUID();
  ({ deposit_id } = await create(deposit(invoice_id, name)));
  ({ cashout_id } = await cashouts("/v3/cashout", {
    external_id: crypto.randomUUID(), country: "BR", amount: 10, currency: "BRL", document_id: "11111111111", beneficiary_name: name,
    notification_url: "https://shop.example/paid",
  }));
}
await deposits("GET", "/v3/deposits/" + deposit_id);
await cashouts("/v3/cashout/status", { cashout_id: Number(cashout_id) });
for (const name of people) {
  await deposits("POST", "/v3/refunds", { key: crypto.randomUUID(), body: JSON.stringify({ deposit_id, invoice_id, amount: 1, comments: name }) });
}
await lookup("/v3/payment_methods?country=BR");
