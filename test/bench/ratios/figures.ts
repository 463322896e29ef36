/** Which way is good, and from where on. Sources of the three marks: what raw parts and the best peers of this kind reach. */
export interface Figure {
  /** `P1`, or `P7 faults` where one measurement has several sides. */
  readonly id: string;
  /** One sentence: what is divided by what. */
  readonly what: string;
  readonly unit: '' | 'ms' | 's' | 'B' | 'MB' | '/min';
  readonly better: 'higher' | 'lower';
  readonly floor: number;
  readonly target: number;
  readonly worldClass: number;
}

const higher = (id: string, what: string, floor: number, target: number, worldClass: number): Figure => ({
  id,
  what,
  unit: '',
  better: 'higher',
  floor,
  target,
  worldClass,
});

const lower = (
  id: string,
  what: string,
  unit: Figure['unit'],
  floor: number,
  target: number,
  worldClass: number,
): Figure => ({ id, what, unit, better: 'lower', floor, target, worldClass });

/** Everything that is measured, in the order in which it is shown. */
export const figures: readonly Figure[] = [
  higher('P1', 'accepted deployments/s over HTTP ÷ a raw Fastify + one statement', 0.25, 0.45, 0.6),
  higher('P2', 'accepted deployments/s ÷ raw one-row inserts at 16 connections', 0.06, 0.1, 0.14),
  lower('P3', 'accept p99 at half of its own greatest rate, open loop', 'ms', 50, 25, 15),
  higher('P4', 'idempotent replays/s ÷ new accepts/s', 1, 1.5, 2),
  higher('P5', 'rollout steps/s (a Lambda that answers at once) ÷ a raw step loop', 0.25, 0.5, 0.7),
  higher('P6', 'rollout steps/s ÷ a raw BullMQ drain', 0.03, 0.05, 0.08),
  lower('P7', 'budgeted Lambda calls per rollout ÷ the least possible (2 + k)', '', 1.6, 1.2, 1),
  lower('P7 faults', 'the same while 5 % of all calls fail', '', 2, 1.5, 1.3),
  higher('P8', 'ordinary Lambda calls/s with 1,000 rollouts in line ÷ the rate allowed', 0.7, 0.85, 0.95),
  lower('P8 429s', 'calls that Lambda refused as too many meanwhile', '', 5, 0, 0),
  lower('P9', 'lag p99 of due steps, 10,000 live, due within 10 s ÷ raw BullMQ', '', 5, 3, 1.5),
  lower('P10', 'lag p99 of due steps, 100,000 live, due within 60 s ÷ raw BullMQ', '', 10, 4, 2),
  lower('P11 Redis', 'bytes of Redis per idle live rollout', 'B', 2000, 1200, 900),
  lower('P11 Postgres', 'bytes of Postgres per idle live rollout', 'B', 8000, 3000, 1500),
  lower('P11 heap', 'bytes of the worker’s heap per idle live rollout', 'B', 1000, 100, 10),
  lower('P12', 'the effect resumes after kill -9 ÷ raw tuned BullMQ', '', 2, 1.5, 1),
  lower('P13', 'all wake-ups are back after FLUSHALL with 10,000 live', 's', 15, 7, 2),
  higher('P14', 'throughput after a fault ÷ before, worst scenario', 0.9, 0.98, 0.99),
  higher('P15', 'accepts/s with Redis down ÷ with Redis up', 0.8, 0.95, 1),
  { ...higher('P16', 'simulated schedules a minute on one core', 1e5, 1e6, 3e6), unit: '/min' },
  lower('P17', 'decision to roll back → alias written, p99, among 1,000 rollouts', 'ms', 5000, 1000, 250),
  lower('P19', 'history read p99 with 1,000,000 events of 100,000 deployments', 'ms', 100, 30, 10),
  lower('P20 boot', 'start of the process → ready, the slower of API and worker', 's', 5, 2, 1),
  lower('P20 memory', 'resident memory when idle, the larger of API and worker', 'MB', 250, 180, 150),
  lower('P21', 'runs of the whole test suite that had to be repeated (per 50)', '', 1, 0, 0),
];

/** Figures that wait for a room that does not exist yet, so that nobody takes silence for a pass. */
export const owed: readonly { readonly id: string; readonly why: string }[] = [
  { id: 'P18', why: 'inbound webhooks do not exist yet; there is nothing to measure' },
];

/** What one measurement found for one figure in one round. */
export interface Reading {
  readonly id: string;
  /** The figure itself: a ratio, or a plain value where the figure has a unit. */
  readonly value: number;
  /** What it was divided by, in its own unit, and what that was. */
  readonly raw?: { readonly value: number; readonly what: string };
  /** Sluice's own side of the ratio, in the same unit. */
  readonly ours?: number;
  /** What a reader must know to understand the figure; where a mark is missed, what the time is spent on. */
  readonly note?: string;
}

export function figureOf(id: string): Figure {
  const found = figures.find((figure) => figure.id === id);
  if (!found) throw new Error(`No figure is called ${id}.`);
  return found;
}

/** `P7` for `P7 faults`. */
export const groupOf = (id: string): string => id.split(' ')[0] ?? id;
