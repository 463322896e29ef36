import type { Program } from '../outages/program.js';
import type { OutageWorld, Start } from '../outages/world.js';
import { freePort } from '../world/redis-server.js';
import { SAYS_HEAP } from './memory.js';

interface Pair {
  api: Program;
  worker: Program;
}

/** Two of each: one pair lives through everything, so that its memory has a history; the other is killed again and again. */
export class Fleet {
  private constructor(
    private readonly world: OutageWorld,
    private readonly start: Start,
    private readonly doomedPort: number,
    readonly steady: Pair,
    readonly doomed: Pair,
  ) {}

  static async open(world: OutageWorld, environment: Readonly<Record<string, string>>): Promise<Fleet> {
    const start: Start = { environment };
    const watched: Start = { environment, preload: [SAYS_HEAP], nodeFlags: ['--expose-gc'] };
    const port = await freePort();
    // The first brings the database up to date; the others would only wait for it.
    const steady = await world.startBoth(watched);
    const [api, worker] = await Promise.all([world.startApi({ ...start, port }), world.startWorker(start)]);
    return new Fleet(world, start, port, steady, { api, worker });
  }

  get urls(): readonly string[] {
    return [this.world.apiUrl, `http://127.0.0.1:${this.doomedPort}`];
  }

  async startDoomed(kind: keyof Pair): Promise<void> {
    this.doomed[kind] =
      kind === 'api'
        ? await this.world.startApi({ ...this.start, port: this.doomedPort })
        : await this.world.startWorker(this.start);
  }
}
