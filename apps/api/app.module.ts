import { type DynamicModule, Module } from '@nestjs/common';
import type { ArtifactBytes, ZipLimits } from '#sources';
import { AlarmsController } from './alarms/alarms.controller.js';
import { ArtifactsController } from './artifacts/artifacts.controller.js';
import { Uploads } from './artifacts/receive-upload.js';
import { ActsController } from './deployments/acts.controller.js';
import { ChangeHub } from './deployments/change-hub.js';
import { DeploymentsController } from './deployments/deployments.controller.js';
import { DeploymentShow } from './deployments/show-deployment.js';
import { EventStreams } from './deployments/stream-events.js';
import { type ApiParts, PARTS } from './parts.js';
import { QuestionsController } from './questions/questions.controller.js';
import { Metrics } from './service/metrics.js';
import { PagesController } from './service/pages.controller.js';
import { ServiceController } from './service/service.controller.js';
import { TruthLooks } from './service/truth.js';
import { TargetsController } from './targets/targets.controller.js';

@Module({})
class ApiModule {}

/** The controllers with everything they need; made by hand, so that what hangs on what can be read here. */
export function apiModule(parts: ApiParts, bytes: ArtifactBytes, limits?: ZipLimits): DynamicModule {
  const { store, clock, logger } = parts;
  const show = new DeploymentShow(store, parts.lambdaEndpointUrl);
  const hub = new ChangeHub(store, clock, logger);
  const streams = new EventStreams(parts, hub, show);
  const uploads = new Uploads(parts, bytes, limits);
  const looks = new TruthLooks(parts);
  return {
    module: ApiModule,
    controllers: [
      DeploymentsController,
      ActsController,
      TargetsController,
      ArtifactsController,
      ServiceController,
      PagesController,
      QuestionsController,
      AlarmsController,
    ],
    providers: [
      { provide: PARTS, useValue: parts },
      { provide: DeploymentShow, useValue: show },
      { provide: ChangeHub, useValue: hub },
      { provide: EventStreams, useValue: streams },
      { provide: Uploads, useValue: uploads },
      { provide: TruthLooks, useValue: looks },
      { provide: Metrics, useValue: new Metrics(store, looks, () => streams.open, parts.registry) },
    ],
  };
}
