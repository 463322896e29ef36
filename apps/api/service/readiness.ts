import type { ReadyView } from '#contracts';
import { losesWakeUps } from '#queue';
import { formatDuration } from '#rollout';
import { WORKER_SILENT_MS } from '#store';
import type { Truth } from './truth.js';

type Check = ReadyView['checks'][string];

/**
 * Red when the database is silent or work is overdue, whatever the queue says: overdue work is what users feel. A queue
 * that is out of reach, or a worker that died beside others, makes it degraded as long as nothing is late.
 */
export function readinessOf(truth: Truth): ReadyView {
  const { figures } = truth;
  if (!figures) {
    return { status: 'not_ready', checks: { database: { ok: false, sentence: 'The database does not answer.' } } };
  }
  const work = workCheck(figures);
  const others = { queue: queueCheck(truth), workers: workersCheck(figures) };
  const checks = { database: { ok: true, sentence: 'The database answers.' }, work, ...others };
  if (!work.ok) return { status: 'not_ready', checks };
  return { status: Object.values(others).every(({ ok }) => ok) ? 'ready' : 'degraded', checks };
}

type Figures = NonNullable<Truth['figures']>;

function workCheck(figures: Figures): Check {
  const { count, latestMs } = figures.overdue;
  if (count === 0) return { ok: true, sentence: 'No work is overdue.' };
  const late = `${count === 1 ? '1 deployment is' : `${count} deployments are`} overdue, the latest by ${words(latestMs)}`;
  const alive = figures.workers.some(({ silentMs }) => silentMs <= WORKER_SILENT_MS);
  const why = alive ? 'a worker is alive but does not get it done' : 'no worker has been heard of, so start one';
  return { ok: false, sentence: `${late}: ${why}.` };
}

function queueCheck({ queue }: Truth): Check {
  if (queue === 'none') return { ok: true, sentence: 'No queue is used; the sweep finds all work.' };
  const broken = queue?.findings.filter(losesWakeUps) ?? [];
  if (broken.length > 0) return { ok: false, sentence: broken.map(({ sentence }) => sentence).join(' ') };
  if (queue) return { ok: true, sentence: 'The queue answers.' };
  return { ok: false, sentence: 'The queue does not answer; the sweep does its work from Postgres, a little later.' };
}

function workersCheck({ workers }: Figures): Check {
  const alive = workers.filter(({ silentMs }) => silentMs <= WORKER_SILENT_MS).length;
  if (alive > 0) return { ok: true, sentence: alive === 1 ? '1 worker is alive.' : `${alive} workers are alive.` };
  return { ok: false, sentence: 'No worker has said anything within 30 s; what is accepted now waits for one.' };
}

/** Whole seconds as people say them. */
export function words(milliseconds: number): string {
  return formatDuration(Math.max(1, Math.round(milliseconds / 1000)));
}
