import type { FindingView } from '#contracts';

/** So many of a kind are told one by one; the rest is a number. */
export const NAMED = 10;

export const ok = (name: string, sentence: string): FindingView => ({ name, state: 'ok', sentence });

/** How a list is told when it is longer than anybody reads. */
interface Telling<T> {
  /** What the line about the rest is called, and the one about an empty list. */
  readonly name: string;
  /** What is well when the list is empty; absent: nothing is said of that. */
  readonly none?: string;
  readonly tell: (one: T) => FindingView;
  /** What the ones that are not named are, in words that fit before any number. */
  readonly more: string;
  /** Where looking stopped: a list of this length may be longer in truth. Absent: the list is whole. */
  readonly lookedAt?: number;
}

/** The first few one by one, then how many there are beside them; that line is as grave as the gravest of the list. */
export function firstFew<T>(list: readonly T[], { name, none, tell, more, lookedAt }: Telling<T>): FindingView[] {
  if (list.length === 0) return none === undefined ? [] : [ok(name, none)];
  const findings = list.map(tell);
  const rest = findings.length - NAMED;
  if (rest <= 0) return findings;
  const isCut = lookedAt !== undefined && list.length >= lookedAt;
  const state = findings.some((finding) => finding.state === 'bad') ? 'bad' : 'warning';
  return [
    ...findings.slice(0, NAMED),
    {
      name,
      state,
      sentence: `${more}: ${isCut ? `at least ${rest}` : rest} more.`,
      why: `Only ${NAMED} of a kind are told one by one; the rest stands as those above do.`,
      remedy: 'Mend what they have in common, or these first, and look again.',
    },
  ];
}
