import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DoctorView, ReadyView } from '#contracts';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { Route } from '../http/route.js';
import { documentText } from '../openapi/document-text.js';
import { type ApiParts, PARTS } from '../parts.js';
import { diagnose } from './doctor.js';
import { Metrics } from './metrics.js';
import { readinessOf } from './readiness.js';
import { TruthLooks } from './truth.js';

/** Probes come every few seconds and want to know about now. */
const READY_FRESH_MS = 1_000;

/** What runs Sluice asks: does it live, can it serve, how is it doing. */
@Controller()
export class ServiceController {
  private document: string | undefined;

  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(TruthLooks) private readonly looks: TruthLooks,
  ) {}

  @Route('health')
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Red on overdue work. A load balancer asks with `for=traffic`: accepting and aborting must go on without a worker. */
  @Route('ready')
  async ready(
    @Input() { query }: Parsed<'ready'>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReadyView> {
    const truth = await this.looks.look(READY_FRESH_MS);
    const ready = readinessOf(truth);
    const canServe = truth.figures !== undefined;
    const isWell = query.for === 'traffic' ? canServe : ready.status !== 'not_ready';
    if (!isWell) void reply.status(503);
    return ready;
  }

  @Route('doctor')
  async doctor(@Req() request: FastifyRequest): Promise<DoctorView> {
    const truth = await this.looks.look(0);
    return { findings: await diagnose(this.parts, truth, identityOf(request).projectId) };
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
