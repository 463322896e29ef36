import type { AliasReading } from '#aws';
import { describeAliasValue, type RolloutEvent } from '#rollout';

/** One line of a trace. */
export function tellAlias(reading: AliasReading): string {
  return `${describeAliasValue(reading)} (${reading.revisionId})`;
}

export function tell(event: RolloutEvent): string {
  switch (event.type) {
    case 'ClaimTaken': {
      const wanted = event.wanted ? ` ${describeAliasValue(event.wanted)}` : '';
      return `ClaimTaken ${event.command}${wanted} under ${event.token}`;
    }
    case 'AliasDrifted':
      return `AliasDrifted, found ${describeAliasValue(event.observed)} (${event.observedRevisionId})`;
    case 'PreparationFailed':
    case 'WriteRefused':
      return `${event.type} (${event.reason.code})`;
    case 'Watched':
      return `Watched (${event.verdict})`;
    case 'AliasConfirmed':
      return `AliasConfirmed ${describeAliasValue(event.value)} (${event.revisionId})`;
    case 'Outcome':
      return `Outcome: ${event.sentence}`;
    default:
      return 'by' in event ? `${event.type} by ${event.by}` : event.type;
  }
}
