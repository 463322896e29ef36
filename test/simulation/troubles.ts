import type { Random } from './random.js';

/** How bad a schedule's world is: chances per call, drawn once per schedule. All of it ends at `calmAt`. */
export interface Troubles {
  readonly calmAt: number;
  /** A process dies, or freezes, at an I/O point: before the request leaves or before its answer arrives. */
  readonly death: number;
  readonly freeze: number;
  readonly longestFreezeMs: number;
  readonly database: number;
  readonly lambda: number;
  /** Answers of Lambda that never come, or writes that land long after nobody waits for them. */
  readonly silence: number;
  readonly denial: number;
  /** From then on no write is permitted: somebody has taken rights away. */
  readonly deniedFrom: number;
  readonly budget: number;
  readonly queue: {
    readonly lost: number;
    readonly doubled: number;
    readonly lateMs: number;
    readonly refused: number;
  };
  readonly latencyMs: number;
}

/** So long before they calm down the storms begin. */
export const CHAOS_MS = 30_000;

/** Of all schedules, so many miss a permission now and then, or lose those to write. */
const MISSING = 0.1;
const WITHDRAWN = 0.05;

const calm = {
  death: 0,
  freeze: 0,
  longestFreezeMs: 0,
  database: 0,
  lambda: 0,
  silence: 0,
  denial: 0,
  deniedFrom: Number.POSITIVE_INFINITY,
  budget: 0,
  queue: { lost: 0, doubled: 0, lateMs: 0, refused: 0 },
};

export function calmTroubles(latencyMs: number): Troubles {
  return { calmAt: 0, latencyMs, ...calm };
}

/** Most schedules suffer from a few things at once, some from everything, a few from nothing at all. */
export function drawTroubles(random: Random, calmAt: number): Troubles {
  const level = random.pick([0, 0.02, 0.06, 0.12]);
  const some = (rate: number) => (random.chance(0.5) ? level * rate : 0);
  const latencyMs = random.pick([20, 60, 300]);
  if (level === 0) return { ...calmTroubles(latencyMs), calmAt };
  return {
    calmAt,
    death: some(0.25),
    freeze: some(0.4),
    longestFreezeMs: random.pick([3_000, 9_000, 25_000]),
    database: some(0.5),
    lambda: some(1),
    silence: some(1.5),
    denial: 0,
    deniedFrom: Number.POSITIVE_INFINITY,
    ...drawDenial(random.next(), level, calmAt),
    budget: some(1),
    queue: { lost: some(4), doubled: some(3), lateMs: some(1) > 0 ? 6_000 : 0, refused: some(1) },
    latencyMs,
  };
}

/**
 * Permissions are rarely missing; where they are, it is now and then, or those to write from some moment of the first half
 * on, in a world where answers get lost as well.
 */
function drawDenial(dice: number, level: number, calmAt: number): Partial<Troubles> {
  if (dice >= MISSING) return {};
  if (dice >= WITHDRAWN) return { denial: level * 0.3 };
  return { silence: level * 3, deniedFrom: calmAt - CHAOS_MS * (1 - dice / WITHDRAWN / 2) };
}

export function isFair({
  death,
  freeze,
  database,
  lambda,
  silence,
  denial,
  deniedFrom,
  budget,
  queue,
}: Troubles): boolean {
  const rates = [death, freeze, database, lambda, silence, denial, budget, queue.lost, queue.doubled, queue.lateMs];
  return [...rates, queue.refused].every((rate) => rate === 0) && deniedFrom === calm.deniedFrom;
}
