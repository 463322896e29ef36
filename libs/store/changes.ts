import pg from 'pg';
import type { Clock, Logger } from '#runtime';
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE } from './database.js';

/** A deployment's row changed: a new event, or new evidence under the same sequence. */
export interface Change {
  readonly deploymentId: string;
  readonly sequence: number;
  readonly phase: string;
  /** Nothing changed yet: an alarm of the target went off, and somebody should look. */
  readonly alarm?: true;
  /** The queue did not take the wake-up: this notice stands in for it, and somebody should look. */
  readonly unqueued?: true;
}

/** The last word of a notice that stands in for a wake-up. */
export const UNQUEUED = 'unqueued';

export type ChangeListener = (change: Change) => void;

const RECONNECT_MS = 500;

/**
 * Postgres NOTIFY, on one connection of its own that comes back by itself. Notices can be lost while it is away:
 * whoever listens also looks from time to time: a stream every 5 s, a worker for rollbacks every 500 ms and for what an
 * alarm made due with its sweep.
 */
export class ChangeFeed {
  private readonly listeners = new Set<ChangeListener>();
  private readonly stopping = new AbortController();
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly databaseUrl: string,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Returns the function that ends the subscription. */
  async subscribe(listener: ChangeListener): Promise<() => void> {
    this.listeners.add(listener);
    this.running ??= this.run();
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.client?.end().catch(() => undefined);
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.listenOnce().catch((error: unknown) => {
        this.logger.warn({ error: String(error) }, 'The change feed lost its connection and will come back.');
      });
      await this.clock.sleep(RECONNECT_MS, this.stopping.signal);
    }
  }

  /** Ends when the connection does. */
  private async listenOnce(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: 'sluice-changes',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      ...KEEP_ALIVE,
    });
    this.client = client;
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', (message) => this.tell(message.payload ?? ''));
    await client.connect();
    if (this.stopping.signal.aborted) return client.end();
    await client.query('LISTEN sluice_changed');
    await ended;
  }

  private tell(payload: string): void {
    const [deploymentId, sequence, phase, why] = payload.split(' ');
    if (!deploymentId || !sequence || !phase) return;
    for (const listener of this.listeners) {
      listener({
        deploymentId,
        sequence: Number(sequence),
        phase,
        ...(why === 'alarm' ? { alarm: true as const } : {}),
        ...(why === UNQUEUED ? { unqueued: true as const } : {}),
      });
    }
  }
}
