import { createHash } from 'node:crypto';
import type { CallEntry } from '../../apps/emulator/faults/call-log.js';
import { canonicalJson } from '../../libs/store/deployments/row.js';
import { ACCOUNT } from '../world/emulated-lambda.js';
import { type OutageWorld, SWEEP_SECONDS } from './world.js';

/** Throws a sentence that says what does not hold. */
type Probe = (world: OutageWorld) => Promise<void>;

/** What is looked at from outside after every outage that names it: with SQL, the emulator's log and the clients' notes. */
export const probes = {
  I1: oneActivePerTarget,
  I2: everyVersionIsOnRecord,
  I3: rolledBackMeansRestored,
  I4: noWeightAfterTheRollback,
  I5: weightsAreSound,
  I7: noWriteOutsideADeployment,
  I8: historiesAreWhole,
  I9: nothingPromisedIsLost,
  I10: oneDeploymentPerKey,
  I11: oneVersionPerDeployment,
  I12: rowsAgreeWithAliases,
  I13: nothingIsOverdue,
  I17: nothingIsHalfDone,
  I18: everyWriteNamesWhatItSaw,
  I21: noSecretsInLogs,
} satisfies Record<string, Probe>;

/** The others are for `run` to check itself: they speak of what happens during the outage. */
export type Invariant = keyof typeof probes | 'I6' | 'I14' | 'I15' | 'I16' | 'I19' | 'I20' | 'I22';

/** What does not hold, in sentences. */
export async function probe(world: OutageWorld, invariants: readonly Invariant[]): Promise<string[]> {
  const problems: string[] = [];
  for (const name of invariants) {
    const look: Probe | undefined = name in probes ? probes[name as keyof typeof probes] : undefined;
    await look?.(world).catch((error: unknown) => {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return problems;
}

async function none(world: OutageWorld, what: string, query: string, values: unknown[] = []): Promise<void> {
  const rows = await world.sql(query, values);
  if (rows.length > 0) throw new Error(`${what}: ${JSON.stringify(rows.slice(0, 5))}`);
}

async function oneActivePerTarget(world: OutageWorld): Promise<void> {
  await none(
    world,
    'more than one active deployment',
    `SELECT t.account_id, t.region, t.function_name, t.alias_name, count(*)::int AS active
     FROM deployments d JOIN targets t ON t.id = d.target_id
     WHERE d.ended_at IS NULL AND d.phase <> 'queued' GROUP BY 1, 2, 3, 4 HAVING count(*) > 1`,
  );
}

interface AliasWrite {
  readonly at: number;
  readonly functionName: string;
  readonly version: string;
  readonly weights: Record<string, number>;
}

/** Alias writes of Sluice that took effect. The function owner's own writes are signed by the account itself. */
async function aliasWrites(world: OutageWorld): Promise<AliasWrite[]> {
  const calls = await world.lambda.log('UpdateAlias');
  return calls.filter(bySluice).flatMap(({ at, outcome, reached, input = {}, function: functionName = '' }) => {
    if (outcome !== 'ok' && !(outcome === 'reset' && reached)) return [];
    const routing = input['RoutingConfig'] as { AdditionalVersionWeights?: Record<string, number> } | undefined;
    const weights = routing?.AdditionalVersionWeights ?? {};
    return [{ at, functionName, version: String(input['FunctionVersion']), weights }];
  });
}

const bySluice = ({ actor }: CallEntry): boolean => actor !== ACCOUNT;

async function everyVersionIsOnRecord(world: OutageWorld): Promise<void> {
  const rows = await world.sql('SELECT function_name, version FROM versions');
  const known = new Set(rows.map((row) => `${row['function_name']} ${row['version']}`));
  for (const { functionName, version, weights } of await aliasWrites(world)) {
    for (const one of [version, ...Object.keys(weights)]) {
      if (!known.has(`${functionName} ${one}`)) throw new Error(`${functionName}:${one} is on no record`);
    }
  }
}

/** The newest deployment of each target that is not waiting in line. */
const NEWEST = `SELECT DISTINCT ON (d.target_id) d.id, d.phase, d.state, d.rollback_version, d.ended_at, t.function_name
  FROM deployments d JOIN targets t ON t.id = d.target_id WHERE d.phase <> 'queued'
  ORDER BY d.target_id, d.created_at DESC, d.id DESC`;

async function rolledBackMeansRestored(world: OutageWorld): Promise<void> {
  for (const row of await world.sql(NEWEST)) {
    if (row['phase'] !== 'rolled_back') continue;
    const alias = await world.lambda.alias(String(row['function_name']));
    if (alias.version !== row['rollback_version'] || Object.keys(alias.weights).length > 0) {
      throw new Error(
        `${row['function_name']} is at ${JSON.stringify(alias)}, not at ${row['rollback_version']} alone`,
      );
    }
  }
}

async function noWeightAfterTheRollback(world: OutageWorld): Promise<void> {
  const writes = await aliasWrites(world);
  const rows = await world.sql<{ function_name: string; rollback_version: string; begun: number; ended: number }>(
    `SELECT t.function_name, d.rollback_version, round(extract(epoch FROM d.created_at) * 1000)::float8 AS begun,
       round(extract(epoch FROM d.ended_at) * 1000)::float8 AS ended
     FROM deployments d JOIN targets t ON t.id = d.target_id WHERE d.phase = 'rolled_back'`,
  );
  for (const row of rows) {
    const own = writes.filter(
      ({ functionName, at }) => functionName === row.function_name && at >= row.begun && at <= row.ended,
    );
    const restored = own.findIndex(
      ({ version, weights }) => version === row.rollback_version && Object.keys(weights).length === 0,
    );
    const after = restored < 0 ? [] : own.slice(restored + 1).filter(({ weights }) => Object.keys(weights).length > 0);
    if (after.length > 0) throw new Error(`weight after the rollback: ${JSON.stringify(after)}`);
  }
}

async function weightsAreSound(world: OutageWorld): Promise<void> {
  for (const write of await aliasWrites(world)) {
    const others = Object.entries(write.weights);
    const sound =
      others.length <= 1 &&
      others.every(([version, weight]) => /^[1-9]\d*$/.test(version) && weight >= 0 && weight <= 1) &&
      /^[1-9]\d*$/.test(write.version) &&
      !(write.version in write.weights);
    if (!sound) throw new Error(`an unsound alias value was written: ${JSON.stringify(write)}`);
  }
}

async function noWriteOutsideADeployment(world: OutageWorld): Promise<void> {
  const lives = await world.sql<{ fn: string; begun: number; ended: number | null }>(
    `SELECT t.function_name AS fn, extract(epoch FROM d.created_at)::float8 * 1000 AS begun,
       extract(epoch FROM d.ended_at)::float8 * 1000 AS ended
     FROM deployments d JOIN targets t ON t.id = d.target_id`,
  );
  // Stored times have milliseconds.
  const within = (write: AliasWrite) =>
    lives.some(
      ({ fn, begun, ended }) =>
        fn === write.functionName && write.at >= begun - 1 && (ended === null || write.at <= ended + 1),
    );
  const strays = (await aliasWrites(world)).filter((write) => !within(write));
  if (strays.length > 0) throw new Error(`written while no deployment was live: ${JSON.stringify(strays)}`);
}

/** Numbered 1..n, as many as the row says, each hash following from the one before: computed here once more. */
async function historiesAreWhole(world: OutageWorld): Promise<void> {
  const rows = await world.sql<{ id: string; sequence: number; last_hash: string; events: [number, object, string][] }>(
    `SELECT d.id, d.sequence, d.last_hash, json_agg(json_build_array(e.seq, e.data, e.hash) ORDER BY e.seq) AS events
     FROM deployments d LEFT JOIN events e ON e.deployment_id = d.id GROUP BY d.id`,
  );
  for (const { id, sequence, last_hash, events } of rows) {
    let previous = '';
    for (const [index, [seq, data, hash]] of events.entries()) {
      const expected = createHash('sha256')
        .update(`${previous}\n${index + 1}\n${canonicalJson(data)}`)
        .digest('hex');
      if (seq !== index + 1 || hash !== expected) throw new Error(`the history of ${id} breaks at ${index + 1}`);
      previous = hash;
    }
    if (events.length !== sequence || previous !== last_hash) {
      throw new Error(`${id} has ${events.length} events and sequence ${sequence}`);
    }
  }
}

async function nothingPromisedIsLost(world: OutageWorld): Promise<void> {
  const rows = await world.sql<{ id: string }>('SELECT id FROM deployments');
  const known = new Set(rows.map(({ id }) => id));
  const lost = world.promised.filter(({ id }) => !known.has(id));
  if (lost.length > 0) throw new Error(`answered with 202 and lost: ${JSON.stringify(lost)}`);
}

async function oneDeploymentPerKey(world: OutageWorld): Promise<void> {
  const ids = new Map<string, string>();
  for (const { id, key } of world.promised) {
    if (key === undefined) continue;
    if ((ids.get(key) ?? id) !== id) throw new Error(`the key ${key} made ${ids.get(key)} and ${id}`);
    ids.set(key, id);
  }
  const rows = await world.sql<{ key: string; id: string }>('SELECT key, deployment_id AS id FROM idempotency_keys');
  for (const { key, id } of rows) {
    if ((ids.get(key) ?? id) !== id)
      throw new Error(`the key ${key} stands for ${id}, a client was told ${ids.get(key)}`);
  }
}

async function oneVersionPerDeployment(world: OutageWorld): Promise<void> {
  await none(
    world,
    'a deployment published more than once',
    `SELECT deployment_id, count(*)::int FROM versions WHERE origin = 'published' GROUP BY 1 HAVING count(*) > 1`,
  );
  const rows = await world.sql('SELECT function_name, version FROM versions');
  const known = new Set(rows.map((row) => `${row['function_name']} ${row['version']}`));
  for (const { name } of await world.sql<{ name: string }>('SELECT DISTINCT function_name AS name FROM targets')) {
    const unknown = (await world.lambda.versions(name)).filter((one) => one !== '1' && !known.has(`${name} ${one}`));
    if (unknown.length > 0) throw new Error(`${name} has versions on no record: ${unknown.join(', ')}`);
  }
}

interface StoredValue {
  readonly version: string;
  readonly canary?: { version: string; weightPercent: number };
}

async function rowsAgreeWithAliases(world: OutageWorld): Promise<void> {
  for (const row of await world.sql(NEWEST)) {
    const value = (row['state'] as { value?: StoredValue }).value;
    if (!value) continue;
    const alias = await world.lambda.alias(String(row['function_name']));
    const wanted = value.canary ? { [value.canary.version]: value.canary.weightPercent / 100 } : {};
    if (alias.version !== value.version || JSON.stringify(alias.weights) !== JSON.stringify(wanted)) {
      throw new Error(`${row['function_name']} is at ${JSON.stringify(alias)}, on record ${JSON.stringify(value)}`);
    }
  }
}

/** Rows that are parked for a person or cannot be read have no next look, or one that lies ahead. */
async function nothingIsOverdue(world: OutageWorld): Promise<void> {
  await none(
    world,
    'overdue',
    `SELECT id, phase, next_at FROM deployments
     WHERE ended_at IS NULL AND next_at < clock_timestamp() - $1 * interval '1 second'`,
    [SWEEP_SECONDS + 5],
  );
}

async function nothingIsHalfDone(world: OutageWorld): Promise<void> {
  const halves: readonly (readonly [string, string])[] = [
    [
      'keys without their deployment',
      'SELECT k.key FROM idempotency_keys k LEFT JOIN deployments d ON d.id = k.deployment_id WHERE d.id IS NULL',
    ],
    [
      'events without their deployment',
      'SELECT e.deployment_id FROM events e LEFT JOIN deployments d ON d.id = e.deployment_id WHERE d.id IS NULL',
    ],
    [
      'deployments without their first event',
      'SELECT id FROM deployments d WHERE NOT EXISTS (SELECT FROM events e WHERE e.deployment_id = d.id AND e.seq = 1)',
    ],
    [
      'events beyond the row',
      'SELECT e.deployment_id, e.seq FROM events e JOIN deployments d ON d.id = e.deployment_id WHERE e.seq > d.sequence',
    ],
    [
      'locks of deployments that do not prepare',
      `SELECT l.function_name, d.phase FROM function_locks l LEFT JOIN deployments d ON d.id = l.deployment_id WHERE d.id IS NULL OR d.phase <> 'preparing'`,
    ],
    [
      'ends without a time, or times without an end',
      `SELECT id, phase, ended_at FROM deployments WHERE (ended_at IS NOT NULL) <> (phase IN ('succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded', 'target_gone'))`,
    ],
  ];
  for (const [what, query] of halves) await none(world, what, query);
}

const FENCED = ['UpdateAlias', 'UpdateFunctionCode', 'UpdateFunctionConfiguration', 'PublishVersion'];

async function everyWriteNamesWhatItSaw(world: OutageWorld): Promise<void> {
  const calls = (await world.lambda.log()).filter((call) => bySluice(call) && FENCED.includes(call.operation));
  // A call that a fault stopped before it was read is logged without what it asked for.
  const blind = calls.filter(({ input }) => input && typeof input['RevisionId'] !== 'string');
  if (blind.length > 0) throw new Error(`written without a RevisionId: ${JSON.stringify(blind.slice(0, 3))}`);
}

async function noSecretsInLogs(world: OutageWorld): Promise<void> {
  const secrets = [world.apiKey, new URL(world.database.url).password];
  for (const { name, output } of world.programs) {
    if (secrets.some((secret) => output.includes(secret))) throw new Error(`${name} wrote a secret into its log`);
  }
}
