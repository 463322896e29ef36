import { ApiProblem, type Client, type FindingView, readyView } from '#contracts';
import { isLocal } from '../connection/find-key.js';
import type { Session } from '../connection/session.js';
import { readTargets } from '../look/read-targets.js';

/** One thing that was looked at. A finding that is not well says why that matters and what to do. */
export type Finding = FindingView;

/** What can be seen from here (this machine, the way to Sluice, the key), and then what Sluice says about itself. */
export async function examine(session: Session): Promise<Finding[]> {
  const findings: Finding[] = [checkNode()];
  const reached = await checkReady(session);
  findings.push(...reached.findings);
  const key = await session.key();
  findings.push(
    key
      ? { name: 'key', state: 'ok', sentence: `The API key comes from ${key.from}.` }
      : {
          name: 'key',
          state: 'bad',
          sentence: 'There is no API key.',
          remedy: isLocal(session.url)
            ? 'Run "npm start" in Sluice\'s folder, or set SLUICE_API_KEY.'
            : 'Set SLUICE_API_KEY.',
        },
  );
  findings.push(...checkTransport(session.url));
  const asked = reached.answers && key ? await checkWork(await session.client()) : { access: [], sluice: undefined };
  // What Sluice tells somebody with a key says the same as its /ready, and more.
  return [...findings, ...asked.access, ...(asked.sluice ?? reached.checks)];
}

const OLDEST_NODE: readonly [number, number] = [20, 19];

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  const sentence = `Node ${process.versions.node} on ${process.platform} ${process.arch}.`;
  return isOld
    ? {
        name: 'node',
        state: 'bad',
        sentence,
        remedy: `Sluice needs Node ${OLDEST_NODE.join('.')} or newer: https://nodejs.org.`,
      }
    : { name: 'node', state: 'ok', sentence };
}

function checkTransport(url: string): Finding[] {
  if (url.startsWith('https:') || isLocal(url)) return [];
  return [
    {
      name: 'transport',
      state: 'warning',
      sentence: `The API key travels unencrypted to ${url}.`,
      remedy: 'Put Sluice behind HTTPS and use an https:// address.',
    },
  ];
}

const ANSWER_WITHIN_MS = 5_000;

interface Reached {
  readonly answers: boolean;
  readonly findings: Finding[];
  readonly checks: Finding[];
}

/** Asks `/ready`, which needs no key and answers with the same body when it is not ready. */
async function checkReady(session: Session): Promise<Reached> {
  let answer: Response;
  try {
    answer = await fetch(`${session.url}/ready`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch {
    return notReached(
      `Nothing answers at ${session.url}.`,
      isLocal(session.url)
        ? 'Start it with "npm start" in Sluice\'s folder; if it listens on another port, set SLUICE_URL.'
        : 'Check the address (--url or SLUICE_URL) and the network between here and there.',
    );
  }
  const ready = readyView.safeParse(await answer.json().catch(() => undefined));
  if (!ready.success) {
    return notReached(
      `Something answers at ${session.url} (${answer.status}), but it is not this version of Sluice.`,
      'Check the address; if it is right, use the sluice command of the version that runs there.',
    );
  }
  const checks = Object.entries(ready.data.checks).map(
    ([name, { ok, sentence }]): Finding =>
      ok
        ? { name, state: 'ok', sentence }
        : {
            name,
            state: ready.data.status === 'not_ready' ? 'bad' : 'warning',
            sentence,
            remedy: 'The log of the API process says more; running rollouts go on once it is mended.',
          },
  );
  return {
    answers: true,
    findings: [{ name: 'api', state: 'ok', sentence: `Sluice answers at ${session.url}.` }],
    checks,
  };
}

function notReached(sentence: string, remedy: string): Reached {
  return { answers: false, findings: [{ name: 'api', state: 'bad', sentence, remedy }], checks: [] };
}

interface Asked {
  readonly access: Finding[];
  /** What Sluice found; absent when it could not be asked. */
  readonly sluice: Finding[] | undefined;
}

/** Whether the key opens the door, and what Sluice finds wrong with itself. */
async function checkWork(client: Client): Promise<Asked> {
  try {
    const targets = await readTargets(client);
    const moving = targets.filter(({ activeDeploymentId }) => activeDeploymentId !== null).length;
    const sentence = `The key is accepted: ${targets.length} target(s), ${moving} deployment(s) under way.`;
    const access: Finding[] = [{ name: 'access', state: 'ok', sentence }];
    return { access, sluice: (await client.doctor()).findings };
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const remedy =
      error.code === 'unauthorized'
        ? 'Use a key of this Sluice that is neither expired nor revoked.'
        : error.problem.remedy;
    const access: Finding[] = [{ name: 'access', state: 'bad', sentence: error.problem.detail, remedy }];
    return { access, sluice: undefined };
  }
}
