import { invalidParameter } from './errors.js';

/** Comparison operators that an event pattern may use in place of a plain value. */
const OPERATORS = new Set([
  'prefix',
  'suffix',
  'anything-but',
  'numeric',
  'exists',
  'equals-ignore-case',
  'cidr',
  'wildcard',
]);

/** Refuses a filter whose pattern is not an event pattern: an object whose leaves are non-empty lists of alternatives. */
export function checkFilters(filters: { Pattern?: string }[]): void {
  for (const { Pattern } of filters) {
    if (Pattern === undefined) continue;
    let parsed: unknown;
    try {
      parsed = JSON.parse(Pattern);
    } catch {
      parsed = undefined;
    }
    if (!isPattern(parsed)) throw invalidParameter('Invalid filter pattern definition.');
  }
}

function isPattern(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.entries(value).every(([key, member]) => {
    if (key === '$or') return Array.isArray(member) && member.length > 1 && member.every(isPattern);
    if (Array.isArray(member)) return member.length > 0 && member.every(isAlternative);
    return isPattern(member);
  });
}

function isAlternative(value: unknown): boolean {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (Array.isArray(value) || typeof value !== 'object') return false;
  const keys = Object.keys(value);
  return keys.length === 1 && OPERATORS.has(keys[0] ?? '');
}
