import { type CallBudget, createCallBudget, type Invoker, type LambdaControl, type Outcome } from '#aws';
import type { EvidenceSource } from '#metrics';
import type { WakeQueue } from '#queue';
import type { Clock } from '#runtime';
import type { Store } from '#store';
import { failed, fault, succeeded } from '../../libs/aws/faults.js';
import { refusal } from './memory-lambda.js';
import type { Actor } from './scheduler.js';
import type { World } from './world.js';

/** Versions in one answer of a listing: few, so that most listings take several calls. */
const PAGE = 2;

/** The parts of the store that the worker and the acts of people use. */
export type StorePort = {
  readonly deployments: Pick<
    Store['deployments'],
    | 'load'
    | 'get'
    | 'hold'
    | 'openRequest'
    | 'record'
    | 'start'
    | 'rearm'
    | 'setAside'
    | 'noteUnreadable'
    | 'extendLease'
    | 'probePayloads'
    | 'overdue'
    | 'rollbacks'
    | 'abandoned'
    | 'takeForReconciling'
  >;
  readonly artifacts: Pick<Store['artifacts'], 'get' | 'readChunks'>;
  readonly highestVersion: Store['highestVersion'];
};

/** One for all: making a stack for each would cost more than the schedule around it. The code is Postgres' own. */
export const connectionLost = Object.assign(new Error('The connection was lost.'), { code: '08006' });

/**
 * The world as one process sees it: every call takes time, may fail before or after it took effect, and is a moment at
 * which the process may die or freeze.
 */
export class Ports {
  constructor(
    private readonly world: World,
    readonly actor: Actor,
  ) {}

  readonly clock: Clock = {
    now: () => this.world.scheduler.now + this.actor.clockSkewMs,
    monotonic: () => this.world.scheduler.now + this.actor.clockSkewMs * 3,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        // A process that stops is gone in two seconds anyway; only what ends sooner is listened to.
        const early = signal === this.actor.stopping.signal ? undefined : signal;
        const wake = () => {
          early?.removeEventListener('abort', wake);
          resolve();
        };
        this.world.scheduler.after(milliseconds, wake, this.actor);
        early?.addEventListener('abort', wake);
      }),
  };

  /** One statement. It is all or nothing; what the caller hears of it may be neither. */
  statement<T>(perform: () => T): Promise<T> {
    const { scheduler, random, troubles } = this.world;
    return new Promise<T>((resolve, reject) => {
      this.leave(() => {
        const broken = random.chance(troubles.database);
        if (broken && random.chance(0.4)) {
          const refused = () => reject(connectionLost);
          scheduler.after(random.between(0, 20), refused, this.actor);
          return;
        }
        const there = random.chance(0.6) ? 0 : broken ? random.between(0, 8_000) : random.between(0, 5);
        const arrive = () => {
          const answer = attempt(perform, resolve, reject);
          const lost = broken && random.chance(0.6);
          this.answer(random.between(0, 4), lost ? () => reject(connectionLost) : answer);
        };
        if (there === 0) arrive();
        else scheduler.after(there, arrive);
      });
    });
  }

  /** A statement of which it is known that it finds nothing; what comes after its answer happens `inMs` later. */
  emptyStatement(inMs: number, next: () => void): void {
    this.leave(() => this.answer(inMs + this.world.random.between(0, 4), next));
  }

  store(): StorePort {
    const { database } = this.world;
    const say = <T>(perform: () => T) => this.statement(perform);
    return {
      deployments: {
        load: (id) => say(() => this.world.load(this.actor, id)),
        get: (_projectId, id) => say(() => this.world.load(this.actor, id)),
        // What `work` does between its read and its record happens in no time: nobody comes in between.
        hold: async (_projectId, id, work) =>
          await say(() => work(this.world.load(this.actor, id), async (...told) => this.world.record(...told))),
        openRequest: (row) => row.request,
        record: (row, event, next, options) => say(() => this.world.record(row, event, next, options)),
        start: (row, event, next, actor) => say(() => this.world.start(row, event, next, actor)),
        rearm: (row, nextAt, evidence) => say(() => database.rearm(row, nextAt, evidence)),
        extendLease: (row, leaseMs) => say(() => this.world.extendLease(this.actor, row, leaseMs)),
        probePayloads: (id) => say(() => database.payloads.get(id)),
        noteUnreadable: () => say(() => undefined),
        setAside: (id, sequence, problem) => say(() => this.world.setAside(id, sequence, problem)),
        overdue: (graceMs, limit, after) => say(() => this.world.overdue(graceMs, limit, after)),
        rollbacks: (limit) => say(() => database.rollbacks(limit)),
        abandoned: (limit) => say(() => database.abandoned(limit)),
        takeForReconciling: (ageMs, limit, _spacingMs, except) =>
          say(() => database.takeForReconciling(ageMs, limit, except)),
      },
      artifacts: {
        get: (_projectId, id) => say(() => database.artifacts.get(id)),
        readChunks: (id) => inOneChunk(database.artifacts.get(id)?.bytes),
      },
      highestVersion: (fn) => say(() => database.highestVersion(fn)),
    };
  }

  lambda(): LambdaControl {
    const { lambda } = this.world;
    const read = <T>(perform: () => Outcome<T>, timeoutMs: number) => this.call('read', timeoutMs, perform);
    const write = <T>(perform: () => Outcome<T>, timeoutMs: number) => this.call('write', timeoutMs, perform);
    const spent = <F>(operation: string, call: F): F => {
      this.world.slots.spend(this.actor, operation);
      return call;
    };
    return {
      getAlias: (fn, alias, call) =>
        spent('GetAlias', read)(() => this.world.readAlias(this.actor, fn, alias), call.timeoutMs),
      getFunction: (fn, qualifier, call) => read(() => lambda.getFunction(fn, qualifier), call.timeoutMs),
      listVersions: async (fn, call, mayGoOn = async () => true) => {
        const page = () => spent('ListVersionsByFunction', read)(() => lambda.listVersions(fn), call.timeoutMs);
        let listed = await page();
        for (let seen = PAGE; listed.ok && seen < listed.value.length; seen += PAGE) {
          if (!(await mayGoOn())) return failed(fault('throttled', 'again', { internal: 'No room for a page.' }));
          listed = await page();
        }
        return listed;
      },
      // A link that stays silent for its whole minute would only make every schedule longer.
      downloadCode: (reading) => read(() => lambda.downloadCode(reading), 8_000),
      updateAlias: (fn, alias, wanted, fence, call) => {
        const perform = this.world.aliasWrite(this.actor, fn, alias, wanted, fence);
        const answer = spent('UpdateAlias', write)(perform, call.timeoutMs);
        if (!this.world.has('silence is success')) return answer;
        return answer.then((outcome) =>
          outcome.ok || outcome.fault.retry !== 'unknown'
            ? outcome
            : succeeded({ ...wanted, revisionId: 'as if it had landed', description: '', additional: 0 }),
        );
      },
      updateFunctionCode: (fn, code, fence, options, call) => {
        const perform = this.world.latestWrite(this.actor, 'UpdateCode', fn, fence, (used) =>
          lambda.updateFunctionCode(fn, code, used, options),
        );
        return spent('UpdateFunctionCode', write)(perform, call.timeoutMs);
      },
      updateFunctionConfiguration: (fn, patch, fence, call) => {
        const perform = this.world.latestWrite(this.actor, 'UpdateConfiguration', fn, fence, (used) =>
          lambda.updateFunctionConfiguration(fn, patch, used),
        );
        return spent('UpdateFunctionConfiguration', write)(perform, call.timeoutMs);
      },
      publishVersion: (fn, fence, description, call) => {
        const perform = this.world.latestWrite(this.actor, 'PublishVersion', fn, fence, (used) =>
          lambda.publishVersion(fn, { ...fence, ...used }, description),
        );
        return spent('PublishVersion', write)(perform, call.timeoutMs);
      },
      close: () => undefined,
    };
  }

  /** The functions themselves: a version with the bad code fails on every payload, the others on none. */
  invoker(): Invoker {
    return {
      invoke: (fn, version, _payload, call) =>
        this.call('read', call.timeoutMs, () => {
          const reading = this.world.lambda.getFunction(fn, version);
          if (!reading.ok) return reading;
          const failing = this.world.failsProbes(reading.value.codeSha256);
          const answer = failing ? { errorType: 'TypeError' } : { ok: true };
          return succeeded({ failed: failing, answer, logTail: '' });
        }),
      close: () => undefined,
    };
  }

  queue(): WakeQueue {
    const { random, queue } = this.world;
    return {
      engine: 'redis',
      add: async (wake) => {
        if (random.chance(this.world.troubles.queue.refused)) throw connectionLost;
        queue.add(wake);
      },
      addAll: async (wakes) => {
        if (random.chance(this.world.troubles.queue.refused)) throw connectionLost;
        for (const wake of wakes) queue.add(wake);
      },
      ping: async () => ({ engine: 'redis', roundTripMs: 1 }),
      counts: async () => ({ waiting: queue.counts(), active: 0, delayed: 0 }),
      close: async () => undefined,
    };
  }

  budget(): CallBudget {
    const { world, actor, clock } = this;
    const slots = world.slots.storeFor(actor);
    const budget = createCallBudget({
      store: { reserve: async (...request) => await this.statement(() => slots.reserve(...request)) },
      rates: world.slots.rates,
      clock,
    });
    return {
      take: async (key, lane, signal) => {
        const { troubles, random } = world;
        if (random.chance(troubles.budget)) return { granted: false, waitMs: random.between(0, 900) };
        const answer = await budget.take(key, lane, signal);
        const tooLate = !answer.granted && answer.waitMs === 0;
        if (!answer.granted && !(tooLate && world.has('slots are used late'))) return answer;
        world.slots.grant(actor, lane);
        return { granted: true };
      },
    };
  }

  evidence(): EvidenceSource {
    return {
      read: (request) =>
        new Promise((resolve) => {
          this.leave(() => this.answer(this.latency(), () => resolve(this.world.traffic.read(request))));
        }),
    };
  }

  /** A call to Lambda: certain to have worked, certain not to have, or nobody knows. */
  private call<T>(kind: 'read' | 'write', timeoutMs: number, perform: () => Outcome<T>): Promise<Outcome<T>> {
    const { random } = this.world;
    return new Promise((resolve) => {
      const cut = () => {
        this.actor.calls.delete(cut);
        resolve(failed(silence(kind, 'cancelled')));
      };
      this.actor.calls.add(cut);
      const answered = (outcome: Outcome<T>) => {
        this.actor.calls.delete(cut);
        resolve(outcome);
      };
      this.leave(() => {
        const { troubles } = this.world;
        const there = this.latency();
        if (random.chance(troubles.silence)) {
          this.fallSilent(kind, timeoutMs, perform, answered);
          return;
        }
        const refused = this.refused(kind);
        if (refused) {
          this.answer(there, () => answered(refused));
          return;
        }
        const land = () => {
          const outcome = perform();
          this.answer(this.latency(), () => answered(outcome));
        };
        if (kind === 'read') land();
        else this.world.landLater(there, land);
      });
    });
  }

  /** No answer in time: it was done at once, is done long after, or never. A 5xx tells no more, only sooner. */
  private fallSilent<T>(
    kind: 'read' | 'write',
    timeoutMs: number,
    perform: () => Outcome<T>,
    answered: (outcome: Outcome<T>) => void,
  ): void {
    const { world } = this;
    const { random } = world;
    const quick = random.chance(0.3);
    const answerIn = quick ? random.between(5, 200) : timeoutMs;
    const fate = random.pick(['never', 'at once', 'late'] as const);
    if (kind === 'write' && fate !== 'never') {
      const landsIn = fate === 'at once' ? random.between(0, answerIn) : answerIn + random.between(1, 12_000);
      world.landLater(landsIn, perform);
    }
    const unheard = silence(kind, quick ? 'service_error' : 'timed_out');
    const refused = kind === 'write' && world.has('silence is refusal') ? { retry: 'never' as const } : {};
    this.answer(answerIn, () => answered(failed({ ...unheard, ...refused })));
  }

  private refused(
    kind: 'read' | 'write',
  ): { readonly ok: false; readonly fault: ReturnType<typeof fault> } | undefined {
    const { random, troubles, scheduler } = this.world;
    const withdrawn = kind === 'write' && scheduler.now >= troubles.deniedFrom;
    if (withdrawn || random.chance(troubles.denial)) {
      this.world.denied = true;
      return refusal('access_denied');
    }
    if (!random.chance(troubles.lambda)) return undefined;
    const code = kind === 'write' && random.chance(0.4) ? 'update_in_progress' : 'throttled';
    return refusal(code, random.between(50, 1_500));
  }

  /** The moment before a request leaves: the process may die or freeze with it in hand. */
  private leave(send: () => void): void {
    const { random, troubles, scheduler } = this.world;
    if (random.chance(troubles.death) && this.world.kill(this.actor)) return;
    if (random.chance(troubles.freeze)) {
      this.world.freeze(this.actor, random.between(500, troubles.longestFreezeMs));
      scheduler.after(0, send, this.actor);
      return;
    }
    send();
  }

  /** The moment before an answer arrives. */
  private answer(inMs: number, hear: () => void): void {
    const { random, troubles, scheduler } = this.world;
    if (random.chance(troubles.death)) this.world.kill(this.actor);
    else if (random.chance(troubles.freeze)) {
      this.world.freeze(this.actor, random.between(500, troubles.longestFreezeMs));
    }
    scheduler.after(inMs, hear, this.actor);
  }

  private latency(): number {
    return this.world.random.delay(this.world.troubles.latencyMs, this.world.troubles.latencyMs * 5);
  }
}

function silence(kind: 'read' | 'write', code: 'service_error' | 'timed_out' | 'cancelled') {
  const write = kind === 'write';
  const details = { internal: 'no answer', retryAfterMs: 300 };
  return fault(write && code !== 'service_error' ? 'unknown_outcome' : code, write ? 'unknown' : 'again', details);
}

/**
 * Not a function inside another: each of those would get a class of its own for its generators, which holds on to the
 * function, and with it to the whole world, until the next full collection.
 */
async function* inOneChunk(bytes: Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (bytes) yield bytes;
}

function attempt<T>(perform: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
  try {
    const value = perform();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}
