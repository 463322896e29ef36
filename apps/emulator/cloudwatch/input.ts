import { parseTime } from '../clock.js';

/**
 * Readers for the members of a request, whichever protocol carried it: CBOR brings dates and numbers, JSON epoch
 * seconds, the query protocol text.
 */
export type Input = Record<string, unknown>;

export const text = (value: unknown): string | undefined => (value == null ? undefined : String(value));

export const number = (value: unknown): number | undefined =>
  value == null || value === '' ? undefined : Number(value);

export const flag = (value: unknown): boolean | undefined =>
  value == null ? undefined : value === true || value === 'true';

export const list = (value: unknown): Input[] => (Array.isArray(value) ? (value as Input[]) : []);

export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export const record = (value: unknown): Input => (value !== null && typeof value === 'object' ? (value as Input) : {});

/** A moment in milliseconds since the epoch, or undefined. */
export function moment(value: unknown): number | undefined {
  if (value == null) return undefined;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return value * 1000;
  if (typeof value === 'object' && 'value' in value) return moment((value as { value: unknown }).value);
  const written = String(value);
  return /^\d+(\.\d+)?$/.test(written) ? Number(written) * 1000 : parseTime(written);
}

export function dimensionsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(list(value).map((one) => [String(one['Name']), String(one['Value'])]));
}

export const dimensionList = (dimensions: Record<string, string>) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
