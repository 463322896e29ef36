import type { Client, CreateDeployment } from '#contracts';
import type { Session } from '../connection/session.js';
import { note } from '../context.js';
import { Failure } from '../failure.js';

/** A forecast that takes longer than this is not waited for: nobody's deployment hangs on it. */
const PATIENCE_MS = 4_000;

/** What the strategy makes of this traffic, in two lines, before anything is started. Never stops a deployment. */
export async function sayForecast(session: Session, client: Client, request: CreateDeployment): Promise<void> {
  const { strategy, analysis } = request;
  const wish = { ...(strategy === undefined ? {} : { strategy }), ...(analysis === undefined ? {} : { analysis }) };
  const { clock } = session.context;
  const late = new AbortController();
  const lines = await Promise.race([
    client.forecast(request.target, wish).then(
      ({ summary }) => [...summary],
      (error: unknown) => [`No forecast: ${whyOf(session.explain(error))}`],
    ),
    clock.sleep(PATIENCE_MS, late.signal).then(() => ['No forecast: the workers have not answered in time.']),
  ]);
  late.abort();
  for (const line of lines) note(session.screen, line);
}

function whyOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Failure ? (message.split('\n')[0] ?? message) : message;
}
