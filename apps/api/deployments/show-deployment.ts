import type { DeploymentView } from '#contracts';
import type { DeploymentRow, Store, UnreadableDeployment } from '#store';
import { KnownArtifacts } from '../artifacts/known-artifacts.js';
import { granted, type Outcome } from '../http/refusal.js';
import { deploymentView } from './deployment-view.js';
import { missingDeployment } from './missing-deployment.js';
import { unreadableView } from './unreadable-view.js';

/** Rows as callers see them, with the artifact each names. */
export class DeploymentShow {
  private readonly artifacts: KnownArtifacts;

  constructor(
    private readonly store: Pick<Store, 'artifacts' | 'deployments' | 'retention'>,
    private readonly lambdaEndpointUrl?: string,
  ) {
    this.artifacts = new KnownArtifacts(store);
  }

  async row(row: DeploymentRow | UnreadableDeployment): Promise<DeploymentView> {
    if (!row.state) return unreadableView(row, this.lambdaEndpointUrl);
    return deploymentView(row, await this.artifacts.find(row.projectId, row.artifactId), this.lambdaEndpointUrl);
  }

  async byId(projectId: string, id: string): Promise<Outcome<DeploymentView>> {
    const row = await this.store.deployments.look(projectId, id);
    return row ? granted(await this.row(row)) : missingDeployment(this.store, projectId, id);
  }
}
