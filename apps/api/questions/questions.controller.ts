import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { resolveWish } from '../deployments/resolve-wish.js';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { refused, unwrap } from '../http/refusal.js';
import { Route } from '../http/route.js';
import { type ApiParts, PARTS } from '../parts.js';
import { findTarget } from '../targets/find-target.js';
import { readSettings } from '../targets/target-settings.js';
import { askWorker, outcomeOf } from './ask-worker.js';

/** Questions that only a worker can answer: it looks at AWS and at the evidence, the API does neither. */
@Controller()
export class QuestionsController {
  constructor(@Inject(PARTS) private readonly parts: ApiParts) {}

  @Route('explainDeployment')
  explain(
    @Input() { params }: Parsed<'explainDeployment'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return this.ask(request, reply, 'explain', { deploymentId: params.id });
  }

  @Route('forecastRollout')
  async forecast(
    @Input() { params, body }: Parsed<'forecastRollout'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const target = unwrap(await findTarget(this.parts.store, identityOf(request).projectId, params.target));
    return this.ask(request, reply, 'plan', { targetId: target.id, ...resolveWish(body, readSettings(target)) });
  }

  @Route('backtestPolicy')
  async backtest(
    @Input() { params, body }: Parsed<'backtestPolicy'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const target = unwrap(await findTarget(this.parts.store, identityOf(request).projectId, params.target));
    return this.ask(request, reply, 'backtest', { targetId: target.id, policy: body.policy });
  }

  @Route('getQuery')
  async query(@Input() { params }: Parsed<'getQuery'>, @Req() request: FastifyRequest): Promise<unknown> {
    const query = await this.parts.store.queries.get(identityOf(request).projectId, params.id);
    if (!query) return unwrap(refused('not_found', { detail: 'There is no question with this id, or no longer.' }));
    if (!query.answered) return { queryId: query.id, status: 'waiting', answer: null };
    return { queryId: query.id, status: 'answered', answer: unwrap(outcomeOf(query.result)).answer };
  }

  private async ask(request: FastifyRequest, reply: FastifyReply, kind: string, input: object): Promise<unknown> {
    const outcome = unwrap(await askWorker(this.parts, identityOf(request).projectId, kind, input));
    if ('answer' in outcome) return outcome.answer;
    void reply.status(202).header('location', `/v1/queries/${outcome.queryId}`);
    return { queryId: outcome.queryId, status: 'waiting' };
  }
}
