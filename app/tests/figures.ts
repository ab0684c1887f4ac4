import { expect } from '@playwright/test';

/** Prints a measured value with its target, and holds it. */
export function figure(name: string, value: number, unit: string, atMost: number): void {
  const rounded = Math.round(value * 1000) / 1000;
  console.log(`FIGURE ${name} ${rounded} ${unit} <=${atMost} ${value <= atMost ? 'ok' : 'MISSED'}`);
  expect.soft(value, name).toBeLessThanOrEqual(atMost);
}
