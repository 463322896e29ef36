import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ArtifactView } from '#contracts';
import { identityOf } from '../http/authenticate.js';
import { Input, type Parsed } from '../http/parsed.js';
import { refused, unwrap } from '../http/refusal.js';
import { Route } from '../http/route.js';
import { type ApiParts, PARTS } from '../parts.js';
import { artifactView } from './artifact-view.js';
import { Uploads } from './receive-upload.js';
import { referArtifact } from './refer-artifact.js';

@Controller()
export class ArtifactsController {
  constructor(
    @Inject(PARTS) private readonly parts: ApiParts,
    @Inject(Uploads) private readonly uploads: Uploads,
  ) {}

  /** A zip comes as a stream that nobody has read yet; a reference comes as parsed JSON. */
  @Route('createArtifact')
  async create(
    @Input() { body, headers }: Parsed<'createArtifact'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ArtifactView> {
    const identity = identityOf(request);
    const announced = { sha256: headers['x-content-sha256'] };
    const row = body
      ? await referArtifact(this.parts.store, identity.projectId, body)
      : unwrap(await this.uploads.receive(identity, request.raw, announced));
    void reply.header('location', `/v1/artifacts/${row.id}`);
    return artifactView(row);
  }

  @Route('getArtifact')
  async get(@Input() { params }: Parsed<'getArtifact'>, @Req() request: FastifyRequest): Promise<ArtifactView> {
    const row = await this.parts.store.artifacts.get(identityOf(request).projectId, params.id);
    return row ? artifactView(row) : unwrap(refused('not_found', { detail: 'There is no artifact with this id.' }));
  }
}
