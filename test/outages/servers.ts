import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#runtime';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { closeWhenInterrupted } from '../world/interrupted.js';
import { freePort, type RedisServer, startRedisServer } from '../world/redis-server.js';

/** A server that outages stop, kill and start again; it comes back on the same port with the same data. */
abstract class Breakable<S extends { close(): Promise<void> }> {
  protected server: S | undefined;

  constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  get isUp(): boolean {
    return this.server !== undefined;
  }

  /** Does nothing when it runs. */
  async start(): Promise<void> {
    this.server ??= await this.launch();
  }

  /** In good order. */
  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    await server?.close();
  }

  protected abstract launch(): Promise<S>;
}

export class BreakablePostgres extends Breakable<EmbeddedPostgres> {
  private settings: Readonly<Record<string, string>> = {};

  get url(): string {
    const url = new URL(this.running().url);
    url.port = String(this.port);
    return url.href;
  }

  /** `pg_ctl stop -m immediate`: no goodbye, and recovery from the log at the next start. */
  async kill(): Promise<void> {
    const server = this.running();
    this.server = undefined;
    process.kill(server.pid, 'SIGQUIT');
    await server.ended;
  }

  /** Settings for the next start. */
  configure(settings: Readonly<Record<string, string>>): void {
    this.settings = settings;
  }

  protected async launch(): Promise<EmbeddedPostgres> {
    // A setting wins over the free port that it would choose by itself.
    const settings = { ...this.settings, port: String(this.port) };
    const server = await startEmbeddedPostgres({
      dataDir: this.folder,
      durable: true,
      settings,
      clock: systemClock,
    });
    // It may also end by itself: a full disk does that.
    void server.ended.then(() => {
      if (this.server === server) this.server = undefined;
    });
    return server;
  }

  private running(): EmbeddedPostgres {
    if (!this.server) throw new Error('Postgres does not run.');
    return this.server;
  }
}

export class BreakableRedis extends Breakable<RedisServer> {
  private flags: readonly string[] = [];

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (!this.server) throw new Error('Redis does not run.');
    return this.server.pid;
  }

  async kill(): Promise<void> {
    const { pid } = this;
    const server = this.server;
    process.kill(pid, 'SIGKILL');
    this.server = undefined;
    await server?.close();
  }

  /** Flags for the next start, such as `['--appendonly', 'yes']`. */
  configure(flags: readonly string[]): void {
    this.flags = flags;
  }

  protected launch(): Promise<RedisServer> {
    return startRedisServer(this.folder, this.flags, this.port);
  }
}

/** The servers of one run. Each outage takes a database of its own; Redis is flushed in between. */
export interface Servers {
  readonly postgres: BreakablePostgres;
  readonly redis: BreakableRedis;
  /** Both run again, with their ordinary settings, whatever an outage left behind. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-outages-'));
  // When root runs this, the database runs as another user and has to pass through.
  chmodSync(folder, 0o711);
  const postgres = new BreakablePostgres(folder, await freePort());
  const redis = new BreakableRedis(folder, await freePort());
  await Promise.all([postgres.start(), redis.start()]);
  const close = async () => {
    forget();
    await Promise.all([postgres.stop(), redis.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  const forget = closeWhenInterrupted(close);
  return {
    postgres,
    redis,
    close,
    async heal() {
      postgres.configure({});
      redis.configure([]);
      await Promise.all([postgres.start(), redis.start()]);
    },
  };
}
