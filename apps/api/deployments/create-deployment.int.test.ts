import { deploymentView } from '#contracts';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
let targets = 0;
/** A target that no other test has seen. */
let target: string;
beforeAll(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
beforeEach(async () => {
  targets += 1;
  target = `target-${targets}`;
  await api.client.createTarget({ ...checkout, name: target, functionName: `fn-${targets}` });
});
afterAll(() => api.close());

/** For requests that are refused: nothing is ever accepted on `checkout`. */
const change = { target: 'checkout', configuration: { memorySize: 256 } };
const post = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/deployments', body, { headers });
const count = async () => (await api.client.listDeployments({ target: 'checkout', limit: 100 })).items.length;
const fresh = () => ({ target, configuration: { memorySize: 256 } });

describe('a character that cannot be stored', () => {
  test.each([
    ['half a character in the message', { message: 'half \ud83d' }],
    ['NUL in a description', { configuration: { description: 'a\u0000b' } }],
  ])('%s is refused with the reason, and harms nobody who comes at the same time', async (_, said) => {
    const [bad, good] = await Promise.all([post({ ...fresh(), ...said }), post(fresh())]);
    expect(bad).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
    expect(JSON.stringify(bad.body)).toContain('cannot be stored');
    expect(good.status).toBe(202);
  });
});

describe('accepting a deployment', () => {
  test('answers 202 with its place and how it stands, and wakes a worker', async () => {
    const answer = await post({ ...fresh(), message: 'more memory', commit: 'abcdef1' });
    const view = deploymentView.parse(answer.body);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/deployments/${view.id}`);
    expect(view).toMatchObject({ phase: 'queued', sequence: 1, strategy: 'adaptive', message: 'more memory' });
    expect(view).toMatchObject({ commit: 'abcdef1', ended: false, allowedActions: ['abort', 'cancel'] });
    expect(api.woken).toContainEqual({ deploymentId: view.id, sequence: 1, lane: 'ordinary' });
    expect(await api.client.getDeployment(view.id)).toMatchObject({ id: view.id, requestedBy: 'bootstrap' });
  });

  test('takes from the target what the request does not say, and lets the request win', async () => {
    await api.client.updateTarget(target, {
      strategy: 'Linear10PercentEvery1Minute',
      deadlines: { personSeconds: 60, analysisSeconds: 120 },
      analysis: { suspicion: 5, minimumCanaryInvocations: 50, bake: { bakeMs: 60_000, maximumBakeMs: 90_000 } },
    });
    const usual = await api.client.createDeployment(fresh());
    expect(usual).toMatchObject({ strategy: 'Linear10PercentEvery1Minute' });
    expect(usual.steps).toHaveLength(9);
    const asked = await api.client.createDeployment({
      ...fresh(),
      strategy: { type: 'steps', steps: [{ weight: 0.5, bake: '90s', gates: ['approval'] }] },
      deadlines: { personSeconds: 90 },
      analysis: { suspicion: 9, bake: { bakeMs: 30_000 } },
    });
    expect(asked.steps).toEqual([{ weightPercent: 0.5, bakeSeconds: 90, gates: ['approval'] }]);
    const row = await api.store.deployments.load(asked.id);
    expect(row?.state.plan.deadlines).toMatchObject({ personSeconds: 90, analysisSeconds: 120 });
    const bake = { bakeMs: 30_000, maximumBakeMs: 90_000 };
    expect(row?.state.plan.analysis).toEqual({ suspicion: 9, minimumCanaryInvocations: 50, bake });
  });

  test('without the judge nobody can lead a ramp: what names no strategy walks CodeDeploy’s best known one', async () => {
    const asked = await api.client.createDeployment({ ...fresh(), analysis: null });
    expect(asked).toMatchObject({ strategy: 'Canary10Percent5Minutes', adaptive: false });
  });

  test('takes probes where the target is marked safe for them, and shows their payloads to nobody', async () => {
    const probes = { payloads: [{ card: 'canary-4711' }], independent: true };
    const refused = await post({ ...fresh(), probes });
    expect(refused).toMatchObject({ status: 409, body: { code: 'probes_not_safe' } });
    expect(JSON.stringify(refused.body)).toContain(`The target ${target} is not marked safe to probe.`);
    expect(await api.client.updateTarget(target, { probes: { safe: true } })).toMatchObject({
      probes: { safe: true, recordFromLog: null },
    });
    const asked = await api.client.createDeployment({ ...fresh(), probes });
    const row = await api.store.deployments.load(asked.id);
    expect(row?.state.plan.probes).toEqual({
      payloads: 1,
      compare: 'outcome',
      timeoutSeconds: 10,
      deadlineSeconds: 120,
      onInconclusive: 'fail',
      independent: true,
    });
    expect(await api.store.deployments.probePayloads(asked.id)).toEqual(probes.payloads);
    const told = [asked, row, await api.client.listEvents(asked.id), await api.client.listDeployments({ limit: 100 })];
    expect(JSON.stringify(told)).not.toContain('canary-4711');
  });

  test('takes payloads of the function’s log only after somebody has allowed it, and says who', async () => {
    const probes = { fromLog: 7 };
    await api.client.updateTarget(target, { probes: { safe: true } });
    const refused = await post({ ...fresh(), probes });
    expect(refused).toMatchObject({ status: 409, body: { code: 'probes_not_recorded' } });
    const { probes: allowed } = await api.client.updateTarget(target, { probes: { safe: true, recordFromLog: true } });
    expect(allowed).toEqual({
      safe: true,
      recordFromLog: { by: expect.any(String), at: expect.stringMatching(/^20/) },
    });
    const again = await api.client.updateTarget(target, { probes: { safe: true } });
    expect(again.probes).toEqual(allowed);
    const asked = await api.client.createDeployment({ ...fresh(), probes });
    const row = await api.store.deployments.load(asked.id);
    expect(row?.state.plan.probes).toMatchObject({ payloads: 7, fromLog: true });
    expect(await api.store.deployments.probePayloads(asked.id)).toBeUndefined();
    const taken = await api.client.updateTarget(target, { probes: { safe: false } });
    expect(taken.probes).toEqual({ safe: false, recordFromLog: null });
    const back = await api.client.updateTarget(target, { probes: { safe: true } });
    expect(back.probes).toEqual({ safe: true, recordFromLog: null });
  });

  test.each([
    [{}, 'Give either payloads or fromLog.'],
    [{ payloads: [1], fromLog: 2 }, 'Give either payloads or fromLog.'],
    [{ payloads: [] }, 'Give at least one payload.'],
    [{ payloads: Array.from({ length: 101 }, () => 1) }, 'At most 100 payloads.'],
    [{ payloads: ['x'.repeat(99_000)] }, 'All payloads together have at most 96 KB.'],
  ])('refuses probes beyond their bounds', async (probes, message) => {
    const answer = await post({ ...change, probes });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
  });

  test('switches the judge off when the request says null', async () => {
    const asked = await api.client.createDeployment({ ...fresh(), strategy: 'all-at-once', analysis: null });
    expect((await api.store.deployments.load(asked.id))?.state.plan.analysis).toBeNull();
  });

  test('goes on without a queue: the wish is stored, and the workers hear of it through the database', async () => {
    const refuse = () => Promise.reject(new Error('The queue is not connected yet.'));
    const told: [string, number][] = [];
    const tellUnqueued = (id: string, sequence: number) => told.push([id, sequence]);
    const lame = await startTestApi({
      parts: ({ store, ...parts }) => ({
        ...parts,
        queue: { add: refuse },
        store: { ...store, changes: { ...store.changes, tellUnqueued } },
      }),
    });
    await lame.client.createTarget(checkout);
    const asked = await lame.client.createDeployment(change);
    expect(asked).toMatchObject({ phase: 'queued' });
    await lame.client.cancel(asked.id);
    expect(told).toEqual([
      [asked.id, 1],
      [asked.id, 2],
    ]);
    await lame.close();
  });
});

describe('a request that cannot be accepted', () => {
  const refusals: [string, unknown, number, string][] = [
    ['an unknown target', { ...change, target: 'nobody' }, 404, 'target_unknown'],
    ['an unknown strategy', { ...change, strategy: 'yolo' }, 422, 'strategy_invalid'],
    ['an analysis gate without a judge', { ...change, strategy: 'canary', analysis: null }, 422, 'strategy_invalid'],
    ['weights that fall', { ...change, strategy: steps(50, 10) }, 422, 'strategy_invalid'],
    ['a weight of 100', { ...change, strategy: steps(100) }, 400, 'request_invalid'],
    ['an unknown artifact', { ...change, artifact: { sha256: 'a'.repeat(64) } }, 422, 'artifact_unknown'],
    ['nothing to deploy', { target: 'checkout' }, 400, 'request_invalid'],
    ['an empty configuration', { target: 'checkout', configuration: {} }, 400, 'request_invalid'],
    ['a body that is no object', [change], 400, 'request_invalid'],
    ['a message with a line break', { ...change, message: 'one\ntwo' }, 400, 'request_invalid'],
    ['a message with a colour code', { ...change, message: '\u001b[31mred' }, 400, 'request_invalid'],
    ['a name that is a path', { ...change, target: '../checkout' }, 400, 'request_invalid'],
  ];
  test.each(refusals)('%s is refused and leaves nothing behind', async (_, body, status, code) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ code, status, remedy: expect.stringMatching(/./) });
    expect(await count()).toBe(0);
  });

  test('says where it is wrong and what is allowed there, and never repeats what was sent', async () => {
    const strategy = { type: 'steps', steps: [{ weight: 10, bake: '5 parsecs' }] };
    const environment = { SECRET: { value: 'hunter2-canary' } };
    const answer = await post({ target: 'checkout', strategy, configuration: { environment } });
    expect(answer.body).toMatchObject({ code: 'request_invalid' });
    const { errors } = answer.body as { errors: { path: string; message: string }[] };
    expect(errors.map((error) => error.path)).toContain('configuration.environment.SECRET');
    const bake = errors.find((error) => error.path === 'strategy.steps[0].bake');
    expect(bake?.message).toBe('A bake is a duration such as 30s, 5m, 1h or 1h30m.');
    expect(JSON.stringify(answer.body)).not.toContain('hunter2-canary');
  });

  test('may not set what is not its to set', async () => {
    const forbidden = ['status', 'phase', 'sequence', 'requestedBy', 'approvedBy', 'projectId', 'roleArn', 'version'];
    for (const member of [...forbidden, 'id', 'kind', 'state', 'nextAt', 'constructor', 'toString']) {
      const answer = await post({ ...change, [member]: 'x' });
      expect([member, answer.status]).toEqual([member, 400]);
    }
    const nested = await post({ target: 'checkout', configuration: { memorySize: 256, reservedConcurrency: 0 } });
    expect(nested.status).toBe(400);
    expect(await count()).toBe(0);
  });

  test('may not reach an object’s prototype', async () => {
    for (const body of [
      '{"__proto__":{"admin":true},"target":"checkout","configuration":{"memorySize":256}}',
      '{"target":"checkout","configuration":{"constructor":{"prototype":{"admin":true}}}}',
    ]) {
      const answer = await api.request('/v1/deployments', { method: 'POST', body });
      expect(answer.status).toBe(400);
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(await count()).toBe(0);
  });

  test('may not be larger than what a route reads, announced or not', async () => {
    const body = JSON.stringify({ ...change, message: 'x'.repeat(200_000) });
    const announced = await api.request('/v1/deployments', { method: 'POST', body });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ code: 'body_too_large' });
  });

  test('may not come in another form than JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/zip', 'multipart/form-data']) {
      const headers = { 'content-type': type };
      const answer = await api.request('/v1/deployments', { method: 'POST', body: JSON.stringify(change), headers });
      expect([type, answer.status]).toEqual([type, 415]);
    }
    expect(await count()).toBe(0);
  });

  test.each(['{', '', '"text"', 'null', '[]', '1e999', '{"target":"checkout",}', `${'['.repeat(50_000)}`])(
    'is refused when its body is %p',
    async (body) => {
      const answer = await api.request('/v1/deployments', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'request_invalid' });
    },
  );
});

describe('a busy target', () => {
  test('queues by default, refuses or supersedes when told to', async () => {
    const first = await api.client.createDeployment(fresh());
    const second = await api.client.createDeployment(fresh());
    expect([first.phase, second.phase]).toEqual(['queued', 'queued']);
    const refused = await post({ ...fresh(), policy: 'refuse' });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'target_busy', deploymentId: first.id });
    const third = await api.client.createDeployment({ ...fresh(), policy: 'supersede' });
    const phases = (await api.client.listDeployments({ target })).items.map(({ id, phase }) => [id, phase]);
    expect(phases).toEqual([
      [third.id, 'queued'],
      [second.id, 'superseded'],
      [first.id, 'superseded'],
    ]);
  });
});

describe('configuration', () => {
  test('is stored for the worker and shown by name only', async () => {
    const configuration = { environment: { TOKEN: 'hunter2-canary', OLD: null }, timeoutSeconds: 5 };
    const asked = await api.client.createDeployment({ target, configuration });
    expect(asked.configurationChanges).toEqual(['environment.OLD', 'environment.TOKEN', 'timeoutSeconds']);
    const row = await api.store.deployments.load(asked.id);
    expect(row && api.store.deployments.openRequest(row)).toMatchObject({ configuration });
    const stored = await api.store.pool.query('SELECT d::text AS text FROM deployments d WHERE id = $1', [asked.id]);
    expect(stored.rows[0].text).not.toContain('hunter2-canary');
    for (const path of [`/v1/deployments/${asked.id}`, '/v1/deployments', `/v1/deployments/${asked.id}/events`]) {
      expect(await (await api.request(path)).text()).not.toContain('hunter2-canary');
    }
  });
});

function steps(...weights: number[]) {
  return { type: 'steps', steps: weights.map((weight) => ({ weight, bake: '10s' })) };
}
