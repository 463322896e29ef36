import type { EventView } from '#contracts';
import { fold, ink, type Style, wrap } from '../render/style.js';
import { timeOfDay } from '../render/words.js';

/** Bookkeeping between two facts; a person at a terminal has no use for it. `--json` carries everything. */
const BOOKKEEPING = new Set(['ClaimTaken', 'AliasConfirmed', 'LatestSettled', 'LatestUnchanged']);

export function isWorthShowing(event: EventView): boolean {
  return !BOOKKEEPING.has(event.type);
}

const INDENT = ' '.repeat(10);

/** `12:00:07  The canary has 10 %.` with the time in UTC; long sentences go on below. */
export function eventLines(style: Style, event: Pick<EventView, 'at' | 'sentence'>): string[] {
  const [first = '', ...rest] = wrap(fold(style, event.sentence), style.columns && style.columns - INDENT.length);
  return [`${ink(style, 'dim', timeOfDay(event.at))}  ${first}`, ...rest.map((line) => `${INDENT}${line}`)];
}
