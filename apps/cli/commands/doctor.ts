import type { Command } from 'commander';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { diagnose } from '../look/diagnose.js';
import { type Finding, findingLines } from '../render/findings.js';
import type { Runner } from './runner.js';

export function addDoctor(program: Command, runner: Runner): void {
  program
    .command('doctor')
    .summary('check that everything works, and what to do where it does not')
    .description(
      'Checks that Sluice can be reached, that the key is good, that the database and the queue work, and that nothing is overdue or waits for a person. Each finding comes with what to do.',
    )
    .action((_options: object, command: Command) => runner.run(command, examine));
}

async function examine(session: Session): Promise<ExitCode> {
  const findings = await diagnose(session);
  if (session.json) printJson(session.screen, { findings });
  else printLines(session.screen, findingLines(session.style, findings));
  return worst(findings);
}

function worst(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ code }) => code === 'unreachable' || code === 'no_key')) return exitCodes.unreachable;
  return findings.some(({ ok }) => !ok) ? exitCodes.error : exitCodes.ok;
}
