import type { DeploymentView } from '#contracts';
import type { Clock } from '#runtime';
import type { DeploymentRow, Store } from '#store';
import type { ChangeHub } from './change-hub.js';
import { eventView } from './event-view.js';
import type { DeploymentShow } from './show-deployment.js';

export interface Watch {
  readonly store: Pick<Store, 'deployments' | 'events'>;
  readonly hub: ChangeHub;
  readonly show: DeploymentShow;
  readonly clock: Clock;
}

/** Keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
const EVENTS_PER_READ = 100;

/**
 * The texts of one stream of server-sent events: every event after `after` with the deployment as it then stands, the
 * judge's new evidence as it comes, and `end` once there is nothing more to come.
 */
export async function* watchTexts(
  { store, hub, show, clock }: Watch,
  first: DeploymentRow,
  after: number,
  end: AbortSignal,
): AsyncGenerator<string> {
  const listening = hub.listen(first.id);
  let last = after;
  // Whoever connects again may have missed a look of the judge: the present one is told once more.
  let seenEvidence: number | undefined;
  let quietSince = clock.monotonic();
  try {
    yield `retry: 1000\n\n`;
    while (!end.aborted) {
      const seen = await store.deployments.get(first.projectId, first.id);
      if (!seen) return;
      const events = seen.sequence > last ? await store.events.after(first.id, last, EVENTS_PER_READ) : [];
      // Read again after the events, so that no message shows a deployment as it was before its event.
      const row = events.length === 0 ? seen : await store.deployments.get(first.projectId, first.id);
      if (!row) return;
      const news = row.evidence !== undefined && row.evidence.at !== seenEvidence;
      if (events.length > 0 || news) {
        const deployment = await show.row(row);
        for (const event of events) {
          last = event.seq;
          yield message('change', { event: eventView(event), deployment }, event.seq);
        }
        if (events.length === 0) yield message('evidence', { deployment });
        seenEvidence = row.evidence?.at;
        quietSince = clock.monotonic();
      }
      if (last < row.sequence) continue;
      if (row.endedAt !== undefined) {
        yield message('end', { deployment: await show.row(row) });
        return;
      }
      if (clock.monotonic() - quietSince >= HEARTBEAT_MS) {
        quietSince = clock.monotonic();
        yield ': still here\n\n';
      }
      await listening.until(end);
    }
  } finally {
    listening.stop();
  }
}

type Data = { readonly deployment: DeploymentView; readonly event?: unknown };

/** JSON has no raw line break, so one data line is enough. Only events have an id: resuming counts events. */
function message(kind: 'change' | 'evidence' | 'end', data: Data, id?: number): string {
  return `event: ${kind}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
