import type { FindingView } from '#contracts';
import { losesWakeUps } from '#queue';
import { type KeptObjects, type ReportedWorker, type RetentionReport, WORKER_SILENT_MS } from '#store';
import type { ApiParts } from '../parts.js';
import { deploymentFindings } from './doctor-deployments.js';
import { firstFew, NAMED, ok } from './finding.js';
import { words } from './readiness.js';
import { retentionWords } from './retention-words.js';
import type { Truth } from './truth.js';

type Figures = NonNullable<Truth['figures']>;

/** Bakes run on database time, so that this much only spoils the log; AWS refuses signatures that are 5 minutes off. */
const SKEW_NOTED_MS = 5_000;
const SKEW_REFUSED_MS = 240_000;
const LAG_NOTED_MS = 500;
/** A few refusals are how the budget works; this many in a minute is rollouts standing in line. */
const STARVED_PER_MINUTE = 20;

/**
 * Looks at everything that could be wrong and explains what is: what it is, why it matters, what to do. Deployments are
 * named only to keys of their project; what concerns the machinery concerns everybody.
 */
export async function diagnose(parts: ApiParts, truth: Truth, projectId: string): Promise<FindingView[]> {
  const { figures } = truth;
  if (!figures) return [databaseSilent()];
  const alive = figures.workers.filter(({ silentMs }) => silentMs <= WORKER_SILENT_MS);
  const live = figures.live.reduce((sum, { count }) => sum + count, 0);
  const [deployments, schema, retention, kept] = await Promise.all([
    deploymentFindings(parts.store.troubles, projectId, { hasWorker: alive.length > 0, live }),
    parts.store.migrations(),
    parts.store.retention.report(),
    parts.store.retention.objects.kept(),
  ]);
  return [
    ...workerFindings(figures, alive),
    ...deployments,
    // Workers tell how AWS answers; when none is alive nobody knows, and nothing is said.
    ...(alive.length > 0 ? [...awsFindings(alive), ...budgetFindings(alive)] : []),
    ...queueFindings(truth, alive),
    ...clockFindings(truth.clockSkewMs, alive),
    ...schemaFindings(schema),
    ...retentionFindings(retention, kept),
  ];
}

function databaseSilent(): FindingView {
  return {
    name: 'database',
    state: 'bad',
    sentence: 'The database does not answer.',
    why: 'Postgres is the truth: nothing is accepted and no rollout goes on without it. Aliases stay as they are.',
    remedy: 'Bring Postgres back, or correct DATABASE_URL; everything goes on by itself.',
  };
}

function workerFindings(figures: Figures, alive: readonly ReportedWorker[]): FindingView[] {
  const dead = figures.workers.filter((worker) => !alive.includes(worker));
  const troubled = alive.flatMap(({ name, report }) => {
    const failing = Object.entries(report.rounds).flatMap(([round, { problem }]) =>
      problem ? [`the last round of ${round} failed with ${problem}`] : [],
    );
    const found: FindingView[] = [];
    if (failing.length > 0) {
      found.push({
        name: 'workers',
        state: 'bad',
        sentence: `${name}: ${failing.join('; ')}.`,
        why: 'The rounds find what the queue has lost and what others changed in AWS.',
        remedy: 'Look for "A round failed" in the log of that worker; the database is the usual cause.',
      });
    }
    if (report.eventLoopLagMs > LAG_NOTED_MS || report.pool.waiting > 0) {
      found.push({
        name: 'workers',
        state: 'warning',
        sentence: `${name} is short of breath: its event loop is ${report.eventLoopLagMs} ms late and ${report.pool.waiting} callers wait for a database connection.`,
        why: 'A worker that is late loses its leases, and everything it does takes longer.',
        remedy:
          'Give it more CPU, lower SLUICE_WORKER_CONCURRENCY, raise DATABASE_POOL_SIZE, or start one more worker.',
      });
    }
    return found;
  });
  const lost = dead.length === 0 ? [] : [deadWorkers(dead, alive.length)];
  if (alive.length > 0) {
    const shown = firstFew(troubled, {
      name: 'workers',
      tell: (finding) => finding,
      more: 'Workers that fail in such a way as well',
    });
    return [ok('workers', `${countOf(alive.length, 'worker')} alive.`), ...lost, ...shown];
  }
  if (lost.length > 0) return lost;
  return [
    {
      name: 'workers',
      state: 'bad',
      sentence: 'No worker has ever been heard of, or none for an hour.',
      why: 'Only workers act: what is accepted waits, and a canary stays where it is without anybody watching it.',
      remedy: 'Start one: "npm start" brings its own, docker compose has the service "worker".',
    },
  ];
}

/** One finding for all of them: what to do is the same, and workers that are restarted over and over leave many. */
function deadWorkers(dead: readonly ReportedWorker[], others: number): FindingView {
  const named = dead.slice(0, NAMED).map(({ name, silentMs }) => `${name} for ${words(silentMs)}`);
  const more = dead.length > NAMED ? `, and ${dead.length - NAMED} more` : '';
  const [first] = dead;
  const sentence =
    dead.length === 1 && first
      ? `${first.name} has said nothing for ${words(first.silentMs)} and did not say goodbye.`
      : `${dead.length} workers have said nothing and did not say goodbye: ${named.join(', ')}${more}.`;
  return others > 0
    ? {
        name: 'workers',
        state: 'warning',
        sentence,
        why: 'They were killed, or they hang. Those that are alive have taken over their work.',
        remedy:
          'If new processes have taken their place, do nothing: this line goes away after an hour. Else start them again. If they die again and again, look at their last lines and at memory.',
      }
    : {
        name: 'workers',
        state: 'bad',
        sentence,
        why: 'They were killed, or they hang, and there is no other: canaries stay where they are and nobody watches them.',
        remedy:
          'Start a worker. To put an old version back before that, use the aws command that "sluice status TARGET" prints.',
      };
}

/** Faults that a person must mend; everything else passes by itself. */
const CREDENTIAL_CODES = ['access_denied', 'credentials_expired', 'credentials_unusable', 'wrong_account'];

function awsFindings(alive: readonly ReportedWorker[]): FindingView[] {
  const found = new Map<string, { worker: string; fault: ReportedWorker['report']['faults'][number] }>();
  for (const { name, report } of alive) {
    for (const fault of report.faults) found.set(`${fault.operation} ${fault.code}`, { worker: name, fault });
  }
  const findings = [...found.values()].flatMap(({ worker, fault }): FindingView[] => {
    const { operation, code, count, agoMs, sentence } = fault;
    const times = `${operation}: ${code}, ${count === 1 ? 'once' : `${count} times`} within 10 minutes, last ${words(agoMs)} ago.`;
    if (CREDENTIAL_CODES.includes(code)) return [credentialsFinding(worker, code, times, sentence)];
    if (code === 'not_found' || code === 'update_in_progress') return [];
    return [
      {
        name: code === 'throttled' ? 'throttling' : 'aws',
        state: 'warning',
        sentence: `${times} ${sentence}`,
        why: 'Steps take longer; nothing is lost, because every call is repeated or its outcome looked up.',
        remedy:
          code === 'throttled'
            ? 'Somebody else uses the same 15 calls a second: lower SLUICE_LAMBDA_CALLS_PER_SECOND or calm the other tool.'
            : 'It passes by itself when AWS recovers; if not, check AWS_ENDPOINT_URL, the network and AWS’s status page.',
      },
    ];
  });
  return findings.length > 0 ? findings : [ok('aws', 'AWS has answered every call of the last ten minutes.')];
}

function credentialsFinding(worker: string, code: string, times: string, sentence: string): FindingView {
  const elsewhere = code === 'wrong_account';
  return {
    name: 'credentials',
    state: 'bad',
    sentence: `${times} ${sentence}`,
    why: elsewhere
      ? 'A function of the same name may live there; Sluice writes nothing to it, so its targets stand still.'
      : 'Without that right a rollout fails, and a rollback can be refused just when it is needed.',
    remedy: elsewhere
      ? `Give ${worker} a role in the account and region that its targets name, or correct the targets.`
      : `Compare the role of ${worker} with the policy in the README, and check its AWS settings.`,
  };
}

function budgetFindings(alive: readonly ReportedWorker[]): FindingView[] {
  const sums = new Map<string, number>();
  for (const { report } of alive) {
    for (const { accountId, region, lane, count } of report.refusals) {
      const key = `${accountId} ${region}, ${lane} calls`;
      sums.set(key, (sums.get(key) ?? 0) + count);
    }
  }
  const starved = [...sums].filter(([, count]) => count >= STARVED_PER_MINUTE);
  return firstFew(
    starved.sort(([, left], [, right]) => right - left),
    {
      name: 'budget',
      none: 'The call budget has room.',
      tell: ([key, count]) => ({
        name: 'budget',
        state: 'warning',
        sentence: `${key}: ${count} calls had to come back later within a minute.`,
        why: 'Lambda takes 15 control-plane calls a second per account and region; rollouts stand in line, rollbacks go first.',
        remedy: 'Deploy less at once, or ask AWS for a higher quota and raise SLUICE_LAMBDA_CALLS_PER_SECOND.',
      }),
      more: 'Short of calls as well',
    },
  );
}

const REDIS_REMEDIES: Readonly<Record<string, string>> = {
  maxmemory_policy: 'redis-cli config set maxmemory-policy noeviction, and the same in redis.conf.',
  aof_enabled: 'redis-cli config set appendonly yes, and the same in redis.conf.',
  writable: 'redis-cli info: look at used_memory against maxmemory, at role (it must be master) and at the disk.',
};

function queueFindings({ queue }: Truth, alive: readonly ReportedWorker[]): FindingView[] {
  const findings: FindingView[] = [];
  if (queue === undefined) {
    findings.push({
      name: 'queue',
      state: 'warning',
      sentence: 'The queue does not answer this process.',
      why: 'Nothing is lost: the sweep finds all work in Postgres. What is accepted starts a few seconds later.',
      remedy: 'Bring Redis back or correct REDIS_URL; wake-ups are armed again by themselves.',
    });
  }
  const unheard = alive.filter(({ report }) => !report.queue.ok);
  findings.push(
    ...firstFew(unheard, {
      name: 'queue',
      tell: ({ name }) => ({
        name: 'queue',
        state: 'warning',
        sentence: `The queue does not answer ${name}.`,
        why: 'Its sweep does the work from Postgres, a few seconds later than the queue would.',
        remedy: 'Check the network between that worker and Redis, and its REDIS_URL.',
      }),
      more: 'Workers that the queue does not answer either',
    }),
  );
  const ours = queue === undefined || queue === 'none' ? [] : queue.findings;
  const settings = [...ours, ...alive.flatMap(({ report }) => report.queue.findings)];
  for (const { setting, found, sentence } of new Map(settings.map((one) => [one.setting, one])).values()) {
    findings.push({
      name: 'redis',
      state: losesWakeUps({ setting }) ? 'bad' : 'warning',
      sentence: `${setting} is ${found}. ${sentence}`,
      why: 'A lost wake-up changes no outcome, but the rollout stands still until the sweep finds it.',
      remedy: REDIS_REMEDIES[setting] ?? 'Look at the log of Redis.',
    });
  }
  if (findings.length > 0) return findings;
  const isAsked = queue !== 'none' || alive.length > 0;
  return isAsked ? [ok('queue', 'The queue answers and keeps what it is given.')] : [];
}

function clockFindings(apiSkewMs: number | undefined, alive: readonly ReportedWorker[]): FindingView[] {
  const clocks = [
    ...(apiSkewMs === undefined ? [] : [{ name: 'this API process', skewMs: apiSkewMs }]),
    ...alive.map(({ name, report }) => ({ name, skewMs: report.clockSkewMs })),
  ];
  const wrong = clocks.filter(({ skewMs }) => Math.abs(skewMs) > SKEW_NOTED_MS);
  return firstFew(
    wrong.sort((left, right) => Math.abs(right.skewMs) - Math.abs(left.skewMs)),
    {
      name: 'clocks',
      none: 'All clocks agree with the database’s.',
      tell: ({ name, skewMs }) => ({
        name: 'clocks',
        state: Math.abs(skewMs) > SKEW_REFUSED_MS ? 'bad' : 'warning',
        sentence: `The clock of ${name} is ${words(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} the database’s.`,
        why: 'Bakes run on database time and are right; log lines are not, and AWS refuses calls signed five minutes off.',
        remedy:
          'Let NTP or chrony run on that machine. If the clocks of all processes are off, it is the database’s machine.',
      }),
      more: 'Processes with a clock that is off as well',
    },
  );
}

function schemaFindings({
  missing,
  unknown,
}: {
  missing: readonly string[];
  unknown: readonly string[];
}): FindingView[] {
  const findings: FindingView[] = [];
  if (missing.length > 0) {
    findings.push({
      name: 'schema',
      state: 'bad',
      sentence: `The database lacks ${missing.join(', ')}.`,
      why: 'This release writes columns that are not there; its statements will fail.',
      remedy: 'Start this release once more: every process brings the schema up to date when it boots.',
    });
  }
  if (unknown.length > 0) {
    findings.push({
      name: 'schema',
      state: 'warning',
      sentence: `The database already has ${unknown.join(', ')}, which this process does not know.`,
      why: 'A newer release has been here. Migrations only add, so both work side by side, but not for ever.',
      remedy: 'Bring this process to the newer release.',
    });
  }
  return findings.length > 0 ? findings : [ok('schema', 'The database has this release’s schema.')];
}

function retentionFindings(report: RetentionReport | undefined, kept: readonly KeptObjects[]): FindingView[] {
  // Of a bucket that is no longer pruned nothing is expected.
  const failing = kept.filter(({ bucket }) => bucket === report?.policy.bucket);
  const findings = failing.map(
    ({ bucket, count, problem }): FindingView => ({
      name: 'retention',
      state: 'warning',
      sentence: `Code that nothing refers to could not be removed from the bucket ${bucket}, ${count === 1 ? 'one object' : `${count} objects`} so far: ${problem}.`,
      why: 'It only takes up room; every rollout and rollback goes on.',
      remedy: `Allow the workers s3:DeleteObject on arn:aws:s3:::${bucket}/artifacts/*, or set SLUICE_S3_PRUNE to off. It is tried again every day.`,
    }),
  );
  return [ok('retention', retentionWords(report)), ...findings];
}

const countOf = (count: number, noun: string) => (count === 1 ? `1 ${noun} is` : `${count} ${noun}s are`);
