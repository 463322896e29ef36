/** A process of the simulated house: it can die (nothing of it runs on) or freeze (everything of it runs on later). */
export class Actor {
  alive = true;
  frozenUntil = 0;
  readonly stopping = new AbortController();
  /** Calls to Lambda that have not answered: a shutdown cuts them short. */
  readonly calls = new Set<() => void>();

  constructor(
    readonly name: string,
    /** How far this machine's wall clock is off, milliseconds. */
    readonly clockSkewMs: number,
  ) {}
}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Absent: it happens in the world outside (a database, Lambda, a person), whoever lives. */
  readonly actor: Actor | undefined;
}

const now = Promise.resolve();

/**
 * Virtual time. One thing happens at a time; after each that wakes a process, the process runs until it waits for
 * something again (all its microtasks), so that the order of everything follows from the seed alone.
 */
export class Scheduler {
  now = 1_700_000_000_000;
  private order = 0;
  private readonly heap: Happening[] = [];

  at(time: number, run: () => void, actor?: Actor): void {
    this.push({ at: Math.max(time, this.now), order: this.order++, run, actor });
  }

  after(milliseconds: number, run: () => void, actor?: Actor): void {
    this.at(this.now + milliseconds, run, actor);
  }

  /** Runs until `over` says so or nothing is left to happen. */
  run(over: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        try {
          if (this.happen(over)) resolve();
          else now.then(whenAllWait);
        } catch (error) {
          reject(error);
        }
      };
      // A tick that is asked for by a microtask runs when no microtask is left: every process waits for something.
      const whenAllWait = () => process.nextTick(turn);
      now.then(whenAllWait);
    });
  }

  /** Lets things happen up to the next one that wakes a process; true when all is over. */
  private happen(over: () => boolean): boolean {
    while (!over()) {
      const next = this.pop();
      if (!next) return true;
      this.now = next.at;
      const { actor } = next;
      if (!actor) {
        next.run();
        continue;
      }
      if (!actor.alive) continue;
      if (actor.frozenUntil > this.now) {
        this.push({ ...next, at: actor.frozenUntil });
        continue;
      }
      next.run();
      return false;
    }
    return true;
  }

  private push(item: Happening): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Happening;
      if (isBefore(above, item)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = item;
  }

  private pop(): Happening | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
      if (isBefore(last, heap[child] as Happening)) break;
      heap[index] = heap[child] as Happening;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(left: Happening, right: Happening): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
