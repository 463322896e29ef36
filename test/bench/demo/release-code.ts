import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';

export type ReleaseName = 'v1' | 'v2' | 'v3-bad' | 'v4-slow';

/** One shopper's request. Its dice decide everything that is left to chance, whichever version it meets. */
export interface Order {
  readonly orderId: string;
  readonly items: readonly { readonly sku: string; readonly priceCents: number; readonly quantity: number }[];
  readonly voucher?: string;
  readonly country: string;
  readonly dice: number;
  /** Share of the requests that fail at this moment on every version alike: somebody else's outage. */
  readonly outage: number;
}

type Handler = (order: Order) => Promise<unknown>;

/** Dice of a request: mulberry32 from the number it carries. In plain JavaScript, because it is deployed. */
const DICE = `
export function diceOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
`;

/** A Lambda environment serves one request at a time, so its dice may stand where the example looks for chance. */
const WRAPPER = `${DICE}
import { handler as release } from './release.mjs';
export async function handler(order) {
  if (diceOf(order.dice ^ 0x5bd1e995)() < order.outage) throw new Error('The payment provider is down');
  Math.random = diceOf(order.dice);
  return release(order);
}
`;

function sourceOf(release: ReleaseName): string {
  return readFileSync(`examples/checkout/${release}/index.mjs`, 'utf8');
}

/** The example as it is, behind a handler that rolls each request's own dice. */
export function packRelease(release: ReleaseName): Uint8Array {
  const files = { 'index.mjs': WRAPPER, 'release.mjs': sourceOf(release) };
  const bytes = Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
  return zipSync(Object.fromEntries(bytes), { mtime: '1980-01-01' });
}

const diceOf = new Function(`${DICE.replace('export ', '')}; return diceOf;`)() as (seed: number) => () => number;

/**
 * What a version would have answered to a request: the same code with the same dice, run here without its waits. Says
 * whether it would have failed, for requests that another policy would have sent elsewhere.
 */
export function createOracle(release: ReleaseName): (order: Order) => Promise<'answered' | 'failed'> {
  const body = `${sourceOf(release).replace('export async function', 'async function')}; return handler;`;
  const load = new Function('Math', 'setTimeout', body) as (math: object, wait: (act: () => void) => void) => Handler;
  const { round, min, max, floor } = Math;
  return async (order) => {
    if (diceOf(order.dice ^ 0x5bd1e995)() < order.outage) return 'failed';
    const handler = load({ round, min, max, floor, random: diceOf(order.dice) }, (act) => act());
    return handler(order).then(
      () => 'answered',
      () => 'failed',
    );
  };
}
