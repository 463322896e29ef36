import type { ArtifactView, CreateArtifactReference } from '../artifacts.js';
import type {
  CreateDeployment,
  DeploymentView,
  RollbackPointView,
  RollbackRequest,
  SettleRequest,
} from '../deployments.js';
import type { EventView, WatchMessage } from '../events.js';
import type { Page } from '../page.js';
import type {
  BacktestRequest,
  BacktestView,
  ExplanationView,
  ForecastRequest,
  ForecastView,
  WaitingView,
} from '../questions.js';
import { routes } from '../routes.js';
import type { CreateTarget, TargetView, UpdateTarget } from '../targets.js';
import { type CallInput, type Connection, call, read, send, urlOf } from './call.js';
import { type Sleep, sleep as sleepFor } from './clock.js';
import { type WatchOptions, watchDeployment } from './watch.js';

export interface ClientOptions {
  /** Such as `http://127.0.0.1:3000`; a path prefix is kept. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly fetch?: typeof globalThis.fetch;
  readonly sleep?: Sleep;
}

export interface UploadOptions {
  /** Hex SHA-256 of the bytes: the API refuses the upload when something else arrives. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly signal?: AbortSignal;
}

export type ZipBytes = Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Blob;
export type ListDeploymentsQuery = NonNullable<CallInput<'listDeployments'>['query']>;

/**
 * Everything the API offers, typed by the route table. Methods throw `ApiProblem` when the API says no and
 * `ApiUnreachable` when nothing usable answers.
 */
export type Client = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const connection: Connection = {
    baseUrl: options.baseUrl,
    apiKey: options.apiKey,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
  return {
    ...deploymentMethods(connection),
    ...actMethods(connection),
    ...targetMethods(connection),
    ...artifactMethods(connection),
    ...questionMethods(connection, options.sleep ?? sleepFor),
    watchDeployment: (id: string, watch: WatchOptions = {}): AsyncGenerator<WatchMessage, void, undefined> =>
      watchDeployment(connection, id, options.sleep ?? sleepFor, watch),
    health: () => call(connection, 'health', {}),
    doctor: () => call(connection, 'doctor', {}),
    ready: () => call(connection, 'ready', {}),
  };
}

const idempotent = (key: string | undefined) => ({ headers: { 'idempotency-key': key } });

function deploymentMethods(connection: Connection) {
  return {
    createDeployment: (body: CreateDeployment, idempotencyKey?: string): Promise<DeploymentView> =>
      call(connection, 'createDeployment', { body, ...idempotent(idempotencyKey) }),
    getDeployment: (id: string): Promise<DeploymentView> => call(connection, 'getDeployment', { params: { id } }),
    listDeployments: (query: ListDeploymentsQuery = {}): Promise<Page<DeploymentView>> =>
      call(connection, 'listDeployments', { query }),
    listEvents: (
      id: string,
      query: { after?: number; limit?: number } = {},
    ): Promise<{ items: EventView[]; next: number | null }> =>
      call(connection, 'listEvents', { params: { id }, query }),
  };
}

type PlainAct = 'pause' | 'resume' | 'abort' | 'cancel' | 'acceptAsIs' | 'restore' | 'abandon';

function actMethods(connection: Connection) {
  const plain =
    (name: PlainAct) =>
    (id: string, message?: string): Promise<DeploymentView> =>
      call(connection, name, { params: { id }, body: message === undefined ? {} : { message } });
  return {
    /** `sequence` is the one of the deployment as the person saw it; with `step` only the present step is left. */
    promote: (id: string, sequence: number, step = false): Promise<DeploymentView> =>
      call(connection, 'promote', { params: { id }, body: step ? { sequence, step } : { sequence } }),
    approve: (id: string, sequence: number): Promise<DeploymentView> =>
      call(connection, 'approve', { params: { id }, body: { sequence } }),
    pause: plain('pause'),
    resume: plain('resume'),
    abort: plain('abort'),
    cancel: plain('cancel'),
    acceptAsIs: plain('acceptAsIs'),
    restore: plain('restore'),
    abandon: plain('abandon'),
  };
}

function targetMethods(connection: Connection) {
  return {
    createTarget: (body: CreateTarget): Promise<TargetView> => call(connection, 'createTarget', { body }),
    listTargets: (query: { limit?: number; cursor?: string } = {}): Promise<Page<TargetView>> =>
      call(connection, 'listTargets', { query }),
    getTarget: (target: string): Promise<TargetView> => call(connection, 'getTarget', { params: { target } }),
    updateTarget: (target: string, body: UpdateTarget): Promise<TargetView> =>
      call(connection, 'updateTarget', { params: { target }, body }),
    deleteTarget: (target: string): Promise<void> => call(connection, 'deleteTarget', { params: { target } }),
    listRollbackPoints: async (target: string): Promise<RollbackPointView[]> =>
      (await call(connection, 'listRollbackPoints', { params: { target } })).items,
    rollback: (target: string, body: RollbackRequest = {}, idempotencyKey?: string): Promise<DeploymentView> =>
      call(connection, 'rollback', { params: { target }, body, ...idempotent(idempotencyKey) }),
    settle: (target: string, body: SettleRequest, idempotencyKey?: string): Promise<DeploymentView> =>
      call(connection, 'settle', { params: { target }, body, ...idempotent(idempotencyKey) }),
  };
}

function questionMethods(connection: Connection, sleep: Sleep) {
  const answered = <T extends object>(first: Promise<T | WaitingView>): Promise<T> => settle(connection, sleep, first);
  return {
    explain: (id: string): Promise<ExplanationView> =>
      answered(call(connection, 'explainDeployment', { params: { id } })),
    forecast: (target: string, body: ForecastRequest = {}): Promise<ForecastView> =>
      answered(call(connection, 'forecastRollout', { params: { target }, body })),
    backtest: (target: string, body: BacktestRequest): Promise<BacktestView> =>
      answered(call(connection, 'backtestPolicy', { params: { target }, body })),
  };
}

const QUERY_POLL_MS = 1_000;

/** Most answers come with the request; a long one is fetched from its own address. */
async function settle<T extends object>(
  connection: Connection,
  sleep: Sleep,
  first: Promise<T | WaitingView>,
): Promise<T> {
  const answer = await first;
  if (!('queryId' in answer)) return answer;
  for (;;) {
    const query = await call(connection, 'getQuery', { params: { id: answer.queryId } });
    if (query.status === 'answered') return query.answer as T;
    await sleep(QUERY_POLL_MS);
  }
}

function artifactMethods(connection: Connection) {
  return {
    getArtifact: (id: string): Promise<ArtifactView> => call(connection, 'getArtifact', { params: { id } }),
    createArtifactReference: (body: CreateArtifactReference): Promise<ArtifactView> =>
      call(connection, 'createArtifact', { body }),
    /** Streams: the zip never needs to be in memory as a whole. The same bytes give the same artifact. */
    uploadArtifact: async (bytes: ZipBytes, upload: UploadOptions = {}): Promise<ArtifactView> => {
      const answer = await send(connection, {
        method: 'POST',
        url: urlOf(connection, 'createArtifact', {}),
        headers: {
          accept: 'application/json',
          'content-type': 'application/zip',
          'x-content-sha256': upload.sha256,
          'content-length': upload.sizeBytes === undefined ? undefined : String(upload.sizeBytes),
        },
        body: bytes as RequestInit['body'],
        signal: upload.signal,
      });
      return read(answer, routes.createArtifact.response);
    },
  };
}
