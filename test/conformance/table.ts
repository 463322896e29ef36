/**
 * The conformance suite is a table: each case names an operation, the state it starts from, and a list of calls with
 * what has to come back. It says nothing about who answers, so the same table runs against the emulator and against
 * AWS itself.
 *
 * Strings in calls and expectations may hold `{name}`: `{fn}` is the case's own function, `{role}`, `{region}`,
 * `{account}` and `{arn}` (of the function) belong to the run, `{zip:N}` is deployment package number N, and anything
 * a step kept with `keep` can be used after it.
 */
export interface Case {
  operation: string;
  /** The promise that would break. Unique within its operation. */
  title: string;
  kind: 'success' | 'refusal' | 'paging';
  /** What exists before the first step. */
  given: Given;
  steps: Step[];
  /** Only meaningful on a fresh endpoint of our own, not in somebody's account. */
  ownEndpointOnly?: boolean;
}

export type Given = 'nothing' | 'function' | 'version' | 'two versions' | 'alias' | 'weighted alias';

export interface Step {
  call: string;
  input: Record<string, unknown>;
  expect: Expectation;
  /** Name → path in the answer, for later steps. */
  keep?: Record<string, string>;
  /** Call again until the expectation holds (state settles on its own). */
  until?: boolean;
}

export type Expectation =
  | { status?: number; has?: Record<string, unknown>; lacks?: string[]; differs?: Record<string, string> }
  | { refused: string; status: number; says?: string };

export const isRefusal = (expectation: Expectation): expectation is Extract<Expectation, { refused: string }> =>
  'refused' in expectation;

/** A call that has to succeed; `has` lists members of the answer by dotted path. */
export function accepts(
  call: string,
  input: Record<string, unknown>,
  has: Record<string, unknown> = {},
  more: Partial<Step> & { status?: number; lacks?: string[]; differs?: Record<string, string> } = {},
): Step {
  const { status, lacks, differs, ...rest } = more;
  return {
    call,
    input,
    expect: { has, ...(status ? { status } : {}), ...(lacks ? { lacks } : {}), ...(differs ? { differs } : {}) },
    ...rest,
  };
}

/** A call that has to be refused with this error, status and (part of) text. */
export function refuses(
  call: string,
  input: Record<string, unknown>,
  refused: string,
  status: number,
  says?: string,
): Step {
  return { call, input, expect: { refused, status, ...(says === undefined ? {} : { says }) } };
}

/** Repeats a read until it shows these members: how a caller waits for a change to settle. */
export function settles(call: string, input: Record<string, unknown>, has: Record<string, unknown>, keep = {}): Step {
  return { call, input, expect: { has }, until: true, keep };
}

/** Any value, as long as there is one. */
export const ANYTHING = '*anything*';

/** A case of one refused call. */
export function refusal(
  operation: string,
  title: string,
  given: Given,
  input: Record<string, unknown>,
  error: [code: string, status: number, says?: string],
): Case {
  return { operation, title, kind: 'refusal', given, steps: [refuses(operation, input, ...error)] };
}

/** A case of one or several calls that succeed. */
export function success(operation: string, title: string, given: Given, steps: Step[]): Case {
  return { operation, title, kind: 'success', given, steps };
}
