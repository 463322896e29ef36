/** Checkout 2: like 1, and knows voucher codes. */
const VOUCHERS = { WELCOME10: 0.1, SUMMER20: 0.2 };

export async function handler(order) {
  const items = order?.items ?? [];
  const subtotalCents = items.reduce((sum, item) => sum + item.priceCents * (item.quantity ?? 1), 0);
  const discountCents = Math.round(subtotalCents * (VOUCHERS[order?.voucher] ?? 0));
  const payment = await charge(subtotalCents - discountCents);
  return {
    orderId: order?.orderId,
    discountCents,
    totalCents: subtotalCents - discountCents,
    paymentId: payment.id,
    release: 'v2',
  };
}

/** The payment provider answers after 20 to 60 milliseconds, and about one call in five hundred fails. */
async function charge(amountCents) {
  await new Promise((done) => setTimeout(done, 20 + Math.random() * 40));
  if (Math.random() < 0.002) throw new Error('Payment provider unavailable');
  return { id: `pay_${Math.random().toString(36).slice(2, 10)}`, amountCents };
}
