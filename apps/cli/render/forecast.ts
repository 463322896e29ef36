import type { ForecastView } from '#contracts';
import { fold, ink, type Style, wrap } from './style.js';
import { facts } from './table.js';
import { duration, rate } from './words.js';

/** What a strategy can see here, before anything is started. */
export function forecastLines(style: Style, forecast: ForecastView): string[] {
  const { traffic, feasibility } = forecast;
  const { steps, adaptive, advice } = feasibility;
  const perSecond = Number(traffic.requestsPerSecond.toPrecision(3));
  const bullet = (sentence: string) => {
    const [first = '', ...rest] = wrap(fold(style, sentence), style.columns && style.columns - 4);
    return [`  - ${first}`, ...rest.map((line) => `    ${line}`)];
  };
  return [
    `${ink(style, 'bold', forecast.target)}: version ${forecast.stableVersion} is live; nothing was started`,
    ...facts(style, [
      [
        'Traffic',
        `${perSecond} requests a second, ${rate(traffic.errorRate)} errors, over the last ${duration(traffic.overSeconds * 1000)}`,
      ],
      ['Strategy', forecast.strategy],
      [
        'Calls',
        forecast.lambdaCalls === null
          ? undefined
          : `${forecast.lambdaCalls} of the 15 a second that Lambda allows per account`,
      ],
    ]),
    '',
    ...(steps.length > 0 ? ['What each step can see:', ...steps.flatMap((step) => bullet(step.sentence)), ''] : []),
    'The adaptive strategy here:',
    ...bullet(adaptive.sentence),
    ...(advice.length > 0 ? ['', 'Advice:', ...advice.flatMap(bullet)] : []),
  ];
}
