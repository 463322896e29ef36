import pg from 'pg';
import { type Client, type CreateDeployment, createClient, type DeploymentView } from '#contracts';
import { systemClock } from '#runtime';
import { generateApiKey } from '../../apps/api/keys/api-key.js';
import { createDatabase, type TestDatabase } from '../world/database.js';
import { ACCOUNT, EmulatedLambda, handlerCode, REGION, zip } from '../world/emulated-lambda.js';
import { freePort } from '../world/redis-server.js';
import type { QueueEngine } from './outage.js';
import { Program, type ProgramOptions } from './program.js';
import type { Servers } from './servers.js';
import { TcpProxy } from './tcp-proxy.js';

/** The reconciler's and the sweep's period: the bounds of the fault matrix are for this one. */
export const SWEEP_SECONDS = 5;

/** What differs from an ordinary start. */
export interface Start extends Partial<ProgramOptions> {
  readonly name?: string;
  /** Another program than Sluice's own, below `dist/`, and what it says once it is at work. */
  readonly entry?: string;
  readonly ready?: string;
  /** Another way to the database, such as through a proxy. */
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly port?: number;
}

export interface Wish {
  /** The handler's code; absent: only the configuration changes. */
  readonly code?: string;
  readonly key?: string;
  readonly more?: Partial<CreateDeployment>;
}

/** What the API said to one request; status 0: it said nothing. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly ms: number;
}

/** What a client was promised with a 202. */
export interface Promised {
  readonly id: string;
  readonly key: string | undefined;
  readonly body: CreateDeployment;
}

export interface LiveRow {
  readonly id: string;
  readonly phase: string;
  readonly sequence: number;
  readonly ended: boolean;
  readonly state: Record<string, unknown>;
}

/**
 * Postgres, Redis and the emulator, and the real API and worker as processes of their own, from the client's and the
 * operator's side: HTTP, SQL, signals, and the function owner's SDK. Nothing here runs inside Sluice.
 */
export class OutageWorld {
  readonly apiKey = generateApiKey();
  /** Every 202 that a client got. */
  readonly promised: Promised[] = [];
  readonly programs: Program[] = [];
  private readonly closers: (() => Promise<unknown>)[] = [];
  private readonly artifacts = new Map<string, string>();
  private started = 0;

  private constructor(
    readonly engine: QueueEngine,
    readonly servers: Servers,
    readonly database: TestDatabase,
    readonly lambda: EmulatedLambda,
    /** A look from outside, on connections of its own: `probe` in pg_stat_activity, where Sluice's begin with `sluice`. */
    readonly pool: pg.Pool,
    readonly apiPort: number,
  ) {}

  static async open(engine: QueueEngine, servers: Servers): Promise<OutageWorld> {
    const database = await createDatabase(servers.postgres.url);
    const pool = new pg.Pool({ connectionString: database.url, max: 3, application_name: 'probe' });
    pool.on('error', () => undefined);
    return new OutageWorld(engine, servers, database, await EmulatedLambda.start(), pool, await freePort());
  }

  get postgres() {
    return this.servers.postgres;
  }

  get redis() {
    return this.servers.redis;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.apiPort}`;
  }

  get client(): Client {
    return createClient({ baseUrl: this.apiUrl, apiKey: this.apiKey });
  }

  /** A way to a server on this machine that can be made slow, silent or broken; closed at the end. */
  async proxyTo(port: number): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(port);
    this.atEnd(() => proxy.close());
    return proxy;
  }

  /** Done at the end, last come first, whatever happened. */
  atEnd(close: () => Promise<unknown>): void {
    this.closers.push(close);
  }

  async startApi(start: Start = {}): Promise<Program> {
    const environment = { PORT: String(start.port ?? this.apiPort), SLUICE_API_KEY: this.apiKey };
    return this.launch('api', 'apps/api/main.js', 'The API is listening', start, environment);
  }

  async startWorker(start: Start = {}): Promise<Program> {
    const environment = {
      SLUICE_SWEEP_SECONDS: String(SWEEP_SECONDS),
      SLUICE_METRICS_PERIOD_SECONDS: '1',
      AWS_REGION: REGION,
      // Told apart from the function's owner in the emulator's log by its key.
      AWS_ACCESS_KEY_ID: 'SLUICE-WORKER',
      AWS_SECRET_ACCESS_KEY: 'a-secret',
    };
    return this.launch('worker', 'apps/worker/main.js', 'The worker is running', start, environment);
  }

  /** One of each, at work. */
  async startBoth(start: Start = {}): Promise<{ api: Program; worker: Program }> {
    const [api, worker] = await Promise.all([this.startApi(start), this.startWorker(start)]);
    return { api, worker };
  }

  private async launch(
    kind: string,
    entry: string,
    ready: string,
    start: Start,
    environment: Record<string, string>,
  ): Promise<Program> {
    this.started += 1;
    const redisUrl = start.redisUrl ?? (this.engine === 'redis' ? this.redis.url : '');
    const program = await Program.start(
      start.name ?? `${kind} ${this.started}`,
      start.entry ?? entry,
      start.ready ?? ready,
      {
        ...start,
        environment: {
          DATABASE_URL: start.databaseUrl ?? this.database.url,
          REDIS_URL: redisUrl,
          AWS_ENDPOINT_URL: this.lambda.url,
          ...environment,
          ...start.environment,
        },
      },
    );
    this.programs.push(program);
    return program;
  }

  /** A function with an alias, and the target for it, made through the API; returns the name of both. */
  async target(): Promise<string> {
    const name = await this.lambda.newFunction();
    await this.client.createTarget({ name, functionName: name, aliasName: 'live', region: REGION, accountId: ACCOUNT });
    return name;
  }

  /** The body of a deployment; its artifact is uploaded when it is not there yet. Without a judge unless `more` says so. */
  async wish(target: string, { code = handlerCode('v2'), more = {} }: Wish = {}): Promise<CreateDeployment> {
    const known = this.artifacts.get(code) ?? (await this.client.uploadArtifact(zip(code))).id;
    this.artifacts.set(code, known);
    return { target, artifact: { id: known }, strategy: 'all-at-once', analysis: null, ...more };
  }

  /** Asks for a deployment and expects a yes. */
  async deploy(target: string, wish: Wish = {}): Promise<DeploymentView> {
    const body = await this.wish(target, wish);
    const reply = await this.post('/v1/deployments', body, wish.key);
    if (reply.status !== 202) throw new Error(`Deploying was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body as unknown as DeploymentView;
  }

  /** Posts and keeps what was promised. Never throws: an API that is gone answers with status 0. */
  async post(path: string, body: unknown, key?: string): Promise<Reply> {
    const reply = await this.ask('POST', path, body, key === undefined ? {} : { 'idempotency-key': key });
    if (path === '/v1/deployments' && reply.status === 202) {
      this.promised.push({ id: String(reply.body['id']), key, body: body as CreateDeployment });
    }
    return reply;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const start = systemClock.monotonic();
    const took = () => systemClock.monotonic() - start;
    try {
      const answer = await fetch(`${path.startsWith('http') ? '' : this.apiUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
      const read = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
      return { status: answer.status, headers: answer.headers, body: read, ms: took() };
    } catch {
      return { status: 0, headers: new Headers(), body: {}, ms: took() };
    }
  }

  async sql<R extends pg.QueryResultRow = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.pool.query<R>(text, values)).rows;
  }

  async row(id: string): Promise<LiveRow> {
    const [row] = await this.sql<LiveRow>(
      'SELECT id, phase, sequence, ended_at IS NOT NULL AS ended, state FROM deployments WHERE id = $1',
      [id],
    );
    if (!row) throw new Error(`There is no deployment ${id}.`);
    return row;
  }

  /** Resolves with the milliseconds it took until the deployment is in `phase`; throws when it ends otherwise. */
  async untilPhase(id: string, phase: string, withinMs = 30_000): Promise<number> {
    return this.until(`deployment ${id} is ${phase}`, withinMs, async () => {
      const row = await this.row(id).catch(() => undefined);
      if (row?.ended && row.phase !== phase) throw new Error(`It ended as ${row.phase}: ${JSON.stringify(row.state)}`);
      return row?.phase === phase;
    });
  }

  /** Looks every 25 ms; resolves with the milliseconds it took, throws when it takes longer than `withinMs`. */
  async until(what: string, withinMs: number, look: () => Promise<boolean>): Promise<number> {
    const start = systemClock.monotonic();
    while (!(await look())) {
      if (systemClock.monotonic() - start > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}.`);
      await systemClock.sleep(25);
    }
    return systemClock.monotonic() - start;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.programs.map((program) => program.kill()));
    for (const close of this.closers.reverse()) await close().catch(() => undefined);
    await this.servers.heal();
    await this.pool.end();
    await this.lambda.close();
    await this.database.drop();
  }
}
