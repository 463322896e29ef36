import { endPhases, type Phase } from './state.js';

/**
 * Which phase can follow which, as plain data. A test walks `transition` at random and proves that it can do exactly
 * this and nothing else; ARCHITECTURE.md shows it as a picture made from this table.
 */
export const phaseEdges: Readonly<Record<Phase, readonly Phase[]>> = {
  queued: ['preparing', 'cancelled', 'superseded'],
  preparing: ['shifting', 'promoting', 'rolling_back', 'succeeded', 'failed', 'cancelled', 'superseded', 'target_gone'],
  shifting: ['baking', 'paused', 'rolling_back', 'drifted', 'superseded', 'target_gone'],
  baking: ['shifting', 'gated', 'paused', 'promoting', 'rolling_back', 'drifted', 'superseded', 'target_gone'],
  gated: ['shifting', 'gated', 'paused', 'promoting', 'rolling_back', 'drifted', 'superseded', 'target_gone'],
  paused: ['shifting', 'baking', 'gated', 'promoting', 'rolling_back', 'drifted', 'superseded', 'target_gone'],
  promoting: ['succeeded', 'rolling_back', 'drifted', 'superseded', 'target_gone'],
  rolling_back: ['rolled_back', 'succeeded', 'failed', 'drifted', 'needs_human', 'superseded', 'target_gone'],
  drifted: ['rolling_back', 'cancelled', 'superseded', 'target_gone'],
  needs_human: ['rolling_back', 'cancelled', 'superseded', 'target_gone'],
  succeeded: [],
  rolled_back: [],
  failed: [],
  cancelled: [],
  superseded: [],
  target_gone: [],
};

/**
 * The table as a Mermaid `stateDiagram-v2`. Edges that start nearly everywhere (`superseded`, `target_gone`, `drifted`)
 * would hide the rest, so each is drawn once, from the whole.
 */
export function phaseDiagram(): string {
  const everywhere: readonly Phase[] = ['superseded', 'target_gone', 'drifted'];
  const lines = ['stateDiagram-v2', '  [*] --> queued'];
  for (const [from, following] of Object.entries(phaseEdges)) {
    for (const to of following) {
      if (to !== from && !everywhere.includes(to)) lines.push(`  ${from} --> ${to}`);
    }
  }
  lines.push('  note right of drifted: from every phase that moves traffic, when somebody else moved the alias');
  lines.push('  note right of superseded: from every phase, when a restore takes over (or a newer one, in line)');
  lines.push('  note right of target_gone: from every phase after queued, when alias or function is gone');
  for (const phase of endPhases) lines.push(`  ${phase} --> [*]`);
  return lines.join('\n');
}
