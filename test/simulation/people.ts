import { type Act, type Action, createPlan, type GateName, type Plan, type ProbePlan, type StepInput } from '#rollout';
import { silentLogger } from '#runtime';
import type { AcceptResult, QueuePolicy, Store } from '#store';
import { actOnDeployment } from '../../apps/api/deployments/act-on-deployment.js';
import type { ApiParts } from '../../apps/api/parts.js';
import { connectionLost, Ports } from './ports.js';
import type { Random } from './random.js';
import { Actor } from './scheduler.js';
import { PROJECT, type World } from './world.js';

const event: Record<Action, Act['type']> = {
  promote: 'PromoteRequested',
  pause: 'PauseRequested',
  resume: 'ResumeRequested',
  abort: 'AbortRequested',
  cancel: 'CancelRequested',
  approve: 'ApproveRequested',
  'accept-as-is': 'AcceptAsIsRequested',
  restore: 'RestoreRequested',
  abandon: 'AbandonRequested',
};

const identity = { projectId: PROJECT, name: 'ann' } as Parameters<typeof actOnDeployment>[1];

/** People and their tools: they ask through the API's own services, and ask again when the connection breaks. */
export class People {
  readonly ids: string[] = [];
  private readonly ports: Ports;
  private readonly parts: ApiParts;
  private keys = 0;

  constructor(private readonly world: World) {
    this.ports = new Ports(world, new Actor('api', 0));
    this.parts = {
      // A notice in place of a wake-up that was refused always gets lost here: what it brings forward must come without it.
      store: { ...this.ports.store(), changes: { tellUnqueued: () => undefined } } as unknown as Store,
      queue: this.ports.queue(),
      logger: silentLogger,
      clock: this.ports.clock,
    };
  }

  async deploy(targetId: string, artifactId: string | undefined, policy: QueuePolicy): Promise<void> {
    const plan = drawPlan(this.world.random, this.world.traffic.isPlain);
    const request = artifactId === undefined ? { configuration: { environment: { COLOR: 'green' } } } : {};
    const probes = this.world.random.chance(0.3) ? drawProbes(this.world.random) : undefined;
    const asked = probes ? { plan: { probes, ...plan }, probePayloads: Array(probes.payloads).fill({}) } : { plan };
    const input = { projectId: PROJECT, targetId, policy, artifactId, ...asked, request, requestedBy: 'ann' };
    await this.accept((idempotency) => this.world.accept({ idempotency, ...input }));
  }

  async restore(targetId: string): Promise<void> {
    const known = [...(this.world.knownVersions()?.keys() ?? [])];
    if (known.length === 0) return;
    const version = this.world.random.pick(known);
    const input = { projectId: PROJECT, targetId, version, request: { restoreTo: version }, requestedBy: 'ann' };
    await this.accept((idempotency) => this.world.acceptRestore({ idempotency, ...input }));
  }

  async act(id: string, action: Action): Promise<void> {
    const seen = this.world.database.rows.get(id)?.sequence;
    const named = action === 'promote' || action === 'approve' ? { seenSequence: seen ?? 0 } : {};
    const onlyStep = action === 'promote' ? { onlyStep: this.world.random.chance(0.5) } : {};
    const asked = {
      action,
      event: ({ at, by }: { at: number; by: string }) => ({ type: event[action], at, by, ...onlyStep }) as Act,
      ...named,
    };
    await this.insist(async () => {
      const answer = await actOnDeployment(this.parts, identity, id, asked);
      this.world.say(() => `ann asks to ${action} ${id}: ${JSON.stringify(answer)}`);
    });
  }

  private async accept(ask: (idempotency: { key: string; requestHash: string }) => AcceptResult): Promise<void> {
    this.keys += 1;
    const idempotency = { key: `k${this.keys}`, requestHash: 'same' };
    const answers = new Set<string>();
    await this.insist(async () => {
      const answer = await this.ports.statement(() => {
        const given = ask(idempotency);
        if ('deploymentId' in given) answers.add(given.deploymentId);
        return given;
      });
      if (!('deploymentId' in answer)) return;
      this.world.accepted.add(answer.deploymentId);
      this.ids.push(answer.deploymentId);
      const sequence = answer.kind === 'accepted' ? answer.sequence : 1;
      void this.parts.queue?.add({ deploymentId: answer.deploymentId, sequence, delayMs: 0 }).catch(() => undefined);
    });
    if (answers.size > 1) this.world.violate('I10', `One key made ${[...answers].join(' and ')}.`);
  }

  /** A client that gets no answer asks again. */
  private async insist(ask: () => Promise<void>): Promise<void> {
    for (let tries = 0; tries < 6; tries += 1) {
      try {
        await ask();
        return;
      } catch (error) {
        // Only a connection may break; any other trouble is an answer that the product owes and did not give.
        if (error !== connectionLost) this.world.violate('Guard', `A wish met trouble instead of an answer: ${error}`);
        await this.ports.clock.sleep(500);
      }
    }
  }
}

const plainGates: readonly (readonly GateName[])[] = [[], [], [], ['approval']];
const judgedGates: readonly (readonly GateName[])[] = [[], ['analysis'], ['analysis'], ['analysis', 'approval']];

/** `leads`: the metrics always answer. An adaptive plan has no deadline of its own while they do not. */
function drawPlan(random: Random, leads: boolean): Plan {
  // Judging is the dearest part of a schedule, so most plans do without.
  const judged = random.chance(0.05);
  const steps: StepInput[] = [];
  for (const weight of [10, 50, 95].slice(0, random.pick([0, 1, 1, 2, 3]))) {
    steps.push({ weight, bake: random.between(1, 4), gates: random.pick(judged ? judgedGates : plainGates) });
  }
  const result = createPlan(judged && leads && random.chance(0.3) ? 'adaptive' : { type: 'steps', steps }, {
    deadlines: { prepareSeconds: random.between(15, 40), analysisSeconds: random.between(3, 6), personSeconds: 15 },
    onInconclusive: random.pick(['rollback', 'hold']),
    watchSeconds: random.pick([1, 2, 5]),
    ...(judged ? {} : { analysis: null }),
  });
  if (!result.ok) throw new Error(result.problem.message);
  return result.plan;
}

function drawProbes(random: Random): ProbePlan {
  return {
    payloads: random.pick([1, 2, 7]),
    compare: 'outcome',
    timeoutSeconds: random.pick([1, 5]),
    deadlineSeconds: random.pick([10, 60]),
    onInconclusive: random.pick(['fail', 'continue']),
  };
}
