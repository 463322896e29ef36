import { LARGEST_PACKAGE_BYTES, PackageRoom } from './package-room.js';

test('as many packages are held as there is room for, and leaving makes room once', () => {
  const room = new PackageRoom();
  const inside = Array.from({ length: 5 }, () => room.enter(LARGEST_PACKAGE_BYTES));
  expect(inside.every((leave) => leave)).toBe(true);
  expect(room.enter(1)).toBeUndefined();
  inside[0]?.();
  inside[0]?.();
  expect(room.enter(LARGEST_PACKAGE_BYTES)).toBeDefined();
  expect(room.enter(1)).toBeUndefined();
});

test('one that is larger than the room is let in alone', () => {
  const room = new PackageRoom();
  const leave = room.enter(10 * 1024 * 1024 * 1024);
  expect(leave).toBeDefined();
  expect(room.enter(1)).toBeUndefined();
  leave?.();
  expect(room.enter(1)).toBeDefined();
});
