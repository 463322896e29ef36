import { ApiProblem, type CreateTarget, createClient } from '#contracts';

/** Makes the target that the demo deploys to, as anybody would: through the API. Does nothing where it exists. */
export async function ensureDemoTarget(options: {
  apiUrl: string;
  apiKey: string;
  target: CreateTarget;
}): Promise<void> {
  const client = createClient({ baseUrl: options.apiUrl, apiKey: options.apiKey });
  try {
    await client.getTarget(options.target.name);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 404) throw error;
    await client.createTarget(options.target);
  }
}
