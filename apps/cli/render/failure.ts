import { Failure } from '../failure.js';
import { fold, ink, type Style, wrap } from './style.js';

/** What was wrong, where, and what to do. */
export function failureLines(style: Style, failure: Failure): string[] {
  const lines = [`${ink(style, 'red', 'sluice:')} ${fold(style, failure.message)}`];
  if (failure.remedy) {
    for (const line of wrap(fold(style, failure.remedy), style.columns && style.columns - 2)) lines.push(`  ${line}`);
  }
  return lines;
}

export function failureJson(failure: Failure): object {
  return {
    error: { code: failure.code, message: failure.message, remedy: failure.remedy ?? null, exitCode: failure.exitCode },
  };
}

/** Anything thrown that nobody expected, as a failure without its stack. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(
    `Something unexpected happened: ${message}`,
    'Run the command again with --debug to see where.',
    1,
    'unexpected',
    {
      cause: error,
    },
  );
}
