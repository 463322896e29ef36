import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  ResourceConflictException,
} from '@aws-sdk/client-lambda';
import { type Client, createClient, type DeploymentView } from '#contracts';
import { SluiceProcess } from '../../e2e/sluice-process.js';
import { packRelease, type ReleaseName } from './release-code.js';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const LOOKS = 20;

/** The standalone as `npm start` runs it, without its own shoppers: every rollout here brings its own. */
export class House {
  private constructor(
    private readonly process: SluiceProcess,
    private readonly client: Client,
    private readonly lambda: LambdaClient,
  ) {}

  static async open(): Promise<House> {
    const sluice = new SluiceProcess({ SLUICE_METRICS_PERIOD_SECONDS: '10', SLUICE_DEMO_REQUESTS_PER_SECOND: '0' });
    await sluice.start();
    const client = createClient({ baseUrl: sluice.url, apiKey: sluice.apiKey });
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: 'not-a-secret' };
    return new House(sluice, client, new LambdaClient({ endpoint: sluice.emulatorUrl, region: REGION, credentials }));
  }

  get emulatorUrl(): string {
    return this.process.emulatorUrl;
  }

  async close(): Promise<void> {
    this.lambda.destroy();
    await this.process.dispose();
  }

  /** A function of its own with version 1 behind `live`, and a target with the very settings of the demo's. */
  async addTarget(name: string): Promise<void> {
    const { analysis } = await this.client.getTarget('checkout');
    await this.lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs22.x',
        Role: `arn:aws:iam::${ACCOUNT}:role/checkout`,
        Handler: 'index.handler',
        Code: { ZipFile: packRelease('v1') },
        Timeout: 3,
        MemorySize: 128,
      }),
    );
    await this.publish(name);
    await this.lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }));
    const place = { functionName: name, aliasName: 'live', region: REGION, accountId: ACCOUNT };
    await this.client.createTarget({ name, ...place, analysis });
  }

  /** Deploys without a word about the strategy: what is measured is the default. */
  async deploy(target: string, release: ReleaseName): Promise<string> {
    const bytes = packRelease(release);
    const artifact = await this.client.uploadArtifact(bytes, { sizeBytes: bytes.length });
    const made = await this.client.createDeployment({ target, artifact: { id: artifact.id } }, crypto.randomUUID());
    return made.id;
  }

  /** A machine that is busy with many rollouts may miss a beat; what is measured are the requests, not this. */
  async look(id: string): Promise<DeploymentView> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.client.getDeployment(id);
      } catch (error) {
        if (tries === LOOKS) throw error;
        await sleep(500);
      }
    }
  }

  private async publish(name: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await this.lambda.send(new PublishVersionCommand({ FunctionName: name }));
        return;
      } catch (error) {
        if (!(error instanceof ResourceConflictException) || tries > 100) throw error;
        await sleep(100);
      }
    }
  }
}
