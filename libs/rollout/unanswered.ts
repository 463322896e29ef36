import { isMoving, type MovingState, type RolloutState } from './state.js';

/**
 * After this long a write that was given up cannot land any more: AWS refuses a request five minutes after the date in
 * its signature, that date may be five minutes ahead of AWS' own clock and no more, and no call leaves after the end of
 * its lease, which is far below a minute for an alias.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html
 */
export const WRITE_LANDS_WITHIN_MS = 11 * 60_000;

/** The claim is given up before anybody knows what became of its write. */
export function unanswered<S extends MovingState>(state: S, at: number): S {
  const { claim, ...rest } = state;
  return claim ? ({ ...rest, unansweredAt: at } as unknown as S) : state;
}

/** Until when a write whose answer never came may still move the alias; `undefined`: there is none, or none any more. */
export function mayLandUntil(state: RolloutState, now: number): number | undefined {
  if (!isMoving(state) || state.unansweredAt === undefined) return undefined;
  const until = state.unansweredAt + WRITE_LANDS_WITHIN_MS;
  return until > now ? until : undefined;
}
