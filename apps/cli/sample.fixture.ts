import { type DeploymentView, deploymentView, type EventView } from '#contracts';
import type { Environment } from './config.js';
import type { Context } from './context.js';
import { plainStyle, type Style } from './render/style.js';

export const DEPLOYMENT_ID = '785a268a-b8a9-4a4b-afa0-3cba12f2ce28';
export const TARGET_ID = 'a3a02fde-c67b-4d32-b1dc-db1daa925b57';

const baking = {
  id: DEPLOYMENT_ID,
  target: {
    id: TARGET_ID,
    name: 'checkout',
    functionName: 'checkout-fn',
    aliasName: 'live',
    region: 'eu-central-1',
    accountId: '111122223333',
  },
  kind: 'rollout',
  phase: 'baking',
  sequence: 9,
  ended: false,
  result: null,
  reason: null,
  headline: '10 % on version 5, baking, 12 s left.',
  strategy: 'demo',
  adaptive: false,
  steps: [
    { weightPercent: 10, bakeSeconds: 20, gates: ['analysis'] },
    { weightPercent: 50, bakeSeconds: 20, gates: ['approval'] },
  ],
  step: 0,
  stableVersion: '4',
  canaryVersion: '5',
  weightPercent: 10,
  alias: { version: '4', canary: { version: '5', weightPercent: 10 } },
  gate: null,
  bakeStartedAt: '2026-01-31T12:00:00.000Z',
  bakeUntil: '2026-01-31T12:00:20.000Z',
  deadlineAt: null,
  evidence: {
    verdict: 'continue',
    sentence: 'not enough seen yet',
    numbers: { stable: { invocations: 1222, errors: 3 }, canary: { invocations: 28, errors: 0 } },
    at: '2026-01-31T12:00:08.000Z',
  },
  rollbackPoint: { version: '4' },
  restoreCommand: 'aws lambda update-alias --function-name checkout-fn --name live --function-version 4',
  drift: null,
  trouble: null,
  allowedActions: ['promote', 'pause', 'abort'],
  artifact: { id: TARGET_ID, kind: 'zip', sha256: 'ab'.repeat(32), sizeBytes: 100 },
  configurationChanges: [],
  message: 'voucher codes',
  commit: '1234567ab',
  requestedBy: 'ci',
  createdAt: '2026-01-31T11:59:58.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
  endedAt: null,
  readAt: '2026-01-31T12:00:08.000Z',
} as const;

/** A deployment as the API shows it, baking unless told otherwise; checked against the contract. */
export function deployment(changes: Record<string, unknown> = {}): DeploymentView {
  return deploymentView.parse({ ...baking, ...changes });
}

export const ended = { ended: true, step: null, allowedActions: [], endedAt: '2026-01-31T12:01:00.000Z' };

export const promoted = {
  ...ended,
  phase: 'succeeded',
  result: 'promoted',
  headline: 'Promoted: version 5 has all traffic.',
  alias: { version: '5' },
};

export const rolledBack = {
  ...ended,
  phase: 'rolled_back',
  headline: 'Rolled back to version 4: errors rose.',
  reason: { code: 'verdict_failed', sentence: 'errors rose.', remedy: 'Mend it.' },
  alias: { version: '4' },
};

export const drifted = {
  phase: 'drifted',
  headline: 'Somebody else moved the alias.',
  allowedActions: ['abort', 'accept-as-is', 'restore', 'abandon'],
  drift: { expected: baking.alias, observed: { version: '3' }, sentence: 'Somebody else moved the alias.' },
};

export function event(sequence: number, sentence: string, type = 'WeightShifted'): EventView {
  return {
    deploymentId: DEPLOYMENT_ID,
    sequence,
    type,
    actor: 'worker',
    at: '2026-01-31T12:00:00.000Z',
    sentence,
    data: {},
  };
}

export const emptyEnvironment: Environment = {
  url: undefined,
  apiKey: undefined,
  dataDir: undefined,
  noColor: false,
  dumbTerminal: false,
  unicode: true,
};

/** A context whose output is kept; waiting takes no time. */
export function keptContext(
  changes: {
    environment?: Partial<Environment>;
    cwd?: string;
    style?: Style;
    interrupted?: AbortSignal;
    clock?: Context['clock'];
  } = {},
) {
  const kept = { out: '', err: '' };
  const style = changes.style ?? plainStyle;
  const context: Context = {
    environment: { ...emptyEnvironment, ...changes.environment },
    cwd: changes.cwd ?? '/',
    clock: changes.clock ?? { now: () => 0, sleep: async () => undefined },
    screen: {
      out: (text) => {
        kept.out += text;
      },
      err: (text) => {
        kept.err += text;
      },
      style,
      errStyle: style,
      redraws: false,
    },
    interrupted: changes.interrupted ?? new AbortController().signal,
  };
  return { context, kept };
}
