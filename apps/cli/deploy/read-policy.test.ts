import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../targets/read-settings.js';
import { readDeploymentPolicy, readPolicy } from './read-policy.js';
import { readProbes } from './read-probes.js';

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
  ['a number of payloads beyond its bounds', 'probes: { fromLog: 101 }', /probes\.fromLog: /],
  ['a misspelt member of the probes', 'probes: { slowerThen: 2 }', /probes\.slowerThen: there is no such member/],
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

test('how probes are judged comes from the file, and options lie over it', async () => {
  const policy = file('p.yaml', 'probes: { fromLog: 7, compare: shape, slowerThan: 2, onInconclusive: continue }');
  const { probes } = await readDeploymentPolicy({ policy }, folder);
  expect(await readProbes({}, folder, probes)).toEqual({ ...probes });
  expect(await readProbes({ probesFromLog: true, probesSlowerThan: '3' }, folder, probes)).toMatchObject({
    fromLog: 20,
    compare: 'shape',
    slowerThan: 3,
  });
  const given = await readProbes({ probes: file('p.jsonl', '1\n2') }, folder, probes);
  expect(given).toEqual({ payloads: [1, 2], compare: 'shape', slowerThan: 2, onInconclusive: 'continue' });
  expect(await readProbes({}, folder, { compare: 'shape' })).toBeUndefined();
});

test('members of probes stand where they belong: at the target, or at a deployment', async () => {
  const ofTarget = file('q.yaml', 'probes: { safe: true, recordFromLog: true }');
  expect(await readSettings({ policy: ofTarget }, folder)).toEqual({ probes: { safe: true, recordFromLog: true } });
  await expect(readDeploymentPolicy({ policy: ofTarget }, folder)).rejects.toThrow(
    /probes\.safe and probes\.recordFromLog in q\.yaml: .*the target/,
  );
  await expect(readSettings({ policy: file('r.yaml', 'probes: { slowerThan: 2 }') }, folder)).rejects.toThrow(
    /probes\.slowerThan in r\.yaml: that belongs to a deployment/,
  );
});

test.each([
  [{ probes: 'a', probesFromLog: true }, /--probes and --probes-from-log: one of them/],
  [{ probesFromLog: '0' }, /0 is not a number of payloads from 1 to 100/],
  [{ probesIndependent: true }, /There are no probes to judge/],
] as const)('%j is refused', async (options, message) => {
  await expect(readProbes(options, folder)).rejects.toThrow(message);
});

test('what belongs to the target is refused for one deployment, not left out in silence', async () => {
  const policy = file('d.yaml', 'alarms: [checkout-errors]\nmetrics: { source: logs }');
  expect(await readPolicy({ policy }, folder)).toMatchObject({ alarms: ['checkout-errors'] });
  await expect(readDeploymentPolicy({ policy }, folder)).rejects.toThrow(/metrics and alarms in d\.yaml: .*the target/);
});
