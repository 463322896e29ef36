import fc from 'fast-check';
import { StoreClock } from './store-clock.js';

describe('the store’s clock, told on the local one', () => {
  it('is late by no more than the quickest of the last eight trips, and never early', () => {
    const trips = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(trips, fc.integer({ min: -1_000_000, max: 1_000_000 }), (tripsMs, offset) => {
        const clock = new StoreClock();
        let storeMs = 1_000_000;
        for (const trip of tripsMs) {
          storeMs += 100;
          clock.learn(storeMs, storeMs + offset + trip, trip);
        }
        const late = clock.toLocal(storeMs) - (storeMs + offset);
        expect(late).toBe(Math.min(...tripsMs.slice(-8)));
      }),
    );
  });

  it('does not go by a first answer that was long under way', () => {
    expect(new StoreClock().learn(0, 5, 5)).toBe(true);
    const clock = new StoreClock();
    expect(clock.learn(0, 7_000, 7_000)).toBe(false);
    expect(clock.learn(7_100, 7_105, 5)).toBe(true);
    expect(clock.toLocal(8_000)).toBe(8_005);
  });

  it('does not go by two slow answers, but by three that agree: then the link is slow', () => {
    const frozenTwice = new StoreClock();
    expect(frozenTwice.learn(0, 18_900, 18_900)).toBe(false);
    expect(frozenTwice.learn(24_000, 34_400, 10_400)).toBe(false);
    expect(frozenTwice.learn(34_500, 34_505, 5)).toBe(true);
    const slowLink = new StoreClock();
    expect(slowLink.learn(0, 500, 1_000)).toBe(false);
    expect(slowLink.learn(2_000, 2_510, 1_010)).toBe(false);
    expect(slowLink.learn(4_000, 4_505, 1_005)).toBe(true);
  });

  it('does not go by two freezes that happen to be as long as each other', () => {
    const clock = new StoreClock();
    expect(clock.learn(6_640, 10_145, 3_518)).toBe(false);
    expect(clock.learn(11_130, 14_632, 3_516)).toBe(false);
    expect(clock.learn(14_640, 14_650, 18)).toBe(true);
    expect(clock.toLocal(15_000)).toBe(15_010);
  });

  it('counts slow answers that agree as one where one freeze held them up', () => {
    const clock = new StoreClock();
    for (const asked of [1_000, 1_010, 1_020, 1_025]) {
      expect(clock.learn(asked, asked + 5_000, 5_000 - asked / 1_000)).toBe(false);
    }
    expect(clock.learn(7_000, 12_000, 4_990)).toBe(false);
    expect(clock.learn(13_000, 17_990, 4_990)).toBe(true);
  });

  it('follows a store whose clock was set back', () => {
    const clock = new StoreClock();
    for (let answer = 0; answer < 8; answer += 1) clock.learn(10_000 + answer, 10_005 + answer, 5);
    for (let answer = 0; answer < 8; answer += 1) clock.learn(answer, 11_005 + answer, 5);
    expect(clock.toLocal(100)).toBe(11_105);
  });
});
