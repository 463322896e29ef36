import { type QueueOptions as BullOptions, Queue } from 'bullmq';
import { systemClock } from '#runtime';
import { endsWithin } from './bounded.js';
import { backendOf, redisOf } from './engine.js';

const CLOSE_MS = 1_500;

/**
 * BullMQ's queue on the engine that its connection belongs to. `BullModule` makes its queues from this class: it hands
 * on a name and options only, and closes whatever it made without a deadline.
 */
export class EngineQueue extends Queue {
  constructor(name: string, options: BullOptions) {
    super(name, options as never, backendOf(options.connection) as never);
    // Errors are reported by whoever opened the queue; before that has begun to listen, BullMQ would print them.
    this.on('error', () => undefined);
  }

  /** Returns within 1.5 s, whatever the engine does. */
  override async close(): Promise<void> {
    await endsWithin(super.close(), CLOSE_MS, systemClock);
    redisOf(this.opts.connection)?.disconnect();
  }
}
