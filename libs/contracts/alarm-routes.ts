import { alarmEvent, alarmReceipt, snsMessage } from './alarms.js';
import type { Route } from './routes.js';

/** Where CloudWatch's alarms are pushed to. */
export const alarmRoutes = {
  alarmEvent: {
    method: 'POST',
    path: '/v1/alarms/eventbridge',
    scope: 'alarm',
    summary: 'A CloudWatch alarm changed its state, told by EventBridge.',
    body: alarmEvent,
    status: 202,
    response: alarmReceipt,
    errors: [],
  },
  alarmMessage: {
    method: 'POST',
    path: '/v1/alarms/sns',
    scope: null,
    summary: 'The same, told by SNS, whose signature is the key. Not there unless SLUICE_ALARM_TOPICS names topics.',
    body: snsMessage,
    upload: 'text/plain',
    status: 202,
    response: alarmReceipt,
    errors: ['unauthorized', 'not_found'],
  },
} as const satisfies Record<string, Route>;
