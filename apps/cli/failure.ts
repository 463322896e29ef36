import { type ExitCode, exitCodes } from './exit-codes.js';

/** The command cannot go on: what was wrong and what to do about it. Shown without a stack trace. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly remedy: string | undefined,
    readonly exitCode: ExitCode = exitCodes.error,
    /** A stable code for scripts, where there is one. */
    readonly code = 'cli_error',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Something was typed that cannot be understood. */
export function usage(message: string, remedy?: string): Failure {
  return new Failure(message, remedy, exitCodes.error, 'usage');
}
