import type { ForecastView } from '#contracts';
import { fold, ink, type Style, wrap } from './style.js';
import { facts } from './table.js';
import { duration, rate } from './words.js';

/** What a strategy can see here, before anything is started. */
export function forecastLines(style: Style, forecast: ForecastView): string[] {
  const { traffic, feasibility } = forecast;
  const { steps, adaptive, advice } = feasibility;
  const bullet = (sentence: string) => {
    const [first = '', ...rest] = wrap(fold(style, sentence), style.columns && style.columns - 4);
    return [`  - ${first}`, ...rest.map((line) => `    ${line}`)];
  };
  return [
    `${ink(style, 'bold', forecast.target)}: version ${forecast.stableVersion} is live; nothing was started`,
    ...facts(style, [
      ['Traffic', trafficWords(traffic)],
      ['Strategy', forecast.strategy],
      ['Profile', forecast.profile],
      [
        'Calls',
        forecast.lambdaCalls === null
          ? undefined
          : `${forecast.lambdaCalls} of the 15 a second that Lambda allows per account`,
      ],
    ]),
    '',
    ...(steps.length > 0 ? ['What each step can see:', ...steps.flatMap((step) => bullet(step.sentence)), ''] : []),
    ...(forecast.summary[1] ? ['In short:', ...bullet(forecast.summary[1]), ''] : []),
    ...(forecast.adaptive ? [] : ['The adaptive strategy here:', ...bullet(adaptive.sentence)]),
    ...(advice.length > 0 ? ['', 'Advice:', ...advice.flatMap(bullet)] : []),
  ];
}

function trafficWords({ requestsPerSecond, errorRate, overSeconds }: ForecastView['traffic']): string {
  const over = `over the last ${duration(overSeconds * 1000)}`;
  if (requestsPerSecond === 0) return `none was seen ${over}`;
  return `${Number(requestsPerSecond.toPrecision(3))} requests a second, ${rate(errorRate)} errors, ${over}`;
}
