/**
 * The form of a JSON value without its content: which members with which kinds of values. Two answers of the same form
 * give the same text, whatever they say. A list is the set of the forms of its entries, so its length does not matter.
 */
export function shapeOf(value: unknown, depth = 0): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    if (depth >= DEEPEST) return '[…]';
    return `[${[...new Set(value.map((entry) => shapeOf(entry, depth + 1)))].sort().join('|')}]`;
  }
  if (typeof value !== 'object') return typeof value;
  if (depth >= DEEPEST) return '{…}';
  const members = Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${shapeOf(member, depth + 1)}`)
    .sort();
  return `{${members.join(',')}}`;
}

/** Deeper than any answer a person designed; what lies below is not compared. */
const DEEPEST = 12;
