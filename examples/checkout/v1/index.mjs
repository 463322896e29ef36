/** Checkout 1: adds up the cart and takes the money. */
export async function handler(order) {
  const items = order?.items ?? [];
  const subtotalCents = items.reduce((sum, item) => sum + item.priceCents * (item.quantity ?? 1), 0);
  const payment = await charge(subtotalCents);
  return { orderId: order?.orderId, totalCents: subtotalCents, paymentId: payment.id, release: 'v1' };
}

/** The payment provider answers after 20 to 60 milliseconds, and about one call in five hundred fails. */
async function charge(amountCents) {
  await new Promise((done) => setTimeout(done, 20 + Math.random() * 40));
  if (Math.random() < 0.002) throw new Error('Payment provider unavailable');
  return { id: `pay_${Math.random().toString(36).slice(2, 10)}`, amountCents };
}
