/**
 * The escapes that `JSON.stringify` writes for what Postgres takes in no text: NUL, and halves of surrogate pairs. Text
 * that somebody wrote in full has neither; text that was cut off by its length may well.
 */
const REFUSED = /\\u(?:0000|d[89a-f])/i;
const NUL_OR_HALF = /\u0000|\p{Surrogate}/gu;
const REPLACEMENT = '\ufffd';

/** The same with U+FFFD in the place of each such character, in members' names too; the very same when there is none. */
export function storable<T>(value: T): T {
  const text = JSON.stringify(value);
  if (text === undefined || !REFUSED.test(text)) return value;
  return cleaned(value) as T;
}

/** Members that are undefined stay so: JSON would drop them, and some of them mean something. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storableText(key), cleaned(member)]));
}

/** For a column of text. */
export function storableText(text: string): string {
  return text.replaceAll(NUL_OR_HALF, REPLACEMENT);
}

/** Whether Postgres takes it as it is. */
export function isStorableText(text: string): boolean {
  return storableText(text) === text;
}
