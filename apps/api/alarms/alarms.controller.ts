import { Controller, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AlarmReceipt } from '#contracts';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { unwrap } from '../http/refusal.js';
import { Route } from '../http/route.js';
import { type ApiParts, PARTS } from '../parts.js';
import { Metrics } from '../service/metrics.js';
import { createFetchText } from './fetch-text.js';
import { receiveEvent, receiveSns, type SnsParts } from './receive-alarm.js';
import { SnsSignatures } from './verify-sns.js';

/** State changes of CloudWatch alarms, pushed to us. */
@Controller()
export class AlarmsController {
  private readonly sns: SnsParts;

  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {
    const fetchText = parts.fetchText ?? createFetchText();
    this.sns = { signatures: new SnsSignatures(fetchText, parts.clock), fetchText, topics: parts.alarmTopics ?? [] };
  }

  @Route('alarmEvent')
  async event(@Input() { body }: Parsed<'alarmEvent'>, @Req() request: FastifyRequest): Promise<AlarmReceipt> {
    return this.counted(await receiveEvent(this.parts, identityOf(request).projectId, body));
  }

  @Route('alarmMessage')
  async message(@Input() { body }: Parsed<'alarmMessage'>): Promise<AlarmReceipt> {
    return this.counted(unwrap(await receiveSns(this.parts, this.sns, body)));
  }

  private counted(receipt: AlarmReceipt): AlarmReceipt {
    this.metrics.alarm(receipt.outcome);
    return receipt;
  }
}
