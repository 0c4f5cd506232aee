/*
 * Trade with a Tradepost installation through a client that `openapi-typescript` and `openapi-fetch` make, unchanged.
 *
 * The merchant imports a product file; a buyer finds the product and orders it; the merchant ships the order, the
 * payment is captured, and one unit comes back. Refusals are typed problem documents. `make clients` runs this program:
 *
 *     openapi-typescript http://127.0.0.1:8080/docs/openapi.json --output tradepost.d.ts
 *     tsc --strict && node trade.js http://127.0.0.1:8080
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./tradepost.js";

type Problem = components["schemas"]["Problem"];
type Order = components["schemas"]["Order"];
type Tradepost = Client<paths>;

const PASSWORD = "tradepost-demo";
const STOCK = 500;

/** What was asked for; throws the problem document when the platform refused. */
function accepted<Data>(answer: { data?: Data; error?: Problem }): Data {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.status} ${answer.error?.type}: ${answer.error?.detail}`);
  }
  return answer.data;
}

/** Read until it is done: events arrive a moment later. */
async function waitFor<Data>(read: () => Promise<Data>, isDone: (data: Data) => boolean): Promise<Data> {
  for (let attempt = 0; attempt < 150; attempt++) {
    const data = await read();
    if (isDone(data)) return data;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("It never came.");
}

async function signedIn(baseUrl: string, email: string): Promise<Tradepost> {
  const anonymous = createClient<paths>({ baseUrl });
  const tokens = accepted(await anonymous.POST("/api/v1/auth/login", { body: { email, password: PASSWORD } }));
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${tokens.access_token}` } });
}

/** Import a product file with one row, and wait until it is in the catalog. */
async function importBolts(merchant: Tradepost, sku: string): Promise<void> {
  const file = `sku,name,unit_price,currency,stock,breaks\n${sku},Hex bolt M8 x 40,0.255,GBP,${STOCK},100:0.21\n`;
  const started = accepted(
    await merchant.POST("/api/v1/products/imports", {
      body: { file },
      bodySerializer: (body) => {
        const form = new FormData();
        form.append("file", new Blob([body.file], { type: "text/csv" }), "bolts.csv");
        return form;
      },
    }),
  );
  const path = { import_id: started.id };
  const done = await waitFor(
    async () => accepted(await merchant.GET("/api/v1/products/imports/{import_id}", { params: { path } })),
    (each) => each.finished_at !== null,
  );
  assert.deepEqual([done.status, done.created, done.failed], ["succeeded", 1, 0]);
}

/** Ask for an order that is paid by card; the token comes from the card processor's page. */
function orderBolts(buyer: Tradepost, sku: string, quantity: number) {
  return buyer.POST("/api/v1/orders", {
    params: { header: { "Idempotency-Key": randomUUID() } },
    body: { line_items: [{ sku, quantity }], po_number: "PO-7", payment: { method: "card", token: "tok_ok" } },
  });
}

/** The problem of an order that cannot be placed. */
async function refusalOf(buyer: Tradepost, sku: string, quantity: number): Promise<Problem> {
  const { data, error } = await orderBolts(buyer, sku, quantity);
  assert.equal(data, undefined);
  assert(error);
  return error;
}

async function readOrder(buyer: Tradepost, order_id: string): Promise<Order> {
  return accepted(await buyer.GET("/api/v1/orders/{order_id}", { params: { path: { order_id } } }));
}

async function main(address: string): Promise<void> {
  const merchant = await signedIn(address, "admin@tradepost.example");
  const buyer = await signedIn(address, "buyer@acme.example");
  const sku = `BOLT-${randomUUID().slice(0, 8).toUpperCase()}`;
  await importBolts(merchant, sku);
  const found = await waitFor(
    async () => accepted(await buyer.GET("/api/v1/search", { params: { query: { q: sku } } })),
    (page) => page.items.some((each) => each.sku === sku),
  );
  console.log(`imported and found: ${found.items[0]?.name}, ${found.items[0]?.unit_price.amount} pence`);

  const short = await refusalOf(buyer, sku, STOCK + 1);
  assert.deepEqual([short.status, short.type], [409, "/problems/out-of-stock"]);
  const unknown = await refusalOf(buyer, "NO-SUCH-BOLT", 1);
  assert.deepEqual([unknown.status, unknown.errors?.[0]?.pointer], [422, "/line_items/0/sku"]);
  console.log(`refused: ${short.title} / ${unknown.errors?.[0]?.detail}`);

  const order = accepted(await orderBolts(buyer, sku, 120));
  const path = { order_id: order.id };
  accepted(
    await merchant.POST("/api/v1/orders/{order_id}/shipments", {
      params: { path, header: { "Idempotency-Key": randomUUID() } },
      body: {},
    }),
  );
  const captured = await waitFor(
    () => readOrder(buyer, order.id),
    (each) => each.captured_total.amount === each.total.amount,
  );
  console.log(`shipped and captured: ${captured.number}, ${captured.captured_total.amount} pence`);

  const [line] = captured.line_items;
  assert(line);
  accepted(
    await merchant.POST("/api/v1/orders/{order_id}/returns", {
      params: { path, header: { "Idempotency-Key": randomUUID() } },
      body: { line_items: [{ line_id: line.line_id, quantity: 1 }] },
    }),
  );
  const refunded = await waitFor(
    () => readOrder(buyer, order.id),
    (each) => each.refunded_total.amount > 0,
  );
  const returned = refunded.returns[0]?.line_items[0]?.quantity;
  console.log(`returned and refunded: ${returned}, ${refunded.refunded_total.amount} pence`);
}

const [address] = process.argv.slice(2);
assert(address, "Name the gateway, for example http://127.0.0.1:8080");
await main(address);
