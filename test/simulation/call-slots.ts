import { type CallBudget, createMemoryCallBudgetStore, type Lane } from '#aws';
import { JITTER_MS } from '../../libs/aws/next-slot.js';
import type { Actor } from './scheduler.js';
import type { World } from './world.js';

type SlotStore = ReturnType<typeof createMemoryCallBudgetStore>;

interface Slot {
  readonly lane: Parameters<CallBudget['take']>[1];
  readonly at: number;
}

const WINDOW_MS = 1_000;
/** A claim that takes longer than this asks for another slot. */
const LATE_MS = 100;

/** The account's rows of slots, and whether the calls that leave for Lambda keep to them (I22). */
export class CallSlots {
  readonly rates: { readonly ordinaryPerSecond: number; readonly rollbackPerSecond: number };
  private readonly shared: SlotStore;
  /** Granted and not yet used, oldest first. */
  private readonly granted = new Map<Actor, Slot[]>();
  private readonly left: Slot[] = [];

  constructor(private readonly world: World) {
    this.shared = this.newStore();
    // Two aliases seldom need twelve calls a second; at two of them they have to share.
    this.rates = world.random.chance(0.5)
      ? { ordinaryPerSecond: 12, rollbackPerSecond: 3 }
      : { ordinaryPerSecond: 2, rollbackPerSecond: 1 };
  }

  /** The rows are on the database's clock, one set for all. */
  storeFor(actor: Actor): SlotStore {
    if (!this.world.has('each worker its own budget')) return this.shared;
    const own = this.newStore();
    this.world.say(() => `${actor.name} keeps a budget of its own`);
    return own;
  }

  grant(actor: Actor, lane: Lane): void {
    if (this.world.has('budget by the way') && lane === 'ordinary') return;
    const mine = this.granted.get(actor) ?? [];
    mine.push({ lane, at: this.world.scheduler.now });
    this.granted.set(actor, mine);
  }

  /** A call leaves its process for Lambda. */
  spend(actor: Actor, operation: string): void {
    const { now } = this.world.scheduler;
    const mayBeRollback = this.granted.get(actor)?.some(({ lane, at }) => lane === 'rollback' && now - at <= JITTER_MS);
    const slot = this.slotOf(actor, now);
    if (!slot) {
      this.world.violate('I22', `${actor.name} called ${operation} without a slot of the budget, or long after it.`);
      return;
    }
    // Between the slot and the call lies the claim. One that took longer than the budget allows for is counted no more:
    // an ordinary one may be so late only for moments, and a rollback does not wait for another slot.
    if (now - slot.at > JITTER_MS) return;
    // A claim that was lost leaves its slot unused: the call may as well stand on the rollback's.
    this.left.push({ lane: mayBeRollback ? 'rollback' : slot.lane, at: now });
    while ((this.left[0]?.at ?? now) <= now - WINDOW_MS) this.left.shift();
    const ordinary = this.left.filter(({ lane }) => lane === 'ordinary').length;
    const { ordinaryPerSecond, rollbackPerSecond } = this.rates;
    if (ordinary <= ordinaryPerSecond && this.left.length <= ordinaryPerSecond + rollbackPerSecond) return;
    this.world.violate(
      'I22',
      `${this.left.length} calls in a second, ${ordinary} of them ordinary: ${operation} is one too many.`,
    );
  }

  /**
   * The oldest that may still be used: of the ordinary lane only one that is not long past. Whose slot it was is not known
   * here, so of those that are as good as each other a rollback's is left for the one that may come late.
   */
  private slotOf(actor: Actor, now: number): Slot | undefined {
    const mine = (this.granted.get(actor) ?? []).filter(({ lane, at }) => lane === 'rollback' || now - at <= LATE_MS);
    this.granted.set(actor, mine);
    const isFresh = ({ at }: Slot) => now - at <= JITTER_MS;
    const ordinary = mine.findIndex((slot) => isFresh(slot) && slot.lane === 'ordinary');
    const fresh = ordinary >= 0 ? ordinary : mine.findIndex(isFresh);
    return mine.splice(Math.max(0, fresh), 1)[0];
  }

  private newStore(): SlotStore {
    const { scheduler } = this.world;
    const monotonic = () => scheduler.now;
    return createMemoryCallBudgetStore({
      now: monotonic,
      monotonic,
      sleep: () => Promise.reject(new Error('Slots do not wait.')),
    });
  }
}
