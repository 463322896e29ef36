import { type ErrorCode, type Route, type RouteName, routes } from '#contracts';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';
import { inParallel } from '../../worker/sweep.js';

/**
 * One value of an otherwise good request is replaced by one that a careless or hostile client may send, each in turn.
 * Whatever it is, the answer is one that the contract knows, it is never the server's failure, and what was accepted
 * can be read again.
 */
const hostile: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  'x'.repeat(70_000),
  'with\u0000nul',
  'half a pair \ud83d',
  'the other half \ude00',
  '\u202eright to left',
  '../../etc/passwd',
  "'; DROP TABLE deployments; --",
  '__proto__',
  'constructor',
  '{{constructor}}',
  0,
  -1,
  0.5,
  1e-320,
  2 ** 31,
  2 ** 53,
  1e308,
  [],
  [null],
  {},
  { __proto__x: 1, constructor: { prototype: {} } },
  nested(600),
  nested(3_000),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}

const NOBODY = '00000000-0000-4000-8000-000000000000';
const queries = { invocations: 'a{{version}}', errors: 'b', durations: { count: 'c', above: 'd', quantileMs: 'e' } };
const analysis = {
  profile: 'careful',
  missOdds: 0.1,
  rollbackNull: { ratio: 2, offset: 0.1 },
  minimumWatchMs: 1000,
  shares: { errors: 0.5, latency: [0.5] },
  latency: [{ quantile: 0.95, minimumExcess: 0.1, margin: 0.5 }],
  ramp: { growthCap: 2, minimumWeightPercent: 1 },
};
const steps = { type: 'steps', steps: [{ weight: 10, bake: '5m', gates: ['analysis', 'approval'] }] };
const deadlines = { prepareSeconds: 60, analysisSeconds: 60, personSeconds: 60 };
const s3 = { bucket: 'some-bucket', key: 'a/b.zip', versionId: 'v1', sha256: 'a'.repeat(64) };
const configuration = {
  handler: 'index.handler',
  description: 'A description',
  memorySize: 256,
  timeoutSeconds: 3,
  environment: { STAGE: 'live', OLD: null },
  layers: ['arn:aws:lambda:us-east-1:000000000000:layer:one:1'],
  deadLetterArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
};
const deployment = {
  target: 'checkout',
  configuration,
  strategy: steps,
  deadlines,
  onInconclusive: 'hold',
  analysis,
  policy: 'queue',
  probes: { payloads: [{ order: { id: 7 } }, 'text'], compare: 'shape', timeoutSeconds: 5 },
  despiteAlarms: true,
  message: 'Because.',
  commit: 'abcdef0',
};
const metrics = { source: 'prometheus', url: 'https://prometheus.example', queries, periodSeconds: 10 };
const settings = { strategy: steps, deadlines, analysis, metrics, alarms: ['errors'], probes: { safe: true } };

let aliases = 0;
/** Its own alias each time: two targets never share one. */
const createTarget = () => {
  const name = `target-${++aliases}`;
  return { ...checkout, name, aliasName: name, ...settings, policy: 'refuse', alarmsAtStart: 'hold' };
};

/** A good body of every route that takes one and needs no worker for its answer. */
const good: readonly (readonly [RouteName, body: object | (() => object)])[] = [
  ['createDeployment', deployment],
  ['createDeployment', { target: 'checkout', artifact: { s3 } }],
  ['createDeployment', { target: 'checkout', artifact: { sha256: 'b'.repeat(64) } }],
  ['createArtifact', { s3 }],
  ['createArtifact', { imageUri: '000000000000.dkr.ecr.us-east-1.amazonaws.com/one:tag' }],
  ['createTarget', createTarget],
  ['updateTarget', { ...settings, policy: 'supersede', reset: ['deadlines'] }],
  ['rollback', { toVersion: '1', message: 'Back.' }],
  ['rollback', { toDeployment: NOBODY }],
  ['settle', { toVersion: '1', message: 'There.' }],
  ['promote', { sequence: 3, step: true }],
  ['approve', { sequence: 3 }],
  ['pause', { message: 'Wait.' }],
  ['restore', { message: 'Back.' }],
  [
    'alarmEvent',
    {
      id: 'e1',
      'detail-type': 'CloudWatch Alarm State Change',
      account: '000000000000',
      region: 'us-east-1',
      detail: { alarmName: 'errors', state: { value: 'ALARM', timestamp: '2026-01-01T00:00:00.000+0000' } },
    },
  ],
];

const AT_ONCE = 16;

let api: TestApi;
let baking: string;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget({ ...checkout, probes: { safe: true } });
  await api.client.createTarget({ ...checkout, name: 'moving', aliasName: 'moving' });
  baking = (await api.client.createDeployment({ target: 'moving', configuration: { memorySize: 256 } })).id;
  await api.tell(baking, ...factsUntilBaking());
});
afterAll(() => api.close());

test.each(good)(
  '%s %#: whatever is in the place of one value, the answer is one of the contract',
  async (name, body) => {
    const tries = [...replacements(typeof body === 'function' ? (body as () => object) : () => body)];
    const wrong: string[] = [];
    await inParallel(tries, AT_ONCE, async ([where, changed]) => {
      const init = { body: JSON.stringify(changed) };
      wrong.push(...(await problems(`${where} of ${name}`, routes[name], pathOf(routes[name]), init)));
    });
    expect(tries.length).toBeGreaterThan(hostile.length);
    expect(wrong).toEqual([]);
    await everythingCanBeRead();
  },
);

/** Strings and numbers, as they may stand in an address. */
const texts = [...hostile.filter((value) => typeof value === 'string' || typeof value === 'number'), '%', '\r\nX: y'];
const read = (Object.keys(routes) as RouteName[]).filter((name) => routes[name].method === 'GET');

test.each(read)('%s: whatever stands in its address, the answer is one of the contract', async (name) => {
  const route: Route = routes[name];
  const places = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, param]) => param as string);
  const asked = Object.keys(route.query?.shape ?? {});
  const tries = texts.flatMap((value) => {
    const text = escaped(String(value).slice(0, 4_000));
    return [
      ...places.map((place) => pathOf({ path: route.path.replace(`{${place}}`, text) })),
      ...asked.flatMap((query) => [`${pathOf(route)}?${query}=${text}`, `${pathOf(route)}?${text}=1`]),
    ];
  });
  const wrong: string[] = [];
  await inParallel(tries, AT_ONCE, async (path) => {
    wrong.push(...(await problems(path.slice(0, 200), route, path)));
  });
  expect(wrong).toEqual([]);
});

/** What a refusal may say besides what its route lists. */
const everywhere: readonly ErrorCode[] = ['request_invalid', 'body_too_large', 'not_found'];

/** What is wrong with the answer; nothing, when all is well. */
async function problems(what: string, route: Route, path: string, init: RequestInit = {}): Promise<string[]> {
  const answer = await api.request(path, { method: route.method, ...init });
  const text = await answer.text();
  if (answer.status === route.status) return [];
  const told = `${what}: ${answer.status} ${text.slice(0, 300)}`;
  if (answer.status >= 500) return [told];
  const { code, detail } = JSON.parse(text) as { code: ErrorCode; detail?: string };
  return [...route.errors, ...everywhere].includes(code) && detail ? [] : [told];
}

const pathOf = ({ path }: Pick<Route, 'path'>) => path.replace('{id}', baking).replace('{target}', 'checkout');

/** As bytes, so that half of a surrogate pair gets through as well. */
const escaped = (text: string) =>
  [...Buffer.from(text, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** What was accepted hides nothing of all the rest. */
async function everythingCanBeRead(): Promise<void> {
  for (const path of ['/v1/deployments?limit=100', '/v1/targets?limit=100', '/v1/targets/checkout', '/v1/doctor']) {
    expect([path, (await api.call('GET', path)).status]).toEqual([path, 200]);
  }
}

/** Every place of a body, each with every hostile value, and an extra member in every object. */
function* replacements(make: () => object): Generator<[string, unknown]> {
  yield ['nothing', make()];
  for (const path of placesOf(make())) {
    for (const value of hostile) yield [`${path.join('.')} = ${shown(value)}`, replaced(make(), path, value)];
  }
}

function* placesOf(value: unknown, path: string[] = []): Generator<string[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) yield* placesOf(member, [...path, key]);
}

function replaced(whole: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  const copy = (Array.isArray(whole) ? [...whole] : { ...(whole as object) }) as Record<string, unknown>;
  copy[first] = replaced(copy[first], rest, value);
  return copy;
}

const shown = (value: unknown) => JSON.stringify(value).slice(0, 60);
