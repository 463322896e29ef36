import { Controller, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ReadyView } from '#contracts';
import { Route } from '../http/route.js';
import { documentText } from '../openapi/document-text.js';
import { type ApiParts, PARTS } from '../parts.js';
import { Metrics } from './metrics.js';

/** What runs Sluice asks: does it live, can it serve, how is it doing. */
@Controller()
export class ServiceController {
  private document: string | undefined;

  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Route('health')
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Overdue work is said here but does not make the API unready: accepting and aborting must go on without a worker. */
  @Route('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyView> {
    const { backlog, overdue } = await this.parts.store.health();
    const late = overdue === 1 ? '1 deployment is overdue' : `${overdue} deployments are overdue`;
    const checks = {
      database: {
        ok: backlog !== undefined,
        sentence: backlog ? 'The database answers.' : 'The database does not answer.',
      },
      worker: {
        ok: backlog !== undefined && overdue === 0,
        sentence: overdue > 0 ? `${late}; is a worker running?` : 'No work is overdue.',
      },
    };
    if (!backlog) void reply.status(503);
    return { status: backlog ? 'ready' : 'not_ready', checks };
  }

  @Route('metrics')
  async figures(@Res() reply: FastifyReply): Promise<void> {
    const text = await this.metrics.registry.metrics();
    void reply.header('content-type', this.metrics.registry.contentType).send(text);
  }

  @Route('openApi')
  openApi(@Res() reply: FastifyReply): void {
    this.document ??= documentText();
    void reply.header('content-type', 'application/json; charset=utf-8').send(this.document);
  }
}
