import { expect } from '@playwright/test';

/** `make bench` runs on a quiet machine. One that tests may do other work too, which takes up to as long again. */
const SLACK = process.env.AEGLE_BENCH ? 1 : 2;

/** Prints a measured value with its target, and holds it. */
export function figure(name: string, value: number, unit: string, atMost: number): void {
  const rounded = value < 1 ? Math.round(value * 1000) / 1000 : Math.round(value);
  console.log(`FIGURE ${name} ${rounded} ${unit} <=${atMost} ${value <= atMost ? 'ok' : 'MISSED'}`);
  expect.soft(value, name).toBeLessThanOrEqual(unit === 'ms' ? SLACK * atMost : atMost);
}
