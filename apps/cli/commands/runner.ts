import type { Command } from 'commander';
import type { Session } from '../connection/session.js';
import type { ExitCode } from '../exit-codes.js';

/** What a command does once its arguments are read; the answer is the exit code. */
export type Work = (session: Session) => Promise<ExitCode>;

/** Gives the work a session, and keeps its exit code. One per run of the program. */
export interface Runner {
  run(command: Command, work: Work): Promise<void>;
}
