// A signature over JSON that was written again with other white space, and another key on
// the retry of a deposit whose answer was lost.
const order = JSON.parse(deposit("reserialised", "Ana"));
await deposits("POST", "/v3/deposits", { body: JSON.stringify(order), signed: JSON.stringify(order, null, 2), key: crypto.randomUUID() });
await create(deposit("lost", "Ana"), () => crypto.randomUUID());
