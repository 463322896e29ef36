import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeploymentPolicy, readPolicy } from './read-policy.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const YAML = `
# How checkout is rolled out
strategy: adaptive
analysis:
  profile: careful
  bake: { bakeMs: 600000 }
policy: supersede
`;
const MEANT = {
  strategy: 'adaptive',
  analysis: { profile: 'careful', bake: { bakeMs: 600_000 } },
  policy: 'supersede',
};

test('JSON and YAML say the same', async () => {
  expect(await readPolicy({ policy: file('a.yaml', YAML) }, folder)).toEqual(MEANT);
  expect(await readPolicy({ policy: file('a.json', JSON.stringify(MEANT)) }, folder)).toEqual(MEANT);
});

test('--when-busy lies over the file, and the three words still stand behind --policy', async () => {
  expect(await readPolicy({ policy: file('b.yml', YAML), whenBusy: 'refuse' }, folder)).toMatchObject({
    strategy: 'adaptive',
    policy: 'refuse',
  });
  expect(await readPolicy({ policy: 'supersede' }, folder)).toEqual({ policy: 'supersede' });
  expect(await readPolicy({}, folder)).toEqual({});
});

const wrong: [string, string, RegExp][] = [
  ['a member nobody knows', 'strategi: adaptive', /cannot be used:\n {2}strategi: there is no such member/],
  [
    'a member of the judge at the top',
    'profile: careful',
    /profile: there is no such member; it belongs under "analysis"/,
  ],
  ['a value out of range, with its place', 'analysis:\n  falseRollbackOdds: 2', /analysis\.falseRollbackOdds: /],
  ['a misspelt member of a group', 'analysis:\n  bake:\n    bakeMS: 1', /analysis\.bake\.bakeMS: there is no such/],
  ['text that is no YAML, with line and column', 'analysis: [1, 2', /is not YAML: .* at line 1, column/],
  ['a member that stands twice', 'strategy: a\nstrategy: b', /is not YAML: .*unique.* at line 2/],
  ['a list', '- 1', /does not hold an object/],
  [
    'a laughing bomb',
    'a: &a [1]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]',
    /cannot be used|can be used/,
  ],
];
test.each(wrong)('%s is refused with what is wrong and where', async (_name, text, message) => {
  await expect(readPolicy({ policy: file('wrong.yaml', text) }, folder)).rejects.toThrow(message);
});

test('a file that is not there, no JSON, and a word that is neither file nor policy', async () => {
  await expect(readPolicy({ policy: './none.json' }, folder)).rejects.toThrow(/cannot be read \(ENOENT\)/);
  await expect(readPolicy({ policy: file('c.json', '{') }, folder)).rejects.toThrow(/is not JSON/);
  await expect(readPolicy({ policy: 'later' }, folder)).rejects.toThrow(/neither a file nor one of queue/);
});

test('what belongs to the target is refused for one deployment, not left out in silence', async () => {
  const policy = file('d.yaml', 'alarms: [checkout-errors]\nmetrics: { source: logs }');
  expect(await readPolicy({ policy }, folder)).toMatchObject({ alarms: ['checkout-errors'] });
  await expect(readDeploymentPolicy({ policy }, folder)).rejects.toThrow(/metrics and alarms in d\.yaml: .*the target/);
});
