import { compositeShapes } from './composite-shapes.js';
import { neighbourOperations } from './neighbour-operations.js';
import { coreOperations } from './operations.js';
import { scalarShapes } from './scalar-shapes.js';
import type { Operation, Shape } from './shape.js';

export type { Operation, Shape } from './shape.js';

export const operations: Record<string, Operation> = { ...coreOperations, ...neighbourOperations };

const shapes: Record<string, Shape> = { ...scalarShapes, ...compositeShapes };

export function shapeOf(name: string): Shape {
  const shape = shapes[name];
  if (!shape) throw new Error(`The model has no shape ${name}`);
  return shape;
}
