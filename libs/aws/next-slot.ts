/**
 * The arithmetic of the call budget: which moment the next calls of a lane may use. Pure; `libs/store` carries out the
 * same computation as one SQL statement on the lane's row, so that all workers together share one pace.
 *
 * A lane is a row of evenly spaced slots; `nextSlotMs` is the first one nobody has. Slots that pass unused are gone
 * (there is no burst), so in any window of one second plus `JITTER_MS` there are at most `perSecond` of them.
 */
export interface SlotRequest {
  /** How many calls want to be made. */
  readonly count: number;
  /** Slots closer than this are of no use to who asks: they would be over before the answer arrives. */
  readonly leadMs: number;
  /** How far ahead a slot may lie; further away nothing is granted. */
  readonly horizonMs: number;
  /** Distance between two slots of the lane, from `slotSpacingMs`. */
  readonly spacingMs: number;
}

export type SlotGrant =
  | { readonly granted: 0; readonly waitMs: number; readonly nextSlotMs: number }
  | { readonly granted: number; readonly startMs: number; readonly nextSlotMs: number };

/**
 * A call may leave this much after its slot without two calls ever sharing one slot's second: network, event loop and
 * the claim that precedes the call all take a varying time. It costs 3 % of the rate.
 */
export const JITTER_MS = 30;

/** Distance between two slots: `perSecond` of them in every one second plus jitter. */
export function slotSpacingMs(perSecond: number): number {
  return (1000 + JITTER_MS) / perSecond;
}

/**
 * @param nextSlotMs the lane's first free slot
 * @param nowMs the same clock's present time (the database's)
 */
export function nextSlot(nextSlotMs: number, nowMs: number, request: SlotRequest): SlotGrant {
  const { spacingMs } = request;
  const startMs = Math.max(nextSlotMs, nowMs + request.leadMs);
  const room = Math.floor((nowMs + request.horizonMs - startMs) / spacingMs) + 1;
  const granted = Math.min(request.count, room);
  if (granted < 1) return { granted: 0, waitMs: startMs - request.horizonMs - nowMs, nextSlotMs };
  return { granted, startMs, nextSlotMs: startMs + granted * spacingMs };
}
