import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { breaks, FakeApi, json, refusal, stream, target } from './fake-api.fixture.js';
import { run } from './run.js';
import {
  DEPLOYMENT_ID,
  deployment,
  drifted,
  event,
  keptContext,
  promoted,
  rolledBack,
  TARGET_ID,
} from './sample.fixture.js';

let api: FakeApi;
let url: string;
let folder: string;

beforeEach(async () => {
  api = new FakeApi();
  url = await api.start();
  folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
  await writeFile(join(folder, 'index.mjs'), 'export const handler = () => 1;\n');
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function sluice(args: readonly string[], changes: Parameters<typeof keptContext>[0] = {}) {
  const { context, kept } = keptContext({
    cwd: folder,
    ...changes,
    environment: { url, apiKey: 'key', ...changes.environment },
  });
  const code = await run(args, context);
  return { code, ...kept };
}

const active = target({ activeDeploymentId: DEPLOYMENT_ID });
const DEPLOYMENT = `/v1/deployments/${DEPLOYMENT_ID}`;

function watched(changes: Record<string, unknown>): void {
  const end = deployment({ ...changes, sequence: 10 });
  api
    .on('GET /v1/targets/checkout', json(active))
    .on(`GET ${DEPLOYMENT}`, json(deployment()))
    .on(
      `GET ${DEPLOYMENT}/events`,
      stream([
        { event: event(9, 'The alias now has 90 % and 10 %.'), deployment: deployment() },
        { event: event(10, 'The end.'), deployment: end },
        { end },
      ]),
    );
}

describe('deploy', () => {
  beforeEach(() => {
    api
      .on('GET /v1/targets/checkout', json(active))
      .on(
        'POST /v1/artifacts',
        json(
          {
            id: TARGET_ID,
            kind: 'zip',
            sha256: 'ab'.repeat(32),
            sizeBytes: 1,
            source: 'uploaded',
            createdAt: '2026-01-31T12:00:00.000Z',
          },
          201,
        ),
      )
      .on('POST /v1/deployments', json(deployment({ phase: 'preparing', step: null }), 202));
  });

  test('announces the digest of the bytes it uploads, and asks for the artifact it got', async () => {
    const { code } = await sluice(['deploy', 'checkout', '--dir', '.', '--strategy', 'demo']);
    expect(code).toBe(0);
    const upload = api.asked('POST /v1/artifacts')[0];
    expect(upload?.headers['content-type']).toBe('application/zip');
    expect(upload?.headers['x-content-sha256']).toBe(
      createHash('sha256')
        .update(upload?.body ?? '')
        .digest('hex'),
    );
    const request = api.asked('POST /v1/deployments')[0];
    expect(JSON.parse(String(request?.body))).toEqual({
      target: 'checkout',
      artifact: { id: TARGET_ID },
      strategy: 'demo',
    });
    expect(request?.headers.authorization).toBe('Bearer key');
  });

  test('a lost answer is asked for again under the same key, so that nothing is deployed twice', async () => {
    api.on('POST /v1/deployments', breaks, breaks, json(deployment(), 202));
    const { code } = await sluice(['deploy', 'checkout', '--env', 'AA=1']);
    expect(code).toBe(0);
    const keys = api.asked('POST /v1/deployments').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test('a misspelt target is refused before anything is uploaded', async () => {
    api.on('GET /v1/targets/chekout', refusal('target_unknown', 'There is no target "chekout".'));
    const { code, err } = await sluice(['deploy', 'chekout', '--dir', '.']);
    expect(code).toBe(3);
    expect(err).toMatch(/no target "chekout"[\s\S]*sluice targets/);
    expect(api.asked('POST /v1/artifacts')).toEqual([]);
  });

  test('a busy target is a refusal with its remedy, and no stack trace', async () => {
    api.on('POST /v1/deployments', refusal('target_busy'));
    const { code, err } = await sluice(['deploy', 'checkout', '--env', 'AA=1', '--when-busy', 'refuse']);
    expect(code).toBe(3);
    expect(err).toMatch(/busy[\s\S]*--when-busy queue/);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

describe('watch', () => {
  test.each([
    ['promoted', promoted, 0, /checkout: promoted/],
    ['rolled back', rolledBack, 2, /Rolled back to version 4: errors rose/],
    ['nothing to do', { ...promoted, result: 'nothing_to_do', headline: 'Nothing to do.' }, 0, /nothing to do/],
    ['failed', { ...rolledBack, phase: 'failed' }, 4, /failed/],
    ['cancelled', { ...rolledBack, phase: 'cancelled' }, 7, /cancelled/],
    ['target gone', { ...rolledBack, phase: 'target_gone' }, 5, /target gone/],
    ['drifted', drifted, 5, /sluice resolve checkout --accept-as-is/],
  ])('%s: the exit code and the last lines say so', async (_name, changes, code, text) => {
    watched(changes);
    const result = await sluice(['watch', 'checkout']);
    expect(result.out).toMatch(/12:00:00 {2}The alias now has 90 % and 10 %\./);
    expect(result.out).toMatch(text);
    expect(result.code).toBe(code);
  });

  test('a connection that breaks is opened again, and nothing is told twice', async () => {
    watched(promoted);
    const first = { event: event(9, 'Shifted.'), deployment: deployment() };
    const end = deployment({ ...promoted, sequence: 10 });
    api.on(
      `GET ${DEPLOYMENT}/events`,
      stream([first], 'break'),
      breaks,
      stream([{ event: event(10, 'Promoted.'), deployment: end }, { end }]),
    );
    const { code, out, err } = await sluice(['watch', 'checkout']);
    expect(code).toBe(0);
    expect(out.match(/Shifted\./g)).toHaveLength(1);
    expect(err.match(/connection to Sluice is lost/g)).toHaveLength(1);
    expect(api.asked(`GET ${DEPLOYMENT}/events`).at(-1)?.headers['last-event-id']).toBe('9');
  });

  test('Ctrl-C leaves the deployment running, says so, and ends with 130', async () => {
    watched(promoted);
    const interrupt = new AbortController();
    api.on(`GET ${DEPLOYMENT}/events`, (response, request) => {
      stream([{ event: event(9, 'Shifted.'), deployment: deployment() }])(response, request);
      setImmediate(() => interrupt.abort());
    });
    const { code, err } = await sluice(['watch', 'checkout'], { interrupted: interrupt.signal });
    expect(code).toBe(130);
    expect(err).toMatch(/the deployment goes on/);
    expect(api.received.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('with --json every message is one line', async () => {
    watched(promoted);
    const { out } = await sluice(['watch', 'checkout', '--json']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).kind),
    ).toEqual(['change', 'change', 'end']);
  });
});

describe('acts', () => {
  test('promote and approve name the state that was seen', async () => {
    watched(promoted);
    api.on(`POST ${DEPLOYMENT}/promote`, json(deployment())).on(`POST ${DEPLOYMENT}/approve`, json(deployment()));
    expect((await sluice(['promote', 'checkout', '--step'])).code).toBe(0);
    expect((await sluice(['approve', DEPLOYMENT_ID])).code).toBe(0);
    expect(JSON.parse(String(api.asked(`POST ${DEPLOYMENT}/promote`)[0]?.body))).toEqual({ sequence: 9, step: true });
    expect(JSON.parse(String(api.asked(`POST ${DEPLOYMENT}/approve`)[0]?.body))).toEqual({ sequence: 9 });
  });

  test.each([
    [['abort', 'checkout', '--message', 'wrong'], `POST ${DEPLOYMENT}/abort`, { message: 'wrong' }],
    [['pause', 'checkout'], `POST ${DEPLOYMENT}/pause`, {}],
    [['resume', 'checkout'], `POST ${DEPLOYMENT}/resume`, {}],
    [['resolve', 'checkout', '--accept-as-is'], `POST ${DEPLOYMENT}/accept-as-is`, {}],
    [['resolve', 'checkout', '--restore'], `POST ${DEPLOYMENT}/restore`, {}],
    [['resolve', 'checkout', '--abandon'], `POST ${DEPLOYMENT}/abandon`, {}],
    [['rollback', 'checkout'], 'POST /v1/targets/checkout/rollback', {}],
    [['rollback', 'checkout', '--to', 'v3'], 'POST /v1/targets/checkout/rollback', { toVersion: '3' }],
    [
      ['rollback', 'checkout', '--to-deployment', DEPLOYMENT_ID],
      'POST /v1/targets/checkout/rollback',
      { toDeployment: DEPLOYMENT_ID },
    ],
    [['settle', 'checkout', '--to', '3'], 'POST /v1/targets/checkout/settle', { toVersion: '3' }],
  ])('%j asks for just that', async (args, route, body) => {
    watched(promoted);
    api.on(route, json(deployment(), 202));
    expect((await sluice(args)).code).toBe(0);
    expect(api.asked(route).map((request) => JSON.parse(String(request.body)))).toEqual([body]);
  });

  test('cancel finds what waits in the queue', async () => {
    api
      .on('GET /v1/targets/checkout', json(active))
      .on('GET /v1/deployments', json({ items: [deployment({ phase: 'queued', step: null })], next: null }))
      .on(`POST ${DEPLOYMENT}/cancel`, json(deployment({ phase: 'cancelled' })));
    expect((await sluice(['cancel', 'checkout'])).code).toBe(0);
  });

  test('with nothing under way there is nothing to abort: a refusal', async () => {
    api.on('GET /v1/targets/checkout', json(target())).on('GET /v1/deployments', json({ items: [], next: null }));
    const { code, err } = await sluice(['abort', 'checkout']);
    expect(err).toMatch(/Nothing is being deployed to checkout/);
    expect(code).toBe(3);
  });
});

test('targets are listed, made, changed and deleted', async () => {
  api
    .on('GET /v1/targets', json({ items: [target()], next: null }))
    .on('POST /v1/targets', json(target(), 201))
    .on('PATCH /v1/targets/checkout', json(target({ policy: 'refuse' })))
    .on('DELETE /v1/targets/checkout', (response) => void response.writeHead(204).end());
  expect((await sluice(['targets'])).out).toMatch(/checkout {2}checkout-fn {2}live/);
  expect(
    (
      await sluice([
        'targets',
        'create',
        'checkout',
        '--function',
        'checkout-fn',
        '--alias',
        'live',
        '--region',
        'eu-central-1',
        '--account',
        '111122223333',
        '--strategy',
        'canary',
      ])
    ).code,
  ).toBe(0);
  expect(JSON.parse(String(api.asked('POST /v1/targets')[0]?.body))).toEqual({
    name: 'checkout',
    functionName: 'checkout-fn',
    aliasName: 'live',
    region: 'eu-central-1',
    accountId: '111122223333',
    strategy: 'canary',
  });
  api.on('GET /v1/targets/checkout', json(target({ analysis: { suspicion: 5 } })));
  const update = ['targets', 'set', 'checkout', '--policy', 'refuse', '--profile', 'careful', '--reset', 'alarms'];
  expect((await sluice(update)).out).toMatch(/When busy {2}refuse/);
  expect(JSON.parse(String(api.asked('PATCH /v1/targets/checkout')[0]?.body))).toEqual({
    policy: 'refuse',
    analysis: { suspicion: 5, profile: 'careful' },
    reset: ['alarms'],
  });
  expect((await sluice(['targets', 'set', 'checkout'])).err).toMatch(/Nothing to change/);
  expect((await sluice(['targets', 'delete', 'checkout'])).out).toMatch(/Deleted checkout/);
});

test('the key is found in the data folder above the working folder', async () => {
  await mkdir(join(folder, '.sluice'));
  await writeFile(join(folder, '.sluice', 'api-key'), 'from-file\n');
  await mkdir(join(folder, 'deep', 'down'), { recursive: true });
  api.on('GET /v1/targets', json({ items: [], next: null }));
  const { code } = await sluice(['targets'], { cwd: join(folder, 'deep', 'down'), environment: { apiKey: undefined } });
  expect(code).toBe(0);
  expect(api.received[0]?.headers.authorization).toBe('Bearer from-file');
});

test('a key that is not accepted: the answer says where it came from', async () => {
  api.on('GET /v1/targets', refusal('unauthorized'));
  const { code, err } = await sluice(['targets']);
  expect(err).toMatch(/The key came from SLUICE_API_KEY/);
  expect(code).toBe(3);
});

test('text that others wrote cannot take over the terminal', async () => {
  api.on(`GET ${DEPLOYMENT}`, json(deployment({ message: 'x\u001b[2J\u001b]0;owned\u0007' })));
  expect((await sluice(['status', DEPLOYMENT_ID])).out).not.toContain('\u001b');
});

test.each([
  ['status', '--json'],
  ['history', 'checkout', '--json'],
  ['status', DEPLOYMENT_ID, '--json'],
  ['doctor', '--json'],
])('"%s" answers with one JSON document', async (...args) => {
  watched(promoted);
  api
    .on('GET /v1/targets', json({ items: [active], next: null }))
    .on('GET /v1/deployments', json({ items: [deployment()], next: null }))
    .on('GET /ready', json({ status: 'ready', checks: {} }))
    .on('GET /v1/doctor', json({ findings: [] }));
  const { code, out } = await sluice(args);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toBeInstanceOf(Object);
});

test('a history that goes on says so, and how to see more of it', async () => {
  const page = (next: string | null) => json({ items: [deployment()], next });
  api.on('GET /v1/targets/checkout', json(active)).on('GET /v1/deployments', page('older'));
  const more = 'There are older ones: sluice history checkout --limit 2';
  expect((await sluice(['history', 'checkout', '--limit', '1'])).out).toContain(more);
  api.on('GET /v1/deployments', page(null));
  expect((await sluice(['history', 'checkout', '--limit', '1'])).out).not.toContain('older ones');
});

describe('doctor', () => {
  test('nothing listens: says how to start it, and ends with 6', async () => {
    await api.close();
    const { code, out } = await sluice(['doctor']);
    expect(out).toMatch(/BAD {3}api: Nothing answers at[\s\S]*npm start/);
    expect(code).toBe(6);
    await api.start();
  });

  test('not ready: shows which part is not', async () => {
    api
      .on(
        'GET /ready',
        json(
          { status: 'not_ready', checks: { database: { ok: false, sentence: 'The database does not answer.' } } },
          503,
        ),
      )
      .on('GET /v1/targets', json({ items: [], next: null }));
    const { code, out } = await sluice(['doctor']);
    expect(out).toMatch(/BAD {3}database: The database does not answer/);
    expect(code).toBe(1);
  });

  test('what Sluice finds wrong with itself is told with its reason and its remedy, and ends with 1', async () => {
    const sentence = 'Overdue by 4m40s: it is baking and nobody went on.';
    const findings = [
      { name: 'workers', state: 'ok', sentence: '1 worker is alive.' },
      { name: 'deployment of checkout', state: 'bad', sentence, why: 'Nobody looks.', remedy: 'Start a worker.' },
    ];
    api
      .on('GET /ready', json({ status: 'degraded', checks: { queue: { ok: false, sentence: 'From /ready.' } } }))
      .on('GET /v1/targets', json({ items: [active], next: null }))
      .on(`GET ${DEPLOYMENT}`, json(deployment()))
      .on('GET /v1/doctor', json({ findings }));
    const { code, out } = await sluice(['doctor']);
    expect(out).toMatch(/ok {4}workers: 1 worker is alive\./);
    expect(out).toMatch(/BAD {3}deployment of checkout: Overdue by 4m40s.*\n {6}why: Nobody looks\.\n {6}-> Start a/);
    expect(out).not.toContain('From /ready.');
    expect(code).toBe(1);
  });

  test('a part that is down while all work is done is a warning, and does not make the doctor fail', async () => {
    api
      .on('GET /ready', json({ status: 'degraded', checks: { queue: { ok: false, sentence: 'The queue is down.' } } }))
      .on('GET /v1/targets', json({ items: [], next: null }))
      .on('GET /v1/doctor', json({ findings: [{ name: 'queue', state: 'warning', sentence: 'It does not answer.' }] }));
    const { code, out } = await sluice(['doctor']);
    expect(out).toMatch(/warn {2}queue: It does not answer\./);
    expect(code).toBe(0);
  });
});

test('what answers is not Sluice: said plainly, and not retried for ever', async () => {
  api.on('GET /v1/targets', (response) => void response.writeHead(200).end('<html>'));
  const { code, err } = await sluice(['targets']);
  expect(err).toMatch(/does not speak this version of Sluice/);
  expect(code).toBe(6);
});
