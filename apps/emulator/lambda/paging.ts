import { invalidParameter } from './errors.js';

/** The page size when a caller names none. */
const DEFAULT_PAGE = 50;

interface Page<T> {
  items: T[];
  nextMarker: string | undefined;
}

/**
 * One page of a list that is ordered by `key`. The marker holds the last key shown, so that entries that come or go
 * between two pages never shift the others.
 */
export function pageOf<T>(
  all: T[],
  key: (item: T) => string,
  paging: { Marker?: string; MaxItems?: number },
  defaultSize = DEFAULT_PAGE,
): Page<T> {
  const size = Math.min(paging.MaxItems ?? defaultSize, defaultSize);
  const start = paging.Marker ? startAfter(all.map(key), lastKey(paging.Marker)) : 0;
  const items = all.slice(start, start + size);
  const last = items[items.length - 1];
  const more = last !== undefined && start + size < all.length;
  return { items, nextMarker: more ? Buffer.from(JSON.stringify([key(last)])).toString('base64') : undefined };
}

/** The index after `last`; when that entry has gone meanwhile, that of the first one that sorts behind it. */
function startAfter(keys: string[], last: string): number {
  const index = keys.indexOf(last);
  if (index >= 0) return index + 1;
  const next = keys.findIndex((key) => order.compare(key, last) > 0);
  return next < 0 ? keys.length : next;
}

/** Names in alphabetical order and numbers by size, as the lists themselves are ordered. */
const order = new Intl.Collator('en', { numeric: true });

function lastKey(marker: string): string {
  try {
    const [key] = JSON.parse(Buffer.from(marker, 'base64').toString()) as [string];
    return key;
  } catch {
    throw invalidParameter('Invalid marker value in ListRequest');
  }
}

/** `{ [name]: items }`, and the marker of the next page when there is one. */
export function pageAnswer(name: string, items: unknown[], nextMarker: string | undefined) {
  return nextMarker === undefined ? { [name]: items } : { [name]: items, NextMarker: nextMarker };
}
