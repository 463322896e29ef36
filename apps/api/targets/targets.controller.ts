import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DeploymentView, Page, RollbackPointView, TargetView } from '#contracts';
import type { TargetRow } from '#store';
import { DeploymentShow } from '../deployments/show-deployment.js';
import { isoTime } from '../deployments/value-view.js';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { type Outcome, unwrap } from '../http/refusal.js';
import { Route } from '../http/route.js';
import { type ApiParts, PARTS } from '../parts.js';
import { findTarget } from './find-target.js';
import { listTargets } from './list-targets.js';
import { createTarget, deleteTarget, updateTarget } from './manage-targets.js';
import { rollbackTarget, settleTarget } from './rollback-target.js';
import { targetView } from './target-view.js';

@Controller()
export class TargetsController {
  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(DeploymentShow) private readonly show: DeploymentShow,
  ) {}

  @Route('createTarget')
  async create(
    @Input() { body }: Parsed<'createTarget'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TargetView> {
    const row = unwrap(await createTarget(this.parts, identityOf(request), body));
    void reply.header('location', `/v1/targets/${row.id}`);
    return targetView(row, undefined);
  }

  @Route('listTargets')
  async list(@Input() { query }: Parsed<'listTargets'>, @Req() request: FastifyRequest): Promise<Page<TargetView>> {
    return unwrap(await listTargets(this.parts, identityOf(request).projectId, query));
  }

  @Route('getTarget')
  async get(@Input() { params }: Parsed<'getTarget'>, @Req() request: FastifyRequest): Promise<TargetView> {
    return this.view(unwrap(await this.find(request, params.target)));
  }

  @Route('updateTarget')
  async update(@Input() { params, body }: Parsed<'updateTarget'>, @Req() request: FastifyRequest): Promise<TargetView> {
    return this.view(unwrap(await updateTarget(this.parts, identityOf(request), params.target, body)));
  }

  @Route('deleteTarget')
  async remove(@Input() { params }: Parsed<'deleteTarget'>, @Req() request: FastifyRequest): Promise<void> {
    unwrap(await deleteTarget(this.parts, identityOf(request), params.target));
  }

  @Route('listRollbackPoints')
  async rollbackPoints(
    @Input() { params }: Parsed<'listRollbackPoints'>,
    @Req() request: FastifyRequest,
  ): Promise<{ items: RollbackPointView[] }> {
    const target = unwrap(await this.find(request, params.target));
    const points = await this.parts.store.rollbackPoints(target.id);
    const items = points.map(({ version, deploymentId, origin, at }) => ({
      version,
      deploymentId,
      origin,
      at: isoTime(at),
    }));
    return { items };
  }

  @Route('rollback')
  async rollback(
    @Input() { params, body, headers }: Parsed<'rollback'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeploymentView> {
    const identity = identityOf(request);
    const id = await rollbackTarget(this.parts, identity, params.target, body, headers['idempotency-key']);
    return this.accepted(identity.projectId, id, reply);
  }

  @Route('settle')
  async settle(
    @Input() { params, body, headers }: Parsed<'settle'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeploymentView> {
    const identity = identityOf(request);
    const id = await settleTarget(this.parts, identity, params.target, body, headers['idempotency-key']);
    return this.accepted(identity.projectId, id, reply);
  }

  private async accepted(projectId: string, outcome: Outcome<string>, reply: FastifyReply): Promise<DeploymentView> {
    const id = unwrap(outcome);
    void reply.header('location', `/v1/deployments/${id}`);
    return unwrap(await this.show.byId(projectId, id));
  }

  private find(request: FastifyRequest, reference: string): Promise<Outcome<TargetRow>> {
    return findTarget(this.parts.store, identityOf(request).projectId, reference);
  }

  private async view(row: TargetRow): Promise<TargetView> {
    return targetView(row, await this.parts.store.deployments.activeIdOn(row.id));
  }
}
