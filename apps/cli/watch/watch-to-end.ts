import type { DeploymentView, WatchMessage } from '#contracts';
import type { Session } from '../connection/session.js';
import { note } from '../context.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { exitCodeOf, isHeld } from '../outcome.js';
import { createView, type WatchView } from './views.js';

export interface WatchFrom {
  /** Tell only what happens after this sequence; 0 tells the story from its beginning. */
  readonly after: number;
}

/** About ten minutes of trying; the deployment itself needs nobody who looks on. */
const MAX_ATTEMPTS = 120;

/** Follows a deployment until it ends, needs a person, or the watcher leaves. The exit code says which. */
export async function watchToEnd(session: Session, deployment: DeploymentView, from: WatchFrom): Promise<ExitCode> {
  const { interrupted } = session.context;
  const stop = new AbortController();
  const signal = AbortSignal.any([interrupted, stop.signal]);
  const view = createView(session);
  view.begin(deployment);
  const ticking = tick(session, view, signal);
  let latest = deployment;
  try {
    // Whoever presses Ctrl-C is answered at once, however long the connection takes to close.
    latest = (await Promise.race([follow(session, latest, from, view, signal), aborted(interrupted)])) ?? latest;
  } finally {
    stop.abort();
    await ticking;
    view.leave();
  }
  if (interrupted.aborted) {
    sayItGoesOn(session, latest);
    return exitCodes.interrupted;
  }
  view.finish(latest);
  return exitCodeOf(latest.phase);
}

async function follow(
  session: Session,
  start: DeploymentView,
  from: WatchFrom,
  view: WatchView,
  signal: AbortSignal,
): Promise<DeploymentView> {
  const client = await session.client();
  let latest = start;
  // Nothing more will come by itself, and the story so far was told.
  if (isHeld(latest) && from.after >= latest.sequence) return latest;
  const messages = client.watchDeployment(start.id, {
    after: from.after,
    signal,
    maxAttempts: MAX_ATTEMPTS,
    // The first attempt after a stream that ended in order is routine (a proxy's time limit), not worth a word.
    onReconnect: (attempt) => attempt > 0 && view.lost(attempt),
  });
  for await (const message of messages) {
    latest = newest(latest, message);
    view.show(message, latest);
    const isToldInFull = message.kind !== 'change' || message.event.sequence >= latest.sequence;
    if (isHeld(latest) && isToldInFull) break;
  }
  return latest;
}

/** A stream that resumes may tell an older event with the deployment as it stood when it was sent: never go back. */
function newest(latest: DeploymentView, message: WatchMessage): DeploymentView {
  return message.deployment.sequence >= latest.sequence ? message.deployment : latest;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

const TICK_MS = 1000;

async function tick(session: Session, view: WatchView, signal: AbortSignal): Promise<void> {
  if (!session.screen.redraws || session.json) return;
  while (!signal.aborted) {
    await session.context.clock.sleep(TICK_MS, signal);
    if (!signal.aborted) view.tick();
  }
}

function sayItGoesOn(session: Session, deployment: DeploymentView): void {
  if (deployment.ended) return;
  note(
    session.screen,
    `Stopped watching; the deployment goes on without you.\n  To watch it again: sluice watch ${deployment.id}\n  To stop it:        sluice abort ${deployment.id}`,
  );
}
