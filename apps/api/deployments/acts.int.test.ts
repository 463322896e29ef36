import { type ActionName as Action, type DeploymentView, type ErrorCode, errorEntry } from '#contracts';
import { WRITE_LANDS_WITHIN_MS } from '#rollout';
import { systemClock } from '#runtime';
import { checkout, type FactInput, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';

let api: TestApi;
let targets = 0;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const steps = (...gates: ('analysis' | 'approval')[]) => ({
  type: 'steps' as const,
  steps: [
    { weight: 10, bake: '1h', gates },
    { weight: 50, bake: '1h' },
  ],
});

/** A deployment on a target of its own, as far as these facts bring it. */
async function deploymentAfter(facts: FactInput[], strategy = steps('analysis')): Promise<DeploymentView> {
  targets += 1;
  const name = `target-${targets}`;
  await api.client.createTarget({ ...checkout, name, functionName: `fn-${targets}` });
  const { id } = await api.client.createDeployment({ target: name, configuration: { memorySize: 256 }, strategy });
  await api.tell(id, ...facts);
  return api.client.getDeployment(id);
}

const baking = () => deploymentAfter(factsUntilBaking());
const queued = () => deploymentAfter([]);
const drifted = () =>
  deploymentAfter([
    ...factsUntilBaking(),
    {
      type: 'AliasDrifted',
      expected: { version: '1', canary: { version: '2', weightPercent: 10 } },
      observed: { version: '7' },
      observedRevisionId: 'revision-x',
    },
  ]);
const ended = async () => {
  const { id } = await queued();
  return api.client.cancel(id);
};
const approval = async () => {
  const view = await deploymentAfter(factsUntilBaking(), steps('approval'));
  const until = Date.parse(view.bakeUntil ?? '');
  // Seen all along: the wake-up at the end of the bake is not late.
  await api.tell(view.id, { type: 'Watched', verdict: null, sentence: '', at: until + 1 });
  return api.client.getDeployment(view.id);
};

/** A shift whose answer never came is still under way under the alias's token, and the restore was refused. */
const refusedRestore = (givenUpAt: number) => {
  const written = { version: '1', canary: { version: '2', weightPercent: 10 } };
  const claim = (command: 'ShiftWeight' | 'Restore', wanted: typeof written | { version: '1' }) =>
    ({ type: 'ClaimTaken', command, token: 'revision-a', wanted }) as const;
  return deploymentAfter([
    ...factsUntilBaking().slice(0, -1),
    claim('ShiftWeight', written),
    { type: 'OutcomeUnknown', sentence: 'No answer in time.' },
    { type: 'AliasConfirmed', value: { version: '1' }, revisionId: 'revision-a', at: givenUpAt },
    { type: 'AbortRequested', by: 'ann' },
    claim('Restore', { version: '1' }),
    { type: 'WriteRefused', reason: { code: 'write_refused', sentence: 'No permission.' } },
  ]);
};

const act = (view: DeploymentView, action: Action, body: unknown = {}) =>
  api.call('POST', `/v1/deployments/${view.id}/${action}`, body);
const naming = (view: DeploymentView) => ({ sequence: view.sequence });

describe('an act that is possible', () => {
  const possible: [Action, string, () => Promise<DeploymentView>, Partial<DeploymentView>][] = [
    ['abort', 'while baking', baking, { phase: 'rolling_back' }],
    ['abort', 'in line', queued, { phase: 'cancelled' }],
    ['abort', 'after drift', drifted, { phase: 'rolling_back' }],
    ['cancel', 'in line', queued, { phase: 'cancelled', ended: true }],
    ['pause', 'while baking', baking, { phase: 'paused' }],
    ['accept-as-is', 'after drift', drifted, { phase: 'cancelled', alias: { version: '7' } }],
    ['restore', 'after drift', drifted, { phase: 'rolling_back' }],
    ['abandon', 'after drift', drifted, { phase: 'cancelled' }],
  ];
  test.each(possible)('%s %s changes the state and tells the worker', async (action, _, make, after) => {
    const before = await make();
    expect(before.allowedActions).toContain(action);
    const answer = await act(before, action, { message: 'because' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ ...after, sequence: before.sequence + 1 });
    const lane = after.phase === 'rolling_back' ? 'rollback' : 'ordinary';
    expect(api.woken).toContainEqual({ deploymentId: before.id, sequence: before.sequence + 1, lane });
    const last = (await api.client.listEvents(before.id)).items.at(-1);
    expect(last).toMatchObject({ actor: 'bootstrap', data: { why: 'because' } });
    expect(last?.sentence).toMatch(/^bootstrap .*because$/);
  });

  test('a pause can be resumed, and the bake goes on', async () => {
    const before = await baking();
    await api.client.pause(before.id);
    const after = await api.client.resume(before.id);
    expect(after).toMatchObject({ phase: 'baking', bakeUntil: before.bakeUntil });
  });

  test('promote skips the steps; with step, in the body or the path, only the present one', async () => {
    const all = await baking();
    expect((await act(all, 'promote', naming(all))).body).toMatchObject({ phase: 'promoting' });
    const one = await baking();
    expect((await act(one, 'promote', { ...naming(one), step: true })).body).toMatchObject({
      phase: 'shifting',
      step: 1,
    });
    const path = await baking();
    const answer = await api.call('POST', `/v1/deployments/${path.id}/promote?step=1`, naming(path));
    expect(answer.body).toMatchObject({ phase: 'shifting', step: 1 });
  });

  test('approve lets it through its gate', async () => {
    const waiting = await approval();
    expect(waiting).toMatchObject({ phase: 'gated', gate: 'approval' });
    expect((await act(waiting, 'approve', naming(waiting))).body).toMatchObject({ phase: 'shifting', step: 1 });
  });

  test('an act that was done already changes nothing and is no error', async () => {
    const before = await baking();
    const first = await act(before, 'abort');
    const second = await act(before, 'abort');
    expect(second).toMatchObject({ status: 200, body: { sequence: (first.body as DeploymentView).sequence } });
  });

  test('works without a body where nothing needs to be said', async () => {
    const { id } = await baking();
    const answer = await api.request(`/v1/deployments/${id}/pause`, { method: 'POST' });
    expect(answer.status).toBe(200);
  });
});

describe('an act that is not possible', () => {
  const impossible: [Action, string, () => Promise<DeploymentView>, ErrorCode][] = [
    ['abort', 'after the end', ended, 'deployment_ended'],
    ['cancel', 'while baking', baking, 'not_queued'],
    ['pause', 'in line', queued, 'not_pausable'],
    ['resume', 'while baking', baking, 'not_paused'],
    ['promote', 'in line', queued, 'not_promotable'],
    ['approve', 'while baking', baking, 'nothing_to_approve'],
    ['accept-as-is', 'while baking', baking, 'not_held'],
    ['restore', 'while baking', baking, 'not_held'],
    ['abandon', 'while baking', baking, 'not_held'],
  ];
  test.each(impossible)('%s %s is refused with its code and remedy', async (action, _, make, code) => {
    const before = await make();
    expect(before.allowedActions).not.toContain(action);
    const answer = await act(before, action, action === 'promote' || action === 'approve' ? naming(before) : {});
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code, remedy: errorEntry(code).remedy, deploymentId: before.id });
    expect((await api.client.getDeployment(before.id)).sequence).toBe(before.sequence);
  });

  test('promoting a canary that the judge calls failing is refused', async () => {
    const before = await baking();
    await api.evidence(before.id, { verdict: 'fail', sentence: 'Errors rose.' });
    expect((await act(before, 'promote', naming(before))).body).toMatchObject({ code: 'canary_failing' });
    expect((await api.client.getDeployment(before.id)).allowedActions).not.toContain('promote');
  });

  test('promoting or approving what has changed since it was seen is refused', async () => {
    const seen = await baking();
    await api.client.pause(seen.id);
    await api.client.resume(seen.id);
    const answer = await act(seen, 'promote', naming(seen));
    expect(answer.body).toMatchObject({
      code: 'sequence_stale',
      detail: expect.stringContaining(String(seen.sequence)),
    });
    const waiting = await approval();
    expect((await act(waiting, 'approve', { sequence: waiting.sequence - 1 })).body).toMatchObject({
      code: 'sequence_stale',
    });
  });

  test.each(['accept-as-is', 'abandon'] as const)(
    '%s waits until a write that is still out cannot land',
    async (action) => {
      const givenUpAt = systemClock.now();
      const held = await refusedRestore(givenUpAt);
      const until = new Date(givenUpAt + WRITE_LANDS_WITHIN_MS).toISOString();
      expect(held).toMatchObject({ phase: 'needs_human', allowedActions: ['abort', 'restore'] });
      expect(held.headline).toMatch(/An earlier write was never answered and may still move the alias for 1[01]m/);
      const answer = await act(held, action);
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'write_may_land', detail: expect.stringContaining(until) },
      });
      expect((await act(held, 'restore')).body).toMatchObject({ phase: 'rolling_back' });
      const old = await refusedRestore(givenUpAt - WRITE_LANDS_WITHIN_MS);
      expect(old.allowedActions).toEqual(['abort', 'accept-as-is', 'restore', 'abandon']);
      expect(old.headline).not.toContain('never answered');
      expect((await act(old, action)).body).toMatchObject({ phase: 'cancelled' });
    },
  );

  test('promoting or approving without naming the sequence is refused', async () => {
    const seen = await baking();
    for (const action of ['promote', 'approve'] as const) {
      expect(await act(seen, action)).toMatchObject({ status: 400, body: { errors: [{ path: 'sequence' }] } });
    }
  });

  test('unknown ids and ids that are none', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await api.call('POST', `/v1/deployments/${nobody}/abort`, {})).status).toBe(404);
    expect((await api.call('POST', '/v1/deployments/42/abort', {})).status).toBe(400);
  });
});

test('of many people who promote what they all saw, one is heard', async () => {
  const seen = await baking();
  const answers = await Promise.all(Array.from({ length: 8 }, () => act(seen, 'promote', naming(seen))));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  const { items } = await api.client.listEvents(seen.id);
  expect(items.filter((event) => event.type === 'PromoteRequested')).toHaveLength(1);
});

test('an abort that loses every race holds the row, and is told and queued like any other', async () => {
  const lost = async () => ({ kind: 'lost' }) as const;
  const unlucky = await startTestApi({
    parts: (parts) => ({
      ...parts,
      store: { ...parts.store, deployments: { ...parts.store.deployments, record: lost } },
    }),
  });
  try {
    await unlucky.client.createTarget(checkout);
    const { id } = await unlucky.client.createDeployment({ target: 'checkout', configuration: { memorySize: 256 } });
    await unlucky.tell(id, ...factsUntilBaking());
    const abort = () => unlucky.call('POST', `/v1/deployments/${id}/abort`, {});
    expect(await abort()).toMatchObject({ status: 200, body: { phase: 'rolling_back' } });
    expect(await abort()).toMatchObject({ status: 200, body: { phase: 'rolling_back' } });
    const { items } = await unlucky.client.listEvents(id);
    expect(items.filter((event) => event.type === 'AbortRequested')).toHaveLength(1);
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await unlucky.call('POST', `/v1/deployments/${nobody}/abort`, {})).status).toBe(404);
  } finally {
    await unlucky.close();
  }
});

test('an abort is heard while a worker keeps writing to the same row', async () => {
  const view = await baking();
  let writing = true;
  const worker = (async () => {
    while (writing) {
      const row = await api.store.deployments.load(view.id);
      if (row?.phase !== 'baking') return;
      const at = row.readAt;
      const value = { version: '1', canary: { version: '2', weightPercent: 10 } };
      await api.store.deployments.record(
        row,
        { type: 'AliasConfirmed', at, value, revisionId: `r-${row.sequence}` },
        { ...row.state, confirmedAt: at } as typeof row.state,
        { actor: 'worker', nextAt: at },
      );
    }
  })();
  const answer = await act(view, 'abort');
  writing = false;
  await worker;
  expect(answer).toMatchObject({ status: 200, body: { phase: 'rolling_back' } });
});
