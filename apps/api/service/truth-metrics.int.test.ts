import { createRegistry, silentLogger, systemClock } from '#runtime';
import { createStore } from '#store';
import { checkout, factsUntilBaking, startTestApi, type TestApi } from '../../../test/world/api.js';
import { startApi } from '../start.js';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
  await api.client.createTarget(checkout);
});
afterEach(() => api.close());

const scrape = async () => (await api.request('/metrics')).text();

/** The value of one series, by its exact name and labels; undefined when it is absent. */
async function figure(series: string): Promise<number | undefined> {
  const line = (await scrape()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const accept = async () => {
  const strategy = { type: 'canary', weightPercent: 10, bake: '1h' } as const;
  const wish = { target: 'checkout', configuration: { memorySize: 256 }, strategy, onInconclusive: 'hold' } as const;
  return (await api.client.createDeployment(wish)).id;
};

test('deployments are counted by phase, and a late wake-up is overdue only after thirty seconds', async () => {
  const id = await accept();
  expect(await figure('sluice_deployments{phase="queued"}')).toBe(1);
  expect(await figure('sluice_overdue_deployments')).toBe(0);
  await api.store.pool.query("UPDATE deployments SET next_at = now() - interval '29 seconds' WHERE id = $1", [id]);
  expect(await figure('sluice_overdue_deployments')).toBe(0);
  await api.store.pool.query("UPDATE deployments SET next_at = now() - interval '95 seconds' WHERE id = $1", [id]);
  expect(await figure('sluice_overdue_deployments')).toBe(1);
  expect(await figure('sluice_oldest_wakeup_seconds')).toBeCloseTo(95, -1);
  await api.tell(id, ...factsUntilBaking());
  expect(await figure('sluice_deployments{phase="queued"}')).toBe(0);
  expect(await figure('sluice_deployments{phase="baking"}')).toBe(1);
});

async function rollBack(secondsToRestore: number): Promise<string> {
  const id = await accept();
  await api.tell(id, ...factsUntilBaking());
  const block = (startMs: number, errors: number) => ({
    startMs,
    endMs: startMs + 60_000,
    weightPercent: 10,
    stable: { invocations: 900, errors: 1 },
    canary: { invocations: 100, errors },
  });
  const row = await api.store.deployments.load(id);
  if (!row) throw new Error('It is gone.');
  await api.store.deployments.rearm(row, row.nextAt, undefined, [block(0, 30), block(60_000, 12)]);
  await api.tell(id, { type: 'AbortRequested', by: 'somebody' });
  const back = { version: '1' };
  await api.tell(id, { type: 'ClaimTaken', command: 'Restore', token: 'revision-b', wanted: back });
  await api.tell(id, { type: 'Restored', value: back, revisionId: 'revision-c' });
  await api.store.pool.query(
    `UPDATE deployments SET ended_at = (SELECT recorded_at FROM events WHERE deployment_id = $1 AND type = 'AbortRequested')
       + make_interval(secs => $2) WHERE id = $1`,
    [id, secondsToRestore],
  );
  return id;
}

test('ends are counted by outcome, a rollback from its decision to its end, and the requests it came too late for', async () => {
  await rollBack(0.9);
  await rollBack(7);
  const cancelled = await accept();
  await api.client.cancel(cancelled);
  const text = await scrape();
  const expected = [
    'sluice_deployments_ended_total{kind="rollout",outcome="rolled_back"} 2',
    'sluice_deployments_ended_total{kind="rollout",outcome="cancelled"} 1',
    'sluice_deployments_ended_total{kind="rollout",outcome="succeeded"} 0',
    'sluice_rollback_seconds_bucket{kind="rollout",le="0.5"} 0',
    'sluice_rollback_seconds_bucket{kind="rollout",le="1"} 1',
    'sluice_rollback_seconds_bucket{kind="rollout",le="10"} 2',
    'sluice_rollback_seconds_bucket{kind="rollout",le="+Inf"} 2',
    'sluice_rollback_seconds_count{kind="rollout"} 2',
    'sluice_rollback_seconds_count{kind="restore"} 0',
    'sluice_harmed_requests_total 84',
  ];
  expect(text.split('\n')).toEqual(expect.arrayContaining(expected));
  const sum = await figure('sluice_rollback_seconds_sum{kind="rollout"}');
  expect(sum).toBeCloseTo(7.9, 2);
});

test('what has settled is counted once, from whichever process, and never read again', async () => {
  const old = await rollBack(2);
  await api.store.pool.query("UPDATE deployments SET ended_at = ended_at - interval '1 hour' WHERE id = $1", [old]);
  const looks = Array.from({ length: 4 }, () => api.store.figures(30_000));
  await Promise.all(looks);
  await accept().then((id) => api.client.cancel(id));
  const ended = (outcome: string) => figure(`sluice_deployments_ended_total{kind="rollout",outcome="${outcome}"}`);
  expect([await ended('rolled_back'), await ended('cancelled')]).toEqual([1, 1]);
  const { rows } = await api.store.pool.query('SELECT ended_id, totals FROM tallies');
  expect(rows).toMatchObject([{ ended_id: old, totals: { ended: { rollout: { rolled_back: 1 } } } }]);
});

test('the use of the call budget is told per account, region and lane', async () => {
  const key = { accountId: '000000000000', region: 'us-east-1' };
  const lanes = [{ lane: 'ordinary', spacingMs: 10_000 } as const];
  await api.store.callBudget.reserve(key, lanes, 3, 100_000);
  await api.store.callBudget.reserve(key, lanes, 2, 100_000);
  const labels = '{account="000000000000",region="us-east-1",lane="ordinary"}';
  expect(await figure(`sluice_call_budget_slots_total${labels}`)).toBe(5);
  expect(await figure(`sluice_call_budget_booked_seconds${labels}`)).toBeCloseTo(50, -1);
});

test('the evidence of a canary ages from the last period that was judged; a silent source is counted', async () => {
  const id = await accept();
  await api.tell(id, ...factsUntilBaking());
  expect(await figure('sluice_evidence_canaries{state="judged"}')).toBe(1);
  await api.store.pool.query(
    `UPDATE deployments SET state = jsonb_set(state, '{bakeStartedAt}', to_jsonb(extract(epoch FROM now()) * 1000 - 500000)) WHERE id = $1`,
    [id],
  );
  expect(await figure('sluice_evidence_age_seconds')).toBeCloseTo(500, -1);
  const end = (await api.store.now()) - 40_000;
  await api.store.pool.query('INSERT INTO evidence_blocks VALUES ($1, $2, $3, $4)', [id, end - 60_000, end, '{}']);
  expect(await figure('sluice_evidence_age_seconds')).toBeCloseTo(40, -1);
  await api.evidence(id, { verdict: 'inconclusive', judge: { silentSinceMs: 1 } });
  expect(await figure('sluice_evidence_canaries{state="silent"}')).toBe(1);
});

test('without its database nothing is told about it: a zero would be a lie', async () => {
  const databaseUrl = 'postgres://sluice:hunter2-canary@127.0.0.1:1/none';
  const store = createStore({ databaseUrl, poolSize: 2, logger: silentLogger });
  const parts = { store, logger: silentLogger, clock: systemClock, metricsPublic: true, registry: createRegistry() };
  const lame = await startApi({ host: '127.0.0.1', port: 0 }, parts);
  try {
    const text = await (await fetch(`${lame.url}/metrics`)).text();
    expect(text).toContain('\nsluice_database_up 0\n');
    expect(text).toMatch(/\nsluice_build_info\{version="\d+\.\d+\.\d+",node="[\d.]+"\} 1\n/);
    const series = text.split('\n').filter((line) => !line.startsWith('#'));
    expect(series.filter((line) => /^sluice_(deploy|overdue|oldest|harmed|workers|rollback|call)/.test(line))).toEqual(
      [],
    );
    expect(text).not.toContain('hunter2');
  } finally {
    await lame.close();
    await store.close();
  }
});

test('no secret, no name of a user’s and no id is among the figures', async () => {
  const configuration = { environment: { TOKEN: 'hunter2-canary' } };
  const { id } = await api.client.createDeployment({ target: 'checkout', configuration, message: 'words-canary' });
  const idempotency = { headers: { 'idempotency-key': 'key-canary' } };
  await api.call('POST', '/v1/deployments', { target: 'checkout', configuration }, idempotency);
  await api.call('GET', '/v1/targets/target-canary');
  await api.tell(id, { type: 'Started' });
  const text = await scrape();
  expect(text).not.toMatch(/canary["}]|hunter2|checkout|bootstrap/);
  expect(text).not.toContain(id);
  expect(text).not.toContain(api.key.slice(0, 10));
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
});
