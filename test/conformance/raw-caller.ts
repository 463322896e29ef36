import { Agent, request } from 'node:http';

/**
 * Invokes over plain HTTP with connections kept alive: the SDK spends several times as long on a call as the emulator
 * does, and would be what is measured.
 */
export class RawCaller {
  private readonly agent: Agent;

  constructor(
    private readonly endpoint: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Answers with the version that ran. */
  invoke(functionName: string, qualifier?: string): Promise<string> {
    const query = qualifier === undefined ? '' : `?Qualifier=${qualifier}`;
    const url = new URL(`/2015-03-31/functions/${functionName}/invocations${query}`, this.endpoint);
    const authorization =
      'AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0';
    return new Promise((done, fail) => {
      const sent = request(url, { agent: this.agent, method: 'POST', headers: { authorization, 'content-length': 2 } });
      sent.on('response', (response) => {
        response.resume();
        response.on('end', () => {
          const failed = response.statusCode !== 200 || response.headers['x-amz-function-error'];
          if (failed) fail(new Error(`answered ${response.statusCode}`));
          else done(String(response.headers['x-amz-executed-version']));
        });
      });
      sent.on('error', fail);
      sent.end('{}');
    });
  }

  /** Calls `count` times over all connections at once; answers with how often each version ran, and how fast. */
  async invokeMany(count: number, connections: number, functionName: string, qualifier?: string) {
    const answered: Record<string, number> = {};
    let left = count;
    const startedAt = performance.now();
    const work = async () => {
      while (left > 0) {
        left -= 1;
        const version = await this.invoke(functionName, qualifier);
        answered[version] = (answered[version] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: connections }, work));
    return { answered, perSecond: Math.round((count / (performance.now() - startedAt)) * 1000) };
  }

  close(): void {
    this.agent.destroy();
  }
}
