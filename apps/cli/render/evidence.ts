import { count, rate } from './words.js';

interface Counts {
  readonly invocations: number;
  readonly errors: number;
}

/** Both versions' counts in one line; `undefined` when the judge gave other numbers or none. */
export function evidenceWords(numbers: Readonly<Record<string, unknown>>): string | undefined {
  const stable = readCounts(numbers['stable']);
  const canary = readCounts(numbers['canary']);
  if (!stable || !canary) return undefined;
  // Metrics come later than requests: of a version under traffic "not invoked" would be wrong.
  if (stable.invocations + canary.invocations === 0) return 'no metrics of this step yet';
  return `canary ${countWords(canary)}; stable ${countWords(stable)}`;
}

function countWords({ invocations, errors }: Counts): string {
  if (invocations === 0) return 'not invoked yet';
  return `${count(errors, 'error')} in ${count(invocations, 'invocation')} (${rate(errors / invocations)})`;
}

function readCounts(value: unknown): Counts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { invocations, errors } = value as Partial<Record<keyof Counts, unknown>>;
  return typeof invocations === 'number' && typeof errors === 'number' ? { invocations, errors } : undefined;
}
