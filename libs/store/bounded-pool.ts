import pg from 'pg';

/**
 * So many may wait for a connection per connection there is; each waits 5 s at most. Far more than a busy moment needs,
 * far less than fills the memory: whoever comes on top is told at once and comes back.
 */
const WAITING_PER_CONNECTION = 50;

/** Everything that goes through the pool takes this shape when it is not even let into the line. */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy';

  constructor(waiting: number) {
    super(`All database connections are taken and ${waiting} more wait for one.`);
  }
}

type Callback = Parameters<pg.Pool['connect']>[0];

/** A pool whose waiting line has an end. Prisma and our own statements take their connections here alike. */
export class BoundedPool extends pg.Pool {
  private readonly longest: number;

  constructor(config: pg.PoolConfig & { readonly max: number }) {
    super(config);
    this.longest = config.max * WAITING_PER_CONNECTION;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): unknown {
    if (this.waitingCount < this.longest) return callback ? super.connect(callback) : super.connect();
    const busy = new DatabaseBusy(this.waitingCount);
    if (!callback) return Promise.reject(busy);
    return process.nextTick(callback, busy, undefined, () => undefined);
  }
}
