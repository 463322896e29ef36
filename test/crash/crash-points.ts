import type { WorkerParts } from '../../apps/worker/parts.js';

/** Where a process meets its end: at the n-th call of a point, before the call leaves or after its answer came. */
export interface CrashAt {
  readonly point: string;
  readonly when: 'before' | 'after';
  /** `kill`: SIGKILL, nothing is cleaned up. `freeze`: SIGSTOP, to be woken long after others took over. */
  readonly how: 'kill' | 'freeze';
}

/** `updateAlias#2:after:kill` */
export function readCrashAt(text: string): CrashAt {
  const [point, when, how] = text.split(':');
  if (!point || (when !== 'before' && when !== 'after') || (how !== 'kill' && how !== 'freeze')) {
    throw new Error(`Not a crash point: ${text}`);
  }
  return { point, when, how };
}

export const printCrashAt = ({ point, when, how }: CrashAt): string => `${point}:${when}:${how}`;

type Call = (...args: never[]) => Promise<unknown>;

/**
 * Every place where the worker touches the world, wrapped: each call is numbered per point and told to `seen`, and the
 * process ends itself at the one that was asked for.
 */
export function crashing(parts: WorkerParts, at: CrashAt | undefined, seen: (point: string) => void): WorkerParts {
  const counts = new Map<string, number>();

  const end = (how: CrashAt['how']) => process.kill(process.pid, how === 'kill' ? 'SIGKILL' : 'SIGSTOP');

  function guarded<F extends Call>(name: (...args: Parameters<F>) => string, call: F): F {
    return (async (...args: Parameters<F>) => {
      const kind = name(...args);
      const number = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, number);
      const point = `${kind}#${number}`;
      seen(point);
      const here = at?.point === point ? at : undefined;
      if (here?.when === 'before') end(here.how);
      const answer = await call(...args);
      if (here?.when === 'after') end(here.how);
      return answer;
    }) as unknown as F;
  }

  const { deployments } = parts.store;
  const { lambda, invoker } = parts;
  return {
    ...parts,
    store: {
      ...parts.store,
      deployments: {
        ...deployments,
        load: guarded(() => 'load', deployments.load),
        start: guarded(() => 'start', deployments.start),
        record: guarded((_row, event) => `record-${event.type}`, deployments.record),
        rearm: guarded(() => 'rearm', deployments.rearm),
        extendLease: guarded(() => 'extendLease', deployments.extendLease),
        probePayloads: guarded(() => 'probePayloads', deployments.probePayloads),
      },
    },
    lambda: {
      ...lambda,
      close: () => lambda.close(),
      getAlias: guarded(() => 'getAlias', lambda.getAlias.bind(lambda)),
      updateAlias: guarded(() => 'updateAlias', lambda.updateAlias.bind(lambda)),
      getFunction: guarded(() => 'getFunction', lambda.getFunction.bind(lambda)),
      updateFunctionCode: guarded(() => 'updateFunctionCode', lambda.updateFunctionCode.bind(lambda)),
      updateFunctionConfiguration: guarded(
        () => 'updateFunctionConfiguration',
        lambda.updateFunctionConfiguration.bind(lambda),
      ),
      publishVersion: guarded(() => 'publishVersion', lambda.publishVersion.bind(lambda)),
      listVersions: guarded(() => 'listVersions', lambda.listVersions.bind(lambda)),
      downloadCode: guarded(() => 'downloadCode', lambda.downloadCode.bind(lambda)),
    },
    ...(invoker
      ? { invoker: { invoke: guarded(() => 'invoke', invoker.invoke.bind(invoker)), close: () => invoker.close() } }
      : {}),
    budget: { take: guarded(() => 'take', parts.budget.take.bind(parts.budget)) },
    queue: {
      engine: parts.queue.engine,
      add: guarded(() => 'add', parts.queue.add.bind(parts.queue)),
      addAll: (wakes) => parts.queue.addAll(wakes),
      ping: () => parts.queue.ping(),
      counts: () => parts.queue.counts(),
      close: () => parts.queue.close(),
    },
  };
}
