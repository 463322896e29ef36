import type { Command } from 'commander';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { examine, type Finding } from '../doctor/checks.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { fold, type Ink, ink, type Style } from '../render/style.js';
import type { Runner } from './runner.js';

export function addDoctor(program: Command, runner: Runner): void {
  program
    .command('doctor')
    .summary('check that Sluice can be reached and works; every finding with its reason and remedy')
    .description(
      'Checks the address and the key, then asks Sluice about its workers, overdue and held deployments, evidence, AWS, queue, clocks and schema.',
    )
    .action((_options: object, command: Command) => runner.run(command, diagnose));
}

async function diagnose(session: Session): Promise<ExitCode> {
  const findings = await examine(session);
  const isWell = findings.every((finding) => finding.state !== 'bad');
  if (session.json) printJson(session.screen, { ok: isWell, findings });
  else
    printLines(
      session.screen,
      findings.flatMap((finding) => findingLines(session.style, finding)),
    );
  if (isWell) return exitCodes.ok;
  const isCutOff = findings.some(({ name, state }) => state === 'bad' && (name === 'api' || name === 'key'));
  return isCutOff ? exitCodes.unreachable : exitCodes.error;
}

const marks: Record<Finding['state'], readonly [mark: string, colour: Ink]> = {
  ok: ['ok', 'green'],
  warning: ['warn', 'yellow'],
  bad: ['BAD', 'red'],
};

export function findingLines(style: Style, { name, state, sentence, why, remedy }: Finding): string[] {
  const [mark, colour] = marks[state];
  const line = `${ink(style, colour, mark.padEnd(4))}  ${name}: ${fold(style, sentence)}`;
  const more = (text: string | undefined, lead: string) => (text ? [`      ${lead} ${fold(style, text)}`] : []);
  return [line, ...more(why, 'why:'), ...more(remedy, '->')];
}
