import type { DeploymentView } from '#contracts';
import { duration, rate, weight } from './words.js';

/** What the judge said about what comes next; absent before it has seen anything. */
interface Outlook {
  readonly stage: 'ramp' | 'bake';
  readonly nextWeightPercent: number | null;
  readonly leftMs: number | null;
  readonly suspicious: boolean;
}

/** Where an adaptive rollout stands: the weight, what comes next, what is excluded by now, and how long it may take. */
export function adaptiveWords(deployment: DeploymentView, elapsedMs: number): string | undefined {
  const { phase, weightPercent, deadlineAt } = deployment;
  const left = (ms: number) => duration(Math.max(1000, ms - elapsedMs));
  const until = deadlineAt ? left(Date.parse(deadlineAt) - Date.parse(deployment.readAt)) : undefined;
  switch (phase) {
    case 'shifting':
      return `shifting, from ${weight(weightPercent)}`;
    case 'gated':
      return `held at ${weight(weightPercent)}: a person decides; rolls back in ${until} unless promoted`;
    case 'paused':
      return `paused at ${weight(weightPercent)}; rolls back in ${until} unless resumed`;
    case 'baking':
      return holdingWords(deployment, left);
    default:
      return undefined;
  }
}

function holdingWords(deployment: DeploymentView, left: (ms: number) => string): string | undefined {
  const { weightPercent, evidence, readAt, stableVersion } = deployment;
  const seen = readOutlook(evidence?.numbers['outlook']);
  const place = `holding at ${weight(weightPercent)}`;
  // The headline says what little is known then.
  if (!seen || !evidence) return undefined;
  const age = Date.parse(readAt) - Date.parse(evidence.at);
  const time = seen.leftMs === null ? 'no end in sight yet' : `about ${left(seen.leftMs - age)} left`;
  if (seen.stage === 'bake') {
    const kept = `${weight(100 - weightPercent)} stay on version ${stableVersion} to be compared with`;
    return `holdback: ${kept}${seen.suspicious ? '; longer, under suspicion' : ''}; ${time}, then promotion`;
  }
  if (seen.suspicious) return `${place} under suspicion: nothing is added until it is cleared up`;
  const next = seen.nextWeightPercent === null ? '' : `; next at most ${weight(seen.nextWeightPercent)}`;
  const upper = upperRate(evidence.numbers['canary']);
  const excluded = upper === undefined ? '' : `; an error rate above ${rate(upper)} is excluded`;
  return `${place}${next}${excluded}; ${time}`;
}

/** Upper end of the 95 % interval of the canary's error rate; 1 says nothing. */
function upperRate(canary: unknown): number | undefined {
  const upper = (canary as { interval?: { upper?: unknown } } | undefined)?.interval?.upper;
  return typeof upper === 'number' && upper < 1 ? upper : undefined;
}

function readOutlook(value: unknown): Outlook | undefined {
  const { stage, nextWeightPercent, leftMs, suspicious } = (value ?? {}) as Partial<Record<keyof Outlook, unknown>>;
  if (stage !== 'ramp' && stage !== 'bake') return undefined;
  return {
    stage,
    nextWeightPercent: typeof nextWeightPercent === 'number' ? nextWeightPercent : null,
    leftMs: typeof leftMs === 'number' ? leftMs : null,
    suspicious: suspicious === true,
  };
}
