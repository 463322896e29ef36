import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Every room of the house that holds code. */
const rooms = ['apps', 'libs'].flatMap((floor) =>
  readdirSync(floor, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(`${floor}/${entry.name}`).length > 0)
    .map((entry) => `${floor}/${entry.name}`),
);

test('nest-cli.json names every room, at the place where it is', () => {
  const { projects } = JSON.parse(readFileSync('nest-cli.json', 'utf8')) as {
    projects: Record<string, { root: string; entryFile: string }>;
  };
  const named = Object.values(projects).map(({ root }) => root);
  // The dashboard is built by Vite, not by Nest.
  expect(rooms.filter((room) => room !== 'apps/dashboard' && !named.includes(room))).toEqual([]);
  const missing = Object.values(projects).filter(({ root, entryFile }) => !existsSync(`${root}/${entryFile}.ts`));
  expect(missing.map(({ root }) => root)).toEqual([]);
});

test('every room has a rule about what it may import', () => {
  const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
    forbidden: { name: string }[];
  };
  const ruled = forbidden.map(({ name }) => name);
  expect(rooms.filter((room) => !ruled.includes(`imports-of-${room.replace('/', '-')}`))).toEqual([]);
});

test('no script of package.json hides in a pre or a post, which npm skips where ignore-scripts is set', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const hidden = Object.keys(scripts).filter((name) => /^(pre|post)/.test(name));
  expect(hidden).toEqual([]);
});

test('the scripts that package.json names exist', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const files = Object.values(scripts).flatMap((line) => line.match(/scripts\/[\w-]+\.mjs/g) ?? []);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});
