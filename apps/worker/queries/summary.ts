import type { AnalysisPolicy, Feasibility } from '#analysis';
import { CAUTIOUS_FIRST_WEIGHT_PERCENT, formatDuration, formatWeight, type Plan } from '#rollout';
import type { Traffic } from './read-traffic.js';

/** The forecast in two sentences, for whoever is about to deploy: what was measured, and what follows from it. */
export function summaryOf(
  target: string,
  plan: Plan,
  traffic: Traffic,
  feasibility: Feasibility,
  policy: AnalysisPolicy,
): string[] {
  return [trafficSentence(traffic), outlook(target, plan, traffic, feasibility, policy)];
}

function trafficSentence({ requestsPerSecond, errorRate, overSeconds }: Traffic): string {
  const over = `over the last ${formatDuration(overSeconds)}`;
  if (requestsPerSecond === 0) return `No traffic was seen ${over}.`;
  return `${amount(requestsPerSecond)} requests a second and ${amount(errorRate * 100)} % errors ${over}.`;
}

function outlook(
  target: string,
  plan: Plan,
  traffic: Traffic,
  feasibility: Feasibility,
  policy: AnalysisPolicy,
): string {
  if (plan.analysis === null) return `${plan.strategy}: the judge is switched off; only alarms and people stop it.`;
  if (plan.adaptive) {
    return traffic.requestsPerSecond === 0
      ? silentOutlook(target, plan, policy)
      : adaptiveOutlook(feasibility.adaptive, policy);
  }
  const last = feasibility.steps.at(-1);
  if (!last) return `${plan.strategy}: everybody is on the new version at once; nothing is compared before that.`;
  const bake = plan.steps.reduce((sum, step) => sum + step.bakeSeconds, 0);
  const advice = feasibility.advice[0];
  return `${plan.strategy}: ${last.sentence}; all traffic after ${formatDuration(bake)} at the earliest${advice ? `. Rather ${advice}` : ''}.`;
}

/** What happens to a function that nobody calls: no version of it can be told from another. */
function silentOutlook(target: string, plan: Plan, { noDataAfterMs, whenNoData }: AnalysisPolicy): string {
  const wait = formatDuration(noDataAfterMs / 1000);
  const first = `adaptive: the canary gets ${formatWeight(CAUTIOUS_FIRST_WEIGHT_PERCENT)} % and waits for requests;`;
  if (whenNoData === 'rollback') return `${first} ${wait} without one put the stable version back.`;
  const { personSeconds } = plan.deadlines;
  return `${first} after ${wait} without one a person decides ("sluice promote ${target}"), else it goes back after ${formatDuration(personSeconds)}. To ship without traffic: --strategy all-at-once.`;
}

function adaptiveOutlook(adaptive: Feasibility['adaptive'], policy: AnalysisPolicy): string {
  const { firstWeightPercent, passAfterMs, doneAfterMs, harmedByTotalFailure } = adaptive;
  const first = `adaptive begins at ${formatWeight(firstWeightPercent)} %`;
  const harm = `a version that fails every time harms about ${Math.ceil(harmedByTotalFailure)} requests`;
  if (passAfterMs === null) {
    const deadline = formatDuration(policy.maximumWatchMs / 1000);
    const then = {
      promote: 'goes on unless the canary looks worse',
      hold: 'waits for a person',
      rollback: 'goes back',
    };
    return `${first}; this traffic is too little for a verdict: after ${deadline} it ${then[policy.whenInconclusive]}; ${harm}.`;
  }
  const pass = `a good version passes after about ${about(passAfterMs)}`;
  const done = doneAfterMs === null ? '' : ` and has all traffic after about ${about(doneAfterMs)}`;
  return `${first}; ${pass}${done}; ${harm}.`;
}

/** To ten seconds below five minutes, to minutes above: nobody can promise more. */
function about(ms: number): string {
  const grain = ms < 300_000 ? 10 : 60;
  return formatDuration(Math.round(ms / 1000 / grain) * grain);
}

function amount(value: number): string {
  return String(Number(value.toPrecision(2)));
}
