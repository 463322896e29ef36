import type { DeploymentView } from '#contracts';
import { type ExitCode, exitCodes } from './exit-codes.js';

/** Nothing moves until a person decides: a watch that went on would wait for ever. */
export function isHeld(deployment: Pick<DeploymentView, 'phase'>): boolean {
  return deployment.phase === 'drifted' || deployment.phase === 'needs_human';
}

/** How a watched deployment makes `sluice` end. */
export function exitCodeOf(phase: DeploymentView['phase']): ExitCode {
  switch (phase) {
    case 'rolled_back':
      return exitCodes.rolledBack;
    case 'failed':
      return exitCodes.failed;
    case 'cancelled':
    case 'superseded':
      return exitCodes.stoppedEarly;
    case 'drifted':
    case 'needs_human':
    case 'target_gone':
      return exitCodes.needsPerson;
    case 'succeeded':
    case 'queued':
    case 'preparing':
    case 'shifting':
    case 'baking':
    case 'gated':
    case 'paused':
    case 'promoting':
    case 'rolling_back':
      return exitCodes.ok;
    default:
      return phase satisfies never;
  }
}

/** The state in two or three words, for tables and headings. */
export function stateWords(deployment: Pick<DeploymentView, 'phase' | 'result' | 'gate'>): string {
  switch (deployment.phase) {
    case 'succeeded':
      return deployment.result === 'nothing_to_do' ? 'nothing to do' : (deployment.result ?? 'succeeded');
    case 'gated':
      return deployment.gate === 'approval' ? 'waiting for approval' : 'waiting for evidence';
    case 'rolling_back':
      return 'rolling back';
    case 'rolled_back':
      return 'rolled back';
    case 'needs_human':
      return 'needs a person';
    case 'target_gone':
      return 'target gone';
    default:
      return deployment.phase;
  }
}
