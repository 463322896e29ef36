import { type AlarmEvent, type AlarmReceipt, alarmNotification, type SnsMessage } from '#contracts';
import type { AlarmPush } from '#store';
import { wake } from '../deployments/wake.js';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { ApiParts } from '../parts.js';
import { type FetchText, type SnsSignatures, snsUrl } from './verify-sns.js';

/** A message that was under way for longer tells nothing about a canary any more. */
const STALE_MS = 60 * 60_000;

const nothing = (outcome: AlarmReceipt['outcome']): AlarmReceipt => ({ outcome, deployments: 0 });

/** An event from EventBridge. Its sender showed a key of this project, so it speaks for this project's targets alone. */
export function receiveEvent(parts: ApiParts, projectId: string, event: AlarmEvent): Promise<AlarmReceipt> {
  const { account: accountId, region, detail } = event;
  return keep(parts, {
    id: `eventbridge:${projectId}:${event.id}`,
    projectId,
    accountId,
    region,
    alarmName: detail.alarmName,
    state: detail.state.value,
    changedAtMs: timeOf(detail.state.timestamp),
  });
}

export interface SnsParts {
  readonly signatures: SnsSignatures;
  readonly fetchText: FetchText;
  /** Topics whose messages are believed; a signature only says that SNS carried the message. */
  readonly topics: readonly string[];
}

/** A message from SNS: a notification of an alarm, or the question whether this address wants any. */
export async function receiveSns(parts: ApiParts, sns: SnsParts, message: SnsMessage): Promise<Outcome<AlarmReceipt>> {
  if (!sns.topics.includes(message.TopicArn))
    return refused('unauthorized', { detail: 'The topic is not one of SLUICE_ALARM_TOPICS.' });
  const problem = await sns.signatures.problem(message);
  if (problem) return refused('unauthorized', { detail: problem });
  if (message.Type === 'SubscriptionConfirmation') return confirm(parts, sns, message);
  if (message.Type === 'UnsubscribeConfirmation') return granted(nothing('not_an_alarm'));
  const alarm = readNotification(message.Message);
  if (!alarm) return granted(nothing('not_an_alarm'));
  const [, , , region = '', accountId = ''] = alarm.AlarmArn.split(':');
  const push: AlarmPush = {
    id: `sns:${message.MessageId}`,
    projectId: undefined,
    accountId,
    region,
    alarmName: alarm.AlarmName,
    state: alarm.NewStateValue,
    changedAtMs: timeOf(alarm.StateChangeTime),
  };
  return granted(await keep(parts, push));
}

/** Answers SNS's question at the address it names, which lies at SNS itself and is about the same topic. */
async function confirm(parts: ApiParts, sns: SnsParts, message: SnsMessage): Promise<Outcome<AlarmReceipt>> {
  const url = snsUrl(message.SubscribeURL, message.TopicArn);
  const asks = url?.pathname === '/' && url.searchParams.get('Action') === 'ConfirmSubscription';
  if (!url || !asks || url.searchParams.get('TopicArn') !== message.TopicArn)
    return refused('unauthorized', { detail: 'SubscribeURL does not confirm a subscription to the topic at SNS.' });
  try {
    await sns.fetchText(url);
  } catch (error) {
    parts.logger.warn({ topic: message.TopicArn, error: String(error) }, 'A subscription could not be confirmed.');
    return refused('unavailable', { detail: 'SNS did not take the confirmation; it will ask again.' });
  }
  parts.logger.info({ topic: message.TopicArn }, 'A subscription to alarms was confirmed.');
  return granted(nothing('confirmed'));
}

function readNotification(text: string) {
  try {
    return alarmNotification.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Records the fact and wakes whom it concerns. Whether anything is rolled back is decided by the worker. */
async function keep(parts: ApiParts, push: AlarmPush): Promise<AlarmReceipt> {
  if (!Number.isFinite(push.changedAtMs)) return nothing('not_an_alarm');
  if (push.changedAtMs < parts.clock.now() - STALE_MS) return nothing('stale');
  const result = await parts.store.alarmPushes.record(push);
  if (result.kind !== 'recorded') return nothing(result.kind);
  for (const deploymentId of result.deploymentIds) {
    const row = await parts.store.deployments.load(deploymentId).catch(() => undefined);
    if (row) wake(parts, deploymentId, row.sequence, 'rollback');
  }
  const { alarmName, state } = push;
  const facts = { alarm: alarmName, state, deployments: result.deploymentIds.length };
  parts.logger.info(facts, 'An alarm changed its state.');
  return { outcome: 'recorded', deployments: result.deploymentIds.length };
}

/** `2026-11-22T12:00:00.000+0000`: CloudWatch leaves the colon out of the offset. NaN when it is no time. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
}
