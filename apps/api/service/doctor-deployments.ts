import type { FindingView } from '#contracts';
import type { Store, TroubledRow } from '#store';
import { firstFew } from './finding.js';
import { words } from './readiness.js';
import { OVERDUE_MS } from './truth.js';

/** Troubled deployments are counted up to this many, so that the look costs the same however bad things are. */
const COUNTED = 1_000;

interface Around {
  readonly hasWorker: boolean;
  /** Deployments of all projects that have not ended. */
  readonly live: number;
}

/** What is wrong with deployments of one project: each is told of once, by what keeps it from going on. */
export async function deploymentFindings(
  troubles: Store['troubles'],
  projectId: string,
  { hasWorker, live }: Around,
): Promise<FindingView[]> {
  const unreadable = await troubles.unreadable(projectId);
  const ids = unreadable.map(({ deploymentId }) => deploymentId);
  const [overdue, held, silent, stuck] = await Promise.all([
    troubles.overdue(projectId, OVERDUE_MS, ids, COUNTED),
    troubles.held(projectId, COUNTED),
    troubles.silent(projectId, COUNTED),
    troubles.stuck(projectId, ids, COUNTED),
  ]);
  return [
    ...overdueFindings(overdue, hasWorker),
    ...unreadableFindings(unreadable, live > troubles.looksAt),
    ...stuckFindings(stuck),
    ...heldFindings(held),
    ...evidenceFindings(silent, live > troubles.looksAt),
  ];
}

const spoken = (phase: string) => phase.replace('_', ' ');

function overdueFindings(overdue: readonly TroubledRow[], hasWorker: boolean): FindingView[] {
  return firstFew(overdue, {
    name: 'overdue',
    none: 'No work is overdue.',
    tell: ({ deploymentId, target, phase, lateMs }) => ({
      name: `deployment of ${target}`,
      state: 'bad',
      sentence: `Overdue by ${words(lateMs)}: it is ${spoken(phase)} and nobody went on.`,
      why: 'Its traffic stays as it is, and a bad canary is not noticed as long as nobody looks.',
      remedy: hasWorker
        ? `A worker is alive, so look for ${deploymentId} in its log; "sluice status ${deploymentId}" shows the rest.`
        : `Start a worker; it goes on by itself. "sluice status ${deploymentId}" shows it.`,
    }),
    more: 'Overdue as well, by less',
    lookedAt: COUNTED,
  });
}

function unreadableFindings(rows: readonly TroubledRow[], isSample: boolean): FindingView[] {
  return firstFew(rows, {
    name: 'rows',
    none: isSample
      ? 'Every deployment that is next in line or stuck can be read.'
      : 'Every deployment under way can be read.',
    tell: ({ deploymentId, target }) => ({
      name: 'rows',
      state: 'bad',
      sentence: `Deployment ${deploymentId} of ${target} is stored in a form that this release cannot read.`,
      why: 'It stands still where it is and holds its target; all others go on.',
      remedy: `Run the release that wrote it (the newest one). If traffic has moved and that must not wait, "sluice status ${deploymentId}" prints the aws command that puts the old version back. If no release can read it, whoever looks after the database must mend the row.`,
    }),
    more: 'Unreadable as well',
    // Found among those next in line: there may be more behind them.
    ...(isSample ? { lookedAt: 0 } : {}),
  });
}

function stuckFindings(stuck: readonly TroubledRow[]): FindingView[] {
  return firstFew(stuck, {
    name: 'stuck',
    tell: ({ deploymentId, target, phase, stuckMs = 0 }) => ({
      name: `deployment of ${target}`,
      state: 'bad',
      sentence: `Looking at it has failed for ${words(stuckMs)} for a reason of its own; it is ${spoken(phase)} and is tried again, ever more seldom.`,
      why: 'It stands still where it is and nobody judges its canary; all others go on.',
      remedy: `The worker’s log has the cause under ${deploymentId}. "sluice abort ${deploymentId}" has the old version put back; if that fails as well, "sluice status ${deploymentId}" prints the aws command that does it without Sluice.`,
    }),
    more: 'Stuck as well, for a shorter time',
    lookedAt: COUNTED,
  });
}

function heldFindings(held: readonly TroubledRow[]): FindingView[] {
  return firstFew(held, {
    name: 'held',
    none: 'Nothing waits for a person to decide.',
    tell: ({ deploymentId, target, phase }) => ({
      name: `deployment of ${target}`,
      state: 'bad',
      sentence:
        phase === 'drifted'
          ? 'It drifted: somebody or something else changed the alias, and Sluice has not touched it since.'
          : 'It needs a person: Lambda refused to put the rollback point back.',
      why: 'It holds its target: nothing else can be deployed there, and nobody judges the canary.',
      remedy: `"sluice status ${deploymentId}" shows what happened; decide with "sluice resolve ${target}" and --restore, --accept-as-is or --abandon.`,
    }),
    more: 'Waiting for a person as well',
    lookedAt: COUNTED,
  });
}

function evidenceFindings(silent: readonly TroubledRow[], isSample: boolean): FindingView[] {
  return firstFew(silent, {
    name: 'evidence',
    none: isSample
      ? 'The sources of the canaries that were looked at all answer.'
      : 'Every source of evidence that is asked answers.',
    tell: ({ deploymentId, target, silentMs = 0, evidence }) => ({
      name: `evidence of ${target}`,
      state: 'bad',
      sentence: `Its source has not answered for ${words(silentMs)}. ${evidence ?? ''}`.trim(),
      why: 'No data is never healthy: the rollout neither advances nor passes, and ends at its deadline.',
      remedy: `Check the source, its address in SLUICE_METRICS_ORIGINS and its secret; docs/metrics.md says what each needs. "sluice status ${deploymentId}" shows the deadline.`,
    }),
    more: 'Canaries without an answer from their source as well',
    ...(isSample ? { lookedAt: 0 } : {}),
  });
}
