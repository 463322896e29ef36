/** Deployments walked at the same time because a notice said so, and how many may wait for that. */
const HANDS = 20;
const MOST_WAITING = 1_000;

/**
 * Deployments whose wake-ups the queue did not take. Every worker hears of every one of them, and of thousands a second
 * while Redis is away from a busy API: so few are walked at a time, and what finds no room is left to the sweep.
 */
export class Heard {
  private readonly waiting = new Set<string>();
  private hands = 0;

  /** @param look never rejects */
  constructor(
    private readonly look: (deploymentId: string) => Promise<void>,
    private readonly stopping: AbortSignal,
  ) {}

  /** Never waits. */
  hear(deploymentId: string): void {
    if (this.waiting.size >= MOST_WAITING) return;
    this.waiting.add(deploymentId);
    if (this.hands < HANDS) void this.serve();
  }

  private async serve(): Promise<void> {
    this.hands += 1;
    for (const deploymentId of this.waiting) {
      if (this.stopping.aborted) break;
      this.waiting.delete(deploymentId);
      await this.look(deploymentId);
    }
    this.hands -= 1;
  }
}
