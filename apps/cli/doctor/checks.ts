import { ApiProblem, type Client, type DeploymentView, readyView } from '#contracts';
import { isLocal } from '../connection/find-key.js';
import type { Session } from '../connection/session.js';
import { readOverview } from '../look/overview.js';
import { stateWords } from '../outcome.js';
import { duration } from '../render/words.js';

/** One thing that was looked at. A finding that is not well says what to do. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'bad';
  readonly sentence: string;
  readonly remedy?: string;
}

/** Below these a deployment may just be between two steps; above them nobody seems to work on it. */
const OVERDUE_MS = 60_000;
const STUCK_MS = 300_000;

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
  if (reached.answers && key) findings.push(...(await checkWork(await session.client())));
  return findings;
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

/** Asks `/ready`, which needs no key and answers with the same body when it is not ready. */
async function checkReady(session: Session): Promise<{ answers: boolean; findings: Finding[] }> {
  let answer: Response;
  try {
    answer = await fetch(`${session.url}/ready`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch {
    return {
      answers: false,
      findings: [
        {
          name: 'api',
          state: 'bad',
          sentence: `Nothing answers at ${session.url}.`,
          remedy: isLocal(session.url)
            ? 'Start it with "npm start" in Sluice\'s folder; if it listens on another port, set SLUICE_URL.'
            : 'Check the address (--url or SLUICE_URL) and the network between here and there.',
        },
      ],
    };
  }
  const ready = readyView.safeParse(await answer.json().catch(() => undefined));
  if (!ready.success) {
    return {
      answers: false,
      findings: [
        {
          name: 'api',
          state: 'bad',
          sentence: `Something answers at ${session.url} (${answer.status}), but it is not this version of Sluice.`,
          remedy: 'Check the address; if it is right, use the sluice command of the version that runs there.',
        },
      ],
    };
  }
  const checks = Object.entries(ready.data.checks).map(
    ([name, { ok, sentence }]): Finding =>
      ok
        ? { name, state: 'ok', sentence }
        : {
            name,
            state: 'bad',
            sentence,
            remedy: 'The log of the API process says more; running rollouts go on once it is mended.',
          },
  );
  return {
    answers: true,
    findings: [{ name: 'api', state: 'ok', sentence: `Sluice answers at ${session.url}.` }, ...checks],
  };
}

/** Whether the key opens the door, and whether anything waits for a worker or a person. */
async function checkWork(client: Client): Promise<Finding[]> {
  try {
    const overview = await readOverview(client);
    const moving = overview.flatMap(({ deployment }) => (deployment && !deployment.ended ? [deployment] : []));
    const troubles = moving.flatMap((deployment) => troubleWith(deployment) ?? []);
    const accepted: Finding = {
      name: 'access',
      state: 'ok',
      sentence: `The key is accepted: ${overview.length} target(s), ${moving.length} deployment(s) under way.`,
    };
    return troubles.length > 0
      ? [accepted, ...troubles]
      : [accepted, { name: 'work', state: 'ok', sentence: 'Nothing is overdue and nothing waits for a person.' }];
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const remedy =
      error.code === 'unauthorized'
        ? 'Use a key of this Sluice that is neither expired nor revoked.'
        : error.problem.remedy;
    return [{ name: 'access', state: 'bad', sentence: error.problem.detail, remedy }];
  }
}

/** What is wrong with a deployment that has not ended, if anything. Measured on the database's own clock. */
export function troubleWith(deployment: DeploymentView): Finding | undefined {
  const now = Date.parse(deployment.readAt);
  const name = `deployment of ${deployment.target.name}`;
  const look = `"sluice status ${deployment.id}" shows it.`;
  switch (deployment.phase) {
    case 'drifted':
    case 'needs_human':
      return {
        name,
        state: 'bad',
        sentence: `It ${deployment.phase === 'drifted' ? 'drifted' : 'needs a person'}: ${deployment.headline}`,
        remedy: `Decide with "sluice resolve ${deployment.target.name}". ${look}`,
      };
    case 'baking': {
      const late = deployment.bakeUntil ? now - Date.parse(deployment.bakeUntil) : 0;
      return late > OVERDUE_MS
        ? overdue(name, `its bake ended ${duration(late)} ago and nobody went on`, look)
        : undefined;
    }
    case 'preparing':
    case 'shifting':
    case 'promoting':
    case 'rolling_back': {
      const still = now - Date.parse(deployment.updatedAt);
      return still > STUCK_MS
        ? overdue(name, `it is ${stateWords(deployment)} and has not moved for ${duration(still)}`, look)
        : undefined;
    }
    default:
      return undefined;
  }
}

function overdue(name: string, what: string, look: string): Finding {
  return {
    name,
    state: 'bad',
    sentence: `Overdue: ${what}.`,
    remedy: `Check that a worker runs and can reach AWS. ${look}`,
  };
}
