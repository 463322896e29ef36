import { Controller, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { DeploymentView, RouteName } from '#contracts';
import type { Act } from '#rollout';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { unwrap } from '../http/refusal.js';
import { Route } from '../http/route.js';
import { type ApiParts, PARTS } from '../parts.js';
import { type AskedAct, actOnDeployment } from './act-on-deployment.js';
import { DeploymentShow } from './show-deployment.js';

type PlainAct = Exclude<Act, { type: 'PromoteRequested' | 'SupersedeRequested' }>['type'];
type ActRoute = Extract<RouteName, 'pause' | 'resume' | 'cancel' | 'acceptAsIs' | 'restore' | 'abandon' | 'abort'>;

/** What people ask of a running deployment. Each is one act; whether it may be done is the guard's business. */
@Controller()
export class ActsController {
  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(DeploymentShow) private readonly show: DeploymentShow,
  ) {}

  @Route('promote')
  promote(@Input() input: Parsed<'promote'>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    const onlyStep = input.body.step ?? input.query.step ?? false;
    return this.act(request, input.params.id, {
      action: 'promote',
      event: (asked) => ({ type: 'PromoteRequested', ...asked, onlyStep }),
      seenSequence: input.body.sequence,
    });
  }

  @Route('approve')
  approve(@Input() input: Parsed<'approve'>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, input.params.id, {
      ...plain('approve', 'ApproveRequested'),
      seenSequence: input.body.sequence,
    });
  }

  @Route('abort')
  abort(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('abort', 'AbortRequested', body.message));
  }

  @Route('pause')
  pause(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('pause', 'PauseRequested', body.message));
  }

  @Route('resume')
  resume(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('resume', 'ResumeRequested', body.message));
  }

  @Route('cancel')
  cancel(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('cancel', 'CancelRequested', body.message));
  }

  @Route('acceptAsIs')
  acceptAsIs(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('accept-as-is', 'AcceptAsIsRequested', body.message));
  }

  @Route('restore')
  restore(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('restore', 'RestoreRequested', body.message));
  }

  @Route('abandon')
  abandon(@Input() { params, body }: Parsed<ActRoute>, @Req() request: FastifyRequest): Promise<DeploymentView> {
    return this.act(request, params.id, plain('abandon', 'AbandonRequested', body.message));
  }

  private async act(request: FastifyRequest, id: string, asked: AskedAct): Promise<DeploymentView> {
    const identity = identityOf(request);
    unwrap(await actOnDeployment(this.parts, identity, id, asked));
    return unwrap(await this.show.byId(identity.projectId, id));
  }
}

/** What the person said about it stands in the history beside the act, and changes nothing else. */
function plain(action: AskedAct['action'], type: PlainAct, why?: string): AskedAct {
  return { action, event: (asked) => ({ type, ...asked, ...(why === undefined ? {} : { why }) }) };
}
