/** Checkout 4: like 2, and recommends another article with every order, which makes everybody wait for it. */
const VOUCHERS = { WELCOME10: 0.1, SUMMER20: 0.2 };

export async function handler(order) {
  const items = order?.items ?? [];
  const subtotalCents = items.reduce((sum, item) => sum + item.priceCents * (item.quantity ?? 1), 0);
  const discountCents = Math.round(subtotalCents * (VOUCHERS[order?.voucher] ?? 0));
  const recommended = await recommend(items);
  const payment = await charge(subtotalCents - discountCents);
  return {
    orderId: order?.orderId,
    discountCents,
    totalCents: subtotalCents - discountCents,
    paymentId: payment.id,
    recommended,
    release: 'v4',
  };
}

/** Nothing fails here; it only takes 300 to 500 milliseconds, every time. */
async function recommend(items) {
  await new Promise((done) => setTimeout(done, 300 + Math.random() * 200));
  return items[0]?.sku === 'mug' ? 'coaster' : 'mug';
}

/** The payment provider answers after 20 to 60 milliseconds, and about one call in five hundred fails. */
async function charge(amountCents) {
  await new Promise((done) => setTimeout(done, 20 + Math.random() * 40));
  if (Math.random() < 0.002) throw new Error('Payment provider unavailable');
  return { id: `pay_${Math.random().toString(36).slice(2, 10)}`, amountCents };
}
