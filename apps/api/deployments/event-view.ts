import type { EventView } from '#contracts';
import { type AliasValue, describeAliasValue, describeDrift, type Reason } from '#rollout';
import type { EventRow } from '#store';
import { aliasView, isoTime } from './value-view.js';

type Recorded = EventRow['data'];

/** What callers see of an event: its facts by name, without tokens and without what belongs to the machine alone. */
export function eventView(row: EventRow): EventView {
  return {
    deploymentId: row.deploymentId,
    sequence: row.seq,
    type: row.type,
    actor: row.actor,
    at: isoTime(row.at),
    sentence: sentenceOf(row.data),
    data: factsOf(row.data),
  };
}

const TEXTS = ['version', 'command', 'verdict', 'why', 'deploymentId', 'of'] as const;
const FLAGS = ['onlyStep', 'codeIsOurs', 'needsConfiguration', 'nothingToDo'] as const;
const VALUES = ['value', 'wanted', 'expected', 'observed'] as const;

function factsOf(event: Recorded): Record<string, unknown> {
  const facts = event as unknown as Readonly<Record<string, unknown>>;
  const shown: Record<string, unknown> = {};
  for (const name of TEXTS) if (typeof facts[name] === 'string') shown[name] = facts[name];
  for (const name of FLAGS) if (typeof facts[name] === 'boolean') shown[name] = facts[name];
  for (const name of VALUES) if (facts[name]) shown[name] = aliasView(facts[name] as AliasValue);
  if (facts['reason']) shown['reason'] = reasonFacts(facts['reason'] as Reason);
  if (event.type === 'Watched' && event.ramp) shown['ramp'] = { ...event.ramp };
  if (event.type === 'Probed') {
    const { payloads, stable, canary, failed } = event;
    shown['probes'] = { payloads, stable, canary, failed };
  }
  if (event.type === 'RollbackPointCaptured') shown['rollbackPoint'] = { version: event.captured.point.version };
  return shown;
}

function reasonFacts({ code, sentence, by }: Reason) {
  return by === undefined ? { code, sentence } : { code, sentence, by };
}

/** Past tense, one sentence, for a person who reads the history. */
function sentenceOf(event: Recorded): string {
  return event.type.endsWith('Requested') ? actSentence(event) : factSentence(event);
}

function actSentence(event: Recorded): string {
  if (event.type === 'SupersedeRequested') return event.why;
  const said = 'by' in event ? `${event.by} ${actWords(event)}` : event.type;
  const why = 'why' in event && typeof event.why === 'string' ? event.why : undefined;
  return why === undefined ? `${said}.` : `${said}: ${why}`;
}

function actWords(event: Recorded): string {
  switch (event.type) {
    case 'PromoteRequested':
      return event.onlyStep ? 'let it leave the present step' : 'promoted it, skipping what was left of the steps';
    case 'PauseRequested':
      return 'paused it';
    case 'ResumeRequested':
      return 'resumed it';
    case 'AbortRequested':
      return 'aborted it';
    case 'CancelRequested':
      return 'cancelled it';
    case 'ApproveRequested':
      return 'approved it';
    case 'AcceptAsIsRequested':
      return 'accepted the alias as it was found';
    case 'RestoreRequested':
      return 'asked for the rollback point';
    case 'AbandonRequested':
      return 'gave it up and left the alias as found';
    default:
      return event.type;
  }
}

function factSentence(event: Recorded): string {
  switch (event.type) {
    case 'Accepted':
      return `${event.by} asked for it.`;
    case 'Started':
      return 'Its turn came.';
    case 'ClaimTaken':
      return event.wanted
        ? `About to set the alias to ${describeAliasValue(event.wanted)}.`
        : `About to send ${event.command} to Lambda.`;
    case 'RollbackPointCaptured':
      return `The rollback point is version ${event.captured.point.version}.`;
    case 'AliasCaptured':
      return `The alias was found with ${describeAliasValue(event.value)}.`;
    case 'ConfigurationUpdated':
      return 'Lambda took the new configuration.';
    case 'LatestSettled':
      return 'Lambda has applied the update.';
    case 'LatestUnchanged':
      return 'The update had not reached Lambda; it will be sent again.';
    case 'VersionPublished':
      return `Version ${event.version} was published.`;
    case 'VersionActivated':
      return 'The new version is active.';
    case 'ProbesBegun':
      if (event.fromLog?.payloads === 0)
        return `The function’s log was looked at for payloads${allowed(event.fromLog)}.`;
      return event.round === 1
        ? `Probes are being sent to both versions${recorded(event.fromLog)}.`
        : `Probes are being sent again (round ${event.round}): whoever began them did not come to an end.`;
    case 'Probed':
      return event.sentence;
    case 'WeightShifted':
      return `The alias now has ${describeAliasValue(event.value)}.`;
    case 'Promoted':
      return `Promoted: ${describeAliasValue(event.value)}.`;
    case 'Restored':
      return `Put back: ${describeAliasValue(event.value)}.`;
    default:
      return troubleSentence(event);
  }
}

type FromLog = Extract<Recorded, { type: 'ProbesBegun' }>['fromLog'];

function recorded(fromLog: FromLog): string {
  return fromLog ? `: ${fromLog.payloads} from the function’s log${allowed(fromLog)}` : '';
}

function allowed({ by, at }: NonNullable<FromLog>): string {
  return `, as ${by} allowed on ${at.slice(0, 10)}`;
}

function troubleSentence(event: Recorded): string {
  switch (event.type) {
    case 'PreparationFailed':
    case 'WriteRefused':
    case 'TargetVanished':
      return event.reason.sentence;
    case 'OutcomeUnknown':
    case 'WriteDeferred':
    case 'Outcome':
      return event.sentence;
    case 'AliasConfirmed':
      return `The alias was seen with ${describeAliasValue(event.value)}.`;
    case 'AliasDrifted':
      return `Somebody else moved the alias: ${describeDrift(event.expected, event.observed)}.`;
    case 'Watched':
      return event.sentence || 'The judge looked at the canary.';
    default:
      return event.type;
  }
}
