import type { Client } from '#contracts';
import type { Session } from '../connection/session.js';
import { isHeld } from '../outcome.js';
import { asFailure } from '../render/failure.js';
import type { Finding } from '../render/findings.js';
import { count } from '../render/words.js';

/** Looks at one thing after the other and stops where nothing further can be known. */
export async function diagnose(session: Session): Promise<Finding[]> {
  const key = await session.key();
  if (!key) {
    const failure = await session.client().then(
      () => undefined,
      (error: unknown) => asFailure(error),
    );
    return [bad('no_key', failure?.message ?? 'There is no API key.', failure?.remedy)];
  }
  const client = await session.client();
  const found: Finding[] = [good('key_found', `There is an API key (${key.from}).`)];
  const reached = await attempt(session, () => client.health());
  if (!reached.ok) return [...found, reached.finding];
  found.push(good('reachable', `Sluice answers at ${session.url}.`));
  const ready = await attempt(session, () => client.ready());
  if (ready.ok) {
    for (const [name, check] of Object.entries(ready.value.checks)) {
      const remedy = check.ok ? undefined : 'See the log of the API and the worker; is a worker running?';
      found.push({ ok: check.ok, code: name, sentence: check.sentence, ...(remedy ? { remedy } : {}) });
    }
  } else {
    found.push(ready.finding);
  }
  return [...found, ...(await withKey(session, client))];
}

async function withKey(session: Session, client: Client): Promise<Finding[]> {
  const targets = await attempt(session, () => client.listTargets({ limit: 100 }));
  if (!targets.ok) return [targets.finding];
  const items = targets.value.items;
  const found = [good('key_valid', `The key is valid; it sees ${count(items.length, 'target')}.`)];
  if (items.length === 0) {
    found.push(bad('no_target', 'There is nothing to deploy to yet.', '"sluice targets create" makes a target.'));
  }
  const active = await attempt(session, () => client.listDeployments({ active: 'true', limit: 100 }));
  if (!active.ok) return [...found, active.finding];
  for (const deployment of active.value.items.filter(isHeld)) {
    const remedy = `"sluice status ${deployment.target.name}" shows what was found; "sluice resolve ${deployment.target.name}" decides.`;
    found.push(bad('needs_person', `${deployment.target.name} waits for a person: ${deployment.headline}`, remedy));
  }
  return found;
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly finding: Finding };

async function attempt<T>(session: Session, work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const failure = asFailure(session.explain(error));
    return { ok: false, finding: bad(failure.code, failure.message, failure.remedy) };
  }
}

function good(code: string, sentence: string): Finding {
  return { ok: true, code, sentence };
}

function bad(code: string, sentence: string, remedy?: string): Finding {
  return { ok: false, code, sentence, ...(remedy ? { remedy } : {}) };
}
