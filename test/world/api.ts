import { randomBytes } from 'node:crypto';
import { type Client, type CreateTarget, createClient, type Scope } from '#contracts';
import type { WakeLane } from '#queue';
import { nextWakeAt, type RolloutEvent } from '#rollout';
import { silentLogger, systemClock } from '#runtime';
import type { ZipLimits } from '#sources';
import type { DeploymentRow, EvidenceRecord, Store } from '#store';
import { generateApiKey, hashApiKey, keyPrefix } from '../../apps/api/keys/api-key.js';
import { type ApiParts, DEFAULT_PROJECT, ensureBootstrapKey, type RunningApi, startApi } from '../../apps/api/start.js';
import { freshStore } from './fresh-store.js';
import { loaded, moved } from './rollouts.js';

/** A real API on a real, empty database, listening on a port of its own; nothing works on what it accepts. */
export interface TestApi {
  readonly url: string;
  readonly store: Store;
  /** A key with every scope. */
  readonly key: string;
  readonly client: Client;
  /** Every wake-up the API asked for. */
  readonly woken: { deploymentId: string; sequence: number; lane?: string }[];
  keyWith(
    scopes: readonly Scope[],
    options?: { expiresAt?: number; projectId?: string },
  ): Promise<{ key: string; id: string }>;
  request(path: string, init?: RequestInit & { key?: string | null }): Promise<Response>;
  /** Sends JSON and reads JSON. */
  call(method: string, path: string, body?: unknown, more?: Sending): Promise<Answer>;
  /** Takes a worker's place: records these facts, one after the other. */
  tell(id: string, ...facts: FactInput[]): Promise<DeploymentRow>;
  evidence(id: string, evidence: Partial<EvidenceRecord>): Promise<void>;
  /** Only stops the API; its database stays. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface Sending {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
export type FactInput = WithoutTime<RolloutEvent> & { at?: number };

export interface TestApiOptions {
  readonly zipLimits?: ZipLimits;
  readonly parts?: (parts: ApiParts) => ApiParts;
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const opened = await freshStore(10, { secretsKeys: [randomBytes(32)] });
  const { store } = opened;
  const { key } = await ensureBootstrapKey(store);
  const woken: TestApi['woken'] = [];
  const queue = {
    add: async (wake: { deploymentId: string; sequence: number; lane?: WakeLane }) => {
      const { deploymentId, sequence, lane } = wake;
      woken.push(lane === undefined ? { deploymentId, sequence } : { deploymentId, sequence, lane });
    },
  };
  const parts: ApiParts = { store, queue, logger: silentLogger, clock: systemClock, figuresFreshMs: 0 };
  const api: RunningApi = await startApi({ host: '127.0.0.1', port: 0 }, options.parts?.(parts) ?? parts, {
    ...(options.zipLimits ? { zipLimits: options.zipLimits } : {}),
  });
  return {
    url: api.url,
    store,
    key,
    client: createClient({ baseUrl: api.url, apiKey: key }),
    woken,
    keyWith: (scopes, more) => makeKey(store, scopes, more),
    request: (path, init = {}) => send(api.url, key, path, init),
    call: async (method, path, body, more = {}) => {
      const answer = await send(api.url, key, path, {
        method,
        ...more,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
    tell: (id, ...facts) => tell(store, id, facts),
    async evidence(id, evidence) {
      const row = await loaded(store, id);
      const record = { verdict: 'continue', sentence: 'Gathering.', numbers: {}, judge: null, at: row.readAt } as const;
      await store.deployments.rearm(row, row.nextAt, { ...record, ...evidence });
    },
    stop: () => api.close(),
    async close() {
      await api.close();
      await opened.close();
    },
  };
}

async function makeKey(
  store: Store,
  scopes: readonly Scope[],
  { expiresAt, projectId }: { expiresAt?: number; projectId?: string } = {},
): Promise<{ key: string; id: string }> {
  const key = generateApiKey();
  const input = {
    name: `key ${scopes.join('+')}`,
    prefix: keyPrefix(key),
    secretHash: hashApiKey(key),
    scopes,
    expiresAt,
  };
  const row = await store.apiKeys.create(projectId ?? DEFAULT_PROJECT, input);
  return { key, id: row.id };
}

async function send(
  url: string,
  bootstrapKey: string,
  path: string,
  { key, ...init }: RequestInit & { key?: string | null },
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== null) headers.set('authorization', `Bearer ${key ?? bootstrapKey}`);
  if (typeof init.body === 'string' && !headers.has('content-type')) headers.set('content-type', 'application/json');
  return fetch(url + path, { ...init, headers });
}

async function tell(store: Store, id: string, facts: readonly FactInput[]): Promise<DeploymentRow> {
  for (const fact of facts) {
    const row = await loaded(store, id);
    const event = { at: row.readAt, ...fact } as RolloutEvent;
    const next = moved(row.state, event);
    const recorded =
      fact.type === 'Started'
        ? await store.deployments.start(row, event, next, 'worker')
        : await store.deployments.record(row, event, next, {
            actor: 'worker',
            nextAt: nextWakeAt(next, row.readAt),
          });
    if (recorded.kind !== 'recorded') throw new Error(`${fact.type} was not recorded: ${recorded.kind}.`);
  }
  return loaded(store, id);
}

export const checkout: CreateTarget = {
  name: 'checkout',
  functionName: 'checkout-fn',
  aliasName: 'live',
  region: 'us-east-1',
  accountId: '000000000000',
};

/** What a worker tells of a deployment until its first weight has been confirmed: stable 1, canary 2. */
export function factsUntilBaking(stable = '1', canary = '2', weightPercent = 10): FactInput[] {
  const value = { version: stable, canary: { version: canary, weightPercent } };
  return [
    { type: 'Started' },
    {
      type: 'RollbackPointCaptured',
      needsConfiguration: false,
      nothingToDo: false,
      captured: {
        point: { version: stable },
        aliasRevisionId: 'revision-a',
        latestRevisionId: 'revision-l',
        codeSha256: 'c2hh',
        needsCode: true,
        highestVersion: Number(stable),
      },
    },
    { type: 'VersionPublished', version: canary },
    { type: 'VersionActivated' },
    { type: 'WeightShifted', value, revisionId: 'revision-b' },
  ];
}
