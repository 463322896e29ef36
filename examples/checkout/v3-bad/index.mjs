/** Checkout 3: like 2, and asks a new tax service, which is not up to it: about 30 % of the requests fail. */
const VOUCHERS = { WELCOME10: 0.1, SUMMER20: 0.2 };

export async function handler(order) {
  const items = order?.items ?? [];
  const subtotalCents = items.reduce((sum, item) => sum + item.priceCents * (item.quantity ?? 1), 0);
  const discountCents = Math.round(subtotalCents * (VOUCHERS[order?.voucher] ?? 0));
  const tax = await askTaxService(order?.country ?? 'US', subtotalCents - discountCents);
  const payment = await charge(subtotalCents - discountCents + tax.cents);
  return {
    orderId: order?.orderId,
    discountCents,
    taxCents: tax.cents,
    totalCents: subtotalCents - discountCents + tax.cents,
    paymentId: payment.id,
    release: 'v3',
  };
}

/** Three answers in ten are empty, and nobody thought of that. */
async function askTaxService(country, amountCents) {
  await new Promise((done) => setTimeout(done, 10 + Math.random() * 20));
  const answer = Math.random() < 0.3 ? undefined : { country, rate: 0.08 };
  return { cents: Math.round(amountCents * answer.rate) };
}

/** The payment provider answers after 20 to 60 milliseconds, and about one call in five hundred fails. */
async function charge(amountCents) {
  await new Promise((done) => setTimeout(done, 20 + Math.random() * 40));
  if (Math.random() < 0.002) throw new Error('Payment provider unavailable');
  return { id: `pay_${Math.random().toString(36).slice(2, 10)}`, amountCents };
}
