/** What the payment provider of the `incident` scenario does to both versions, once the canary has some traffic. */
export const OUTAGE = { share: 0.125, seconds: 60, fromWeightPercent: 5 } as const;
