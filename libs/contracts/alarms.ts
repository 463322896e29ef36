import { z } from 'zod';

/** CloudWatch takes every character but those that control something. */
export const alarmName = z.string().regex(/^[^\u0000-\u001f\u007f]{1,255}$/, 'A CloudWatch alarm’s name.');
const alarmState = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

/** What EventBridge sends about an alarm; what it holds besides is of no interest here. */
export const alarmEvent = z
  .object({
    id: z.string().min(1).max(128),
    'detail-type': z.literal('CloudWatch Alarm State Change'),
    account: z.string().regex(/^\d{12}$/),
    region: z.string().min(1).max(64),
    detail: z.object({
      alarmName: z.string().min(1).max(255),
      state: z.object({ value: alarmState, timestamp: z.string().max(64) }),
    }),
  })
  .meta({ id: 'AlarmEvent', description: 'A “CloudWatch Alarm State Change” event, as EventBridge delivers it.' });
export type AlarmEvent = z.infer<typeof alarmEvent>;

const text = (max: number) => z.string().min(1).max(max);

/** What SNS sends over HTTPS. Nothing in it is believed before its signature was checked. */
export const snsMessage = z
  .object({
    Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
    MessageId: text(128),
    TopicArn: text(400),
    Message: z.string().max(128 * 1024),
    Timestamp: text(64),
    SignatureVersion: z.enum(['1', '2']),
    Signature: text(1024),
    SigningCertURL: text(400),
    Subject: z.string().max(400).nullish(),
    Token: text(2048).optional(),
    SubscribeURL: text(4096).optional(),
  })
  .meta({ id: 'SnsMessage', description: 'A message of Amazon SNS; it comes as text/plain and is read as JSON.' });
export type SnsMessage = z.infer<typeof snsMessage>;

/** The `Message` of a notification that a CloudWatch alarm sends to its topic. */
export const alarmNotification = z.object({
  AlarmName: alarmName,
  AlarmArn: z.string().regex(/^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:/),
  NewStateValue: alarmState,
  StateChangeTime: z.string().max(64),
});

export const alarmReceipt = z
  .object({
    outcome: z.enum(['recorded', 'repeated', 'unknown_alarm', 'not_an_alarm', 'stale', 'confirmed']).meta({
      description: 'unknown_alarm: no target names it; repeated: this very message was taken before.',
    }),
    deployments: z.int().min(0).meta({ description: 'Rollouts that are looked at at once because of it.' }),
  })
  .meta({ id: 'AlarmReceipt' });
export type AlarmReceipt = z.infer<typeof alarmReceipt>;
