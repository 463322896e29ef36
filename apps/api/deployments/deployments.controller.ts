import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DeploymentView, Page } from '#contracts';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { Refused, unwrap } from '../http/refusal.js';
import { Route } from '../http/route.js';
import { type ApiParts, PARTS } from '../parts.js';
import { createDeployment } from './create-deployment.js';
import { eventView } from './event-view.js';
import { listDeployments } from './list-deployments.js';
import { missingDeployment } from './missing-deployment.js';
import { DeploymentShow } from './show-deployment.js';
import { EventStreams } from './stream-events.js';

@Controller()
export class DeploymentsController {
  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(DeploymentShow) private readonly show: DeploymentShow,
    @Inject(EventStreams) private readonly streams: EventStreams,
  ) {}

  @Route('createDeployment')
  async create(
    @Input() { body, headers }: Parsed<'createDeployment'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeploymentView> {
    const identity = identityOf(request);
    const { id, row } = unwrap(await createDeployment(this.parts, identity, body, headers['idempotency-key']));
    void reply.header('location', `/v1/deployments/${id}`);
    return row ? this.show.row(row) : unwrap(await this.show.byId(identity.projectId, id));
  }

  @Route('listDeployments')
  async list(
    @Input() { query }: Parsed<'listDeployments'>,
    @Req() request: FastifyRequest,
  ): Promise<Page<DeploymentView>> {
    return unwrap(await listDeployments(this.parts, this.show, identityOf(request).projectId, query));
  }

  @Route('getDeployment')
  async get(@Input() { params }: Parsed<'getDeployment'>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return unwrap(await this.show.byId(identityOf(request).projectId, params.id));
  }

  /** Answers as JSON, or as a stream to whoever accepts one. */
  @Route('listEvents')
  async events(
    @Input() { params, query, headers }: Parsed<'listEvents'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { projectId, keyId } = identityOf(request);
    const row = await this.parts.store.deployments.get(projectId, params.id);
    if (!row) return unwrap(await missingDeployment(this.parts.store, projectId, params.id));
    const wants = preferred(request.headers.accept);
    if (wants === undefined) throw new Refused({ code: 'not_acceptable' });
    if (wants === 'stream') {
      const after = Number(headers['last-event-id'] ?? query.after);
      await this.streams.serve(request, reply, row, after, keyId);
      return;
    }
    const rows = await this.parts.store.events.after(row.id, query.after, query.limit + 1);
    const shown = rows.slice(0, query.limit);
    const next = rows.length > query.limit ? (shown.at(-1)?.seq ?? null) : null;
    void reply.send({ items: shown.map(eventView), next });
  }
}

function preferred(accept: string | undefined): 'json' | 'stream' | undefined {
  if (!accept) return 'json';
  if (accept.includes('text/event-stream')) return 'stream';
  return /\*\/\*|application\/(\*|json)/.test(accept) ? 'json' : undefined;
}
