/**
 * How `sluice` ends, for scripts that read nothing but the exit code. The numbers are a promise: docs/cli.md lists them
 * and a test compares.
 */
export const exitCodes = {
  ok: 0,
  error: 1,
  rolledBack: 2,
  refused: 3,
  failed: 4,
  needsPerson: 5,
  unreachable: 6,
  stoppedEarly: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: Record<ExitCode, string> = {
  0: 'Done: promoted, restored, nothing to do, or the command did what it was asked.',
  1: 'The command was typed wrong, or something unexpected happened.',
  2: 'Rolled back: the canary was withdrawn and the stable version has all traffic.',
  3: 'Refused: Sluice said no, and nothing was changed.',
  4: 'Failed before any traffic was shifted.',
  5: 'Needs a person: the alias drifted, the rollback was refused, or the target is gone.',
  6: 'Sluice cannot be reached, or there is no key to reach it with.',
  7: 'Stopped early: cancelled, or superseded by a newer deployment.',
  130: 'Interrupted with Ctrl-C; a deployment that was being watched goes on.',
};
