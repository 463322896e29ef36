import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCodeMeanings } from './exit-codes.js';
import { createProgram } from './program.js';

const page = readFileSync('docs/cli.md', 'utf8');
const program = createProgram({ run: async () => undefined });
const visible = program.commands.filter((command) => command.name() !== 'help');
const examples = [...page.matchAll(/```\n([\s\S]*?)```/g)].map((match) => match[1]).join('\n');

test.each(visible.map((command) => command.name()))('docs/cli.md explains "%s" and shows an example', (name) => {
  expect(page).toMatch(new RegExp(`\`sluice ${name}[ \`]`));
  expect(examples).toMatch(new RegExp(`sluice ${name}\\b`));
});

test('docs/cli.md names every option of every command', () => {
  const options = (command: Command): string[] => [
    ...command.options.map((option) => option.long ?? ''),
    ...command.commands.flatMap(options),
  ];
  expect(options(program).filter((option) => !page.includes(option))).toEqual([]);
});

test('docs/cli.md lists every exit code with its meaning', () => {
  const rows = Object.entries(exitCodeMeanings).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});

test('every example is a command line the program understands', async () => {
  for (const [line] of examples.matchAll(/^(npx )?sluice .+$/gm)) {
    const args = line
      .replace(/^(npx )?sluice /, '')
      .replace(/ (#|\|).*$/, '')
      .match(/"[^"]*"|\S+/g);
    const understanding = createProgram({ run: async () => undefined }).exitOverride();
    const everyone = (command: Command): Command[] => [command, ...command.commands.flatMap(everyone)];
    for (const command of everyone(understanding)) command.exitOverride();
    await understanding.parseAsync(
      [...(args ?? [])].map((arg) => arg.replaceAll('"', '')),
      { from: 'user' },
    );
  }
  expect.assertions(0);
});
