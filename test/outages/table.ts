import { coverageProblem, faults } from './matrix.js';
import type { Bound, Outage, QueueEngine } from './outage.js';

export type Outcome =
  | { readonly kind: 'pass'; readonly measured: Readonly<Record<string, number>> }
  | { readonly kind: 'fail'; readonly measured: Readonly<Record<string, number>>; readonly problems: readonly string[] }
  | { readonly kind: 'skipped'; readonly why: string };

export interface Result {
  readonly outage: Outage;
  readonly engine: QueueEngine;
  readonly seconds: number;
  readonly outcome: Outcome;
}

export function printResult({ outage, engine, seconds, outcome }: Result): string {
  const verdict = { pass: 'PASS', fail: 'FAIL', skipped: 'SKIPPED' }[outcome.kind];
  const head = `${outage.fault.padEnd(4)} ${verdict.padEnd(8)} ${outage.title} [${engine}] (${seconds.toFixed(1)} s)`;
  if (outcome.kind === 'skipped') return `${head}\n       ${outcome.why}`;
  const held = `       held: ${outage.mustHold.join(' ') || '-'}`;
  const bounds = Object.entries(outage.bounds).map(([name, bound]) => printBound(name, bound, outcome.measured[name]));
  const problems = outcome.kind === 'fail' ? outcome.problems.map((problem) => `       !! ${problem}`) : [];
  return [head, ...(outcome.kind === 'pass' ? [held] : []), ...bounds, ...problems].join('\n');
}

function printBound(name: string, { most, unit }: Bound, measured: number | undefined): string {
  const found = measured === undefined ? 'not measured' : `${Number(measured.toFixed(1))} ${unit}`;
  return `       ${name}: ${found} (at most ${most} ${unit})`;
}

export interface Summary {
  readonly text: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The whole matrix, fault by fault, with what was played of it; and the closing line. */
export function summarize(results: readonly Result[], played: readonly Outage[], wholeMatrix: boolean): Summary {
  const lines: string[] = [];
  let absent = 0;
  for (const [fault, definition] of Object.entries(faults)) {
    const own = results.filter(({ outage }) => outage.fault === fault);
    for (const result of own) lines.push(printResult(result));
    if (own.length > 0 || !wholeMatrix) continue;
    const { elsewhere, title } = definition;
    const problem = coverageProblem(definition);
    if (problem) absent += 1;
    const here = played.some((one) => one.fault === fault);
    const state = problem
      ? `FAIL     ${problem}`
      : elsewhere && 'coveredBy' in elsewhere
        ? `COVERED  ${title} (${elsewhere.coveredBy})`
        : here
          ? `-        ${title} (not in this run)`
          : `OWED     ${title} (${elsewhere && 'owedBy' in elsewhere ? elsewhere.owedBy : 'outages'})`;
    lines.push(`${fault.padEnd(4)} ${state}`);
  }
  const count = (kind: Outcome['kind']) => results.filter(({ outcome }) => outcome.kind === kind).length;
  const [passed, failed, skipped] = [count('pass'), count('fail') + absent, count('skipped')];
  const closing = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return { text: `${lines.join('\n')}\n\n${closing}`, passed, failed, skipped };
}
